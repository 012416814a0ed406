/** Passes over a model, timed: a prompt of random tokens, then one token after another. */
import type { LanguageModel } from "../generation/languageModel.ts";
import { seededRandom } from "../numerics/random.ts";
import { topK } from "../numerics/topK.ts";

/** One pass. One that was cut off has fewer tokens. */
export interface Pass {
  /** The prompt, up to its logits. */
  readonly prefillMs: number;
  /** The prompt, and the choice of the first token. */
  readonly timeToFirstTokenMs: number;
  /** Of each further token: feeding the one before it, and the choice. */
  readonly tokenMs: readonly number[];
}

export interface PassOptions {
  readonly prompt: readonly number[];
  /** Tokens computed one at a time after the prompt. */
  readonly generateTokens: number;
  readonly signal: AbortSignal;
  /** Is given the pass as soon as the prompt is computed; its tokens come one by one. */
  readonly onPrefilled: (pass: Pass) => void;
  /** Hears of each token that was added to the pass. */
  readonly onToken: () => void;
}

/** Tokens drawn evenly from all of the vocabulary; a seed repeats them. */
export function randomPrompt(vocabularySize: number, length: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length }, () => Math.floor(random() * vocabularySize));
}

/**
 * Runs one pass on a sequence of its own. Always takes the likeliest token, and no token ends it.
 *
 * @throws SluiceError `aborted`, and as `Sequence.feed` does
 */
export async function runPass(
  model: LanguageModel,
  { prompt, generateTokens, signal, onPrefilled, onToken }: PassOptions,
): Promise<void> {
  using sequence = model.createSequence();
  const tokenMs: number[] = [];
  const start = performance.now();
  let logits = await sequence.feed(prompt, { signal });
  const prefillMs = performance.now() - start;
  let token = likeliest(logits);
  let before = performance.now();
  onPrefilled({ prefillMs, timeToFirstTokenMs: before - start, tokenMs });
  while (tokenMs.length < generateTokens) {
    logits = await sequence.feed([token], { signal });
    token = likeliest(logits);
    tokenMs.push(performance.now() - before);
    onToken();
    before = performance.now();
  }
}

const best = new Int32Array(1);

function likeliest(logits: Float32Array): number {
  topK(logits, 1, best);
  return best[0] ?? 0;
}
