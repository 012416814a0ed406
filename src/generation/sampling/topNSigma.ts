/** Top-n-sigma: the cut is made among the logits, before any softmax. */
import type { Candidates, Stage } from "./candidates.ts";

/**
 * Keeps the tokens whose logits are at most `n` standard deviations below the largest. However hot
 * the temperature, the kept tokens are the same.
 *
 * Source: Tang et al., "Top-nσ: Not All Logits Are You Need", arXiv:2411.07641.
 */
export function topNSigma(n: number): Stage {
  return (candidates) => {
    candidates.keepAtLeast(candidates.largestLogit() - n * standardDeviation(candidates));
  };
}

/** Of all logits (not of a sample of them); those that are -Infinity have no part in it. */
function standardDeviation({ logits, size }: Candidates): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < size; i++) {
    if (logits[i] === -Infinity) continue;
    sum += logits[i]!;
    count++;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < size; i++) {
    if (logits[i] !== -Infinity) squares += (logits[i]! - mean) ** 2;
  }
  return Math.sqrt(squares / count);
}
