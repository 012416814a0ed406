/**
 * From logits to the next token: a chain of stages, then a draw.
 *
 * The order of the chain is llama.cpp's unless the options name another (sampling/chain.ts); biases
 * come before it. docs/sampling.md describes every option.
 */
import { seededRandom } from "../numerics/random.ts";
import { OptionError } from "../support/errors.ts";
import { Candidates } from "./sampling/candidates.ts";
import { chainOf, usesDry } from "./sampling/chain.ts";
import {
  type BreakerTokenizer,
  findBreakers,
  type TokenSequences,
} from "./sampling/dryBreakers.ts";
import { logitBias } from "./sampling/logitBias.ts";
import { createMirostat } from "./sampling/mirostat.ts";
import {
  resolveSampling,
  type SamplingOptions,
  type SamplingSettings,
} from "./sampling/samplingOptions.ts";
import type { TokenMask } from "./sampling/tokenMask.ts";

export {
  type SamplerStage,
  type SamplingOptions,
  samplerStages,
  samplingDefaults,
} from "./sampling/samplingOptions.ts";

/** What a sampler knows of the text it samples for. */
export interface SamplerContext {
  /** DRY needs it, to find its sequence breakers among the tokens. */
  readonly tokenizer?: BreakerTokenizer;
  /** The prompt's tokens: penalties and DRY look back on them. */
  readonly history?: readonly number[];
  /** What may be said at all. */
  readonly tokenMask?: TokenMask;
}

export interface Sampler {
  /** The seed in force, so that a run can be repeated. */
  readonly seed: number;
  /**
   * Draws the next token.
   *
   * @param logits `[vocabularySize]`, left as it is; -Infinity masks a token
   * @throws SluiceError `bad-number` where a logit is NaN or +Infinity, or every token is masked;
   *   OptionError if `logitBias` or the token mask leaves none
   */
  sample(logits: Float32Array): number;
  /** Tells it which token the text goes on with: penalties, DRY and the token mask remember it. */
  accept(token: number): void;
}

/**
 * A sampler with random sequences of its own: the same seed, options, history and logits give the
 * same tokens. A draw takes one number of the sequence, and a second one if the token mask refused
 * the first; XTC has another sequence.
 *
 * @throws OptionError if an option is outside what it may be, or DRY lacks the tokenizer
 */
export function createSampler(
  options: SamplingOptions = {},
  context: SamplerContext = {},
): Sampler {
  const settings = resolveSampling(options);
  const history = [...(context.history ?? [])];
  const { tokenMask } = context;
  const mirostat = settings.mirostat === 2 ? createMirostat(settings) : undefined;
  const biases = new Map(
    Object.entries(settings.logitBias).map(([token, bias]) => [Number(token), bias]),
  );
  const bias = logitBias(biases);
  const stages = chainOf(settings, {
    history,
    breakers: breakersFor(settings, context.tokenizer),
    xtcRandom: seededRandom(settings.seed ^ XTC_SEQUENCE),
    mirostat,
  });
  const random = seededRandom(settings.seed);
  let candidates = new Candidates(0);

  return {
    seed: settings.seed,
    sample(logits) {
      if (candidates.tokens.length < logits.length) candidates = new Candidates(logits.length);
      let drawn = drawFrom(logits);
      // Asking the mask about one token is far cheaper than about a vocabulary, and mostly enough.
      if (tokenMask !== undefined && !tokenMask.allows(drawn.token)) {
        drawn = drawFrom(logits, tokenMask);
      }
      mirostat?.observe(drawn.probability);
      return drawn.token;
    },
    accept(token) {
      history.push(token);
      tokenMask?.accept(token);
    },
  };

  function drawFrom(logits: Float32Array, mask?: TokenMask): Drawn {
    candidates.load(logits);
    bias(candidates);
    if (mask !== undefined) applyMask(mask, candidates);
    for (const stage of stages) stage(candidates);
    return draw(candidates, random());
  }
}

/** Sets XTC's seed apart from that of the draws; any constant would do. */
const XTC_SEQUENCE = 0x58544321;

function breakersFor(
  settings: SamplingSettings,
  tokenizer: BreakerTokenizer | undefined,
): TokenSequences {
  const texts = settings.drySequenceBreakers;
  if (!usesDry(settings) || texts.length === 0) return new Map();
  if (tokenizer === undefined) {
    throw new OptionError(
      "drySequenceBreakers needs the model's tokenizer; without it, it may be an empty list",
    );
  }
  return findBreakers(texts, tokenizer);
}

function applyMask(mask: TokenMask, candidates: Candidates): void {
  candidates.keepWhere((token) => mask.allows(token));
  if (candidates.size > 0) return;
  throw new OptionError("the grammar allows none of the tokens that are left to draw");
}

interface Drawn {
  readonly token: number;
  /** Among the candidates that the chain left. */
  readonly probability: number;
}

/** The token on whose stretch of the cumulative distribution `fraction` (0 to below 1) falls. */
function draw(candidates: Candidates, fraction: number): Drawn {
  candidates.softmax();
  const { tokens, probabilities, size } = candidates;
  let left = fraction;
  let i = 0;
  // The random numbers end 2^-32 below 1, the sum of the probabilities far nearer to it: `size` only
  // stops what rounding should never let through.
  while (i < size - 1 && left >= probabilities[i]!) left -= probabilities[i++]!;
  return { token: tokens[i]!, probability: probabilities[i]! };
}
