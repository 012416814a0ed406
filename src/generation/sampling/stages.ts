/**
 * The stages a chain is made of. Each is a factory: setting in, `Stage` out.
 *
 * What they keep follows llama.cpp (`src/llama-sampler.cpp`), so that its settings mean the same
 * here: probabilities are those of the candidates that earlier stages left, and temperature comes
 * last, so that it changes the odds among the kept tokens and not which are kept.
 */
import type { Stage } from "./candidates.ts";

/** Keeps the `count` tokens with the largest logits. */
export function topK(count: number): Stage {
  return (candidates) => candidates.keep(candidates.best(count));
}

/**
 * Keeps the fewest tokens, best first, whose probabilities sum to at least `mass`; at least one.
 *
 * Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (nucleus sampling),
 * arXiv:1904.09751.
 */
export function topP(mass: number): Stage {
  return (candidates) => {
    candidates.softmax();
    for (let guess = NUCLEUS_GUESS; ; guess *= NUCLEUS_GROWTH) {
      const best = candidates.best(guess);
      const count = nucleusSize(candidates.probabilities, best, mass);
      if (count !== undefined) return candidates.keep(best.subarray(0, count));
      // All of them fall short of a mass that is 1 but for rounding.
      if (best.length === candidates.size) return;
    }
  };
}

/** A nucleus is mostly far smaller than the vocabulary: look at this many tokens, then at more. */
const NUCLEUS_GUESS = 256;
const NUCLEUS_GROWTH = 8;

/** How many of the positions, from the first, make up `mass`; undefined if all fall short. */
function nucleusSize(
  probabilities: Float64Array,
  positions: Int32Array,
  mass: number,
): number | undefined {
  let sum = 0;
  for (let i = 0; i < positions.length; i++) {
    sum += probabilities[positions[i]!]!;
    if (sum >= mass) return i + 1;
  }
  return undefined;
}

/**
 * Keeps the tokens that are at least `share` times as probable as the most probable one.
 *
 * Source: Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM
 * Outputs", arXiv:2407.01082.
 */
export function minP(share: number): Stage {
  // p / pMax = exp(logit - largest), so the logits can be compared without a softmax.
  const margin = Math.log(share);
  return (candidates) => candidates.keepAtLeast(candidates.largestLogit() + margin);
}

/**
 * Divides the logits by `divisor` (above 0): below 1 sharpens the odds, above 1 flattens them.
 *
 * The largest logit is subtracted first, which no softmax notices, so that dividing by a tiny
 * divisor cannot overflow to +Infinity. (To -Infinity it may: such a token has probability 0.)
 */
export function temperature(divisor: number): Stage {
  return (candidates) => {
    const { logits, size } = candidates;
    const largest = candidates.largestLogit();
    for (let i = 0; i < size; i++) logits[i] = (logits[i]! - largest) / divisor;
  };
}
