/** How likely the model itself thought a token, whatever the sampler made of it. */
import { topK } from "../../numerics/topK.ts";

export interface TokenLogprob {
  readonly token: number;
  /** Natural logarithm of its probability. */
  readonly logprob: number;
}

/** A token of a text with what else might have been said. */
export interface DrawnLogprob extends TokenLogprob {
  /** The likeliest tokens, the likeliest first; the token itself may be among them. */
  readonly alternatives: readonly TokenLogprob[];
}

/**
 * @param logits `[vocabularySize]`, as the model computed them
 * @param count of alternatives; there are fewer if the vocabulary has fewer possible tokens
 */
export function logprobsOf(logits: Float32Array, token: number, count: number): DrawnLogprob {
  const total = logSumExp(logits);
  const logprob = (of: number): TokenLogprob => ({ token: of, logprob: logits[of]! - total });
  const best = new Int32Array(Math.min(count, logits.length));
  topK(logits, best.length, best);
  const possible = Array.from(best).filter((one) => logits[one]! > -Infinity);
  return { ...logprob(token), alternatives: possible.map(logprob) };
}

function logSumExp(values: Float32Array): number {
  let largest = -Infinity;
  for (const value of values) if (value > largest) largest = value;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}
