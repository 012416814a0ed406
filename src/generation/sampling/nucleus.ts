/** The smallest set of tokens that holds enough of the probability: top-p and typical-p need it. */
import type { Candidates } from "./candidates.ts";

/** A nucleus is mostly far smaller than the vocabulary: look at this many tokens, then at more. */
const NUCLEUS_GUESS = 256;
const NUCLEUS_GROWTH = 8;

/**
 * Keeps the fewest candidates, best rank first, whose probabilities suffice; at least one, and all
 * of them if they never do.
 *
 * @param candidates with `probabilities` up to date
 * @param ranks `[size]`
 * @param isEnough whether a sum of probabilities suffices
 */
export function keepFewest(
  candidates: Candidates,
  ranks: Float32Array,
  isEnough: (sum: number) => boolean,
): void {
  for (let guess = NUCLEUS_GUESS; ; guess *= NUCLEUS_GROWTH) {
    const best = candidates.best(guess, ranks);
    const count = countUntil(candidates.probabilities, best, isEnough);
    if (count !== undefined) {
      candidates.keep(best.subarray(0, count));
      return;
    }
    // All of them fall short of a mass that is 1 but for rounding.
    if (best.length === candidates.size) return;
  }
}

/** How many of the positions, from the first, are enough; undefined if all fall short. */
function countUntil(
  probabilities: Float64Array,
  positions: Int32Array,
  isEnough: (sum: number) => boolean,
): number | undefined {
  let sum = 0;
  for (let i = 0; i < positions.length; i++) {
    sum += probabilities[positions[i]!]!;
    if (isEnough(sum)) return i + 1;
  }
  return undefined;
}
