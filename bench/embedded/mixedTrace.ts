/**
 * A routing trace of held-out documents of all domains in turn, as a chat server would see them:
 * what users write is computed at once, what the assistant writes token by token.
 */
import { type LanguageModel, type Sequence, TraceRecorder } from "./engine.ts";
import type { HeldOut } from "./inputs.ts";
import { documentEnd, documentTokens } from "./perplexity.ts";

export interface MixedTrace {
  readonly documents: number;
  readonly tokens: number;
  /** Of the tokens, those that came one by one. */
  readonly decoded: number;
  readonly bytes: number;
}

/** Tokens that are computed at once, or one by one. */
interface Stretch {
  readonly tokens: readonly number[];
  readonly oneByOne: boolean;
}

/** Records exactly `wanted` tokens, or all that the texts have. */
export async function recordMixedTrace(
  model: LanguageModel,
  path: string,
  texts: readonly HeldOut[],
  wanted: number,
): Promise<MixedTrace> {
  using recorder = new TraceRecorder(path, model, {
    ...{ weights: false, compression: "zstd", origin: "models/training/evaluate.ts" },
  });
  await using _threads = await model.holdThreads();
  let [documents, tokens, decoded] = [0, 0, 0];
  for (const { text } of texts) {
    if (tokens >= wanted) break;
    using sequence = model.createSequence();
    const room = Math.min(wanted - tokens, documentTokens, sequence.capacity);
    for (const stretch of firstTokens(stretchesOf(text, model), room)) {
      await feed(sequence, stretch);
      tokens += stretch.tokens.length;
      if (stretch.oneByOne) decoded += stretch.tokens.length;
    }
    documents++;
  }
  recorder.close();
  return { documents, tokens, decoded, bytes: recorder.fileBytes };
}

async function feed(sequence: Sequence, { tokens, oneByOne }: Stretch): Promise<void> {
  const passes = oneByOne ? tokens.map((token) => [token]) : [tokens];
  for (const pass of passes) await sequence.feed(pass);
}

/** A text that is no chat is all said by the model, after the mark that begins it. */
function stretchesOf(text: string, { tokenizer }: LanguageModel): Stretch[] {
  const stretches: Stretch[] = [];
  const answers = /(?<=<\|im_start\|>assistant\n)[\s\S]*?<\|im_end\|>/g;
  let begin = 0;
  for (const { index, 0: answer } of text.matchAll(answers)) {
    stretches.push({ tokens: tokenizer.encode(text.slice(begin, index)), oneByOne: false });
    stretches.push({ tokens: tokenizer.encode(answer), oneByOne: true });
    begin = index + answer.length;
  }
  if (begin > 0) return stretches;
  return [
    { tokens: [documentEnd], oneByOne: false },
    { tokens: tokenizer.encode(text), oneByOne: true },
  ];
}

function* firstTokens(stretches: readonly Stretch[], room: number): Generator<Stretch> {
  let left = room;
  for (const { tokens, oneByOne } of stretches) {
    const taken = tokens.slice(0, left);
    if (taken.length > 0) yield { tokens: taken, oneByOne };
    left -= taken.length;
  }
}
