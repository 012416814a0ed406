/** Locally typical sampling. */
import type { Stage } from "./candidates.ts";
import { entropyOf } from "./entropy.ts";
import { keepFewest } from "./nucleus.ts";

/**
 * Keeps the tokens whose surprise is nearest to the expected surprise (the entropy), the fewest
 * whose probabilities sum to more than `mass`. The likeliest token may go.
 *
 * Source: Meister et al., "Locally Typical Sampling", arXiv:2202.00666.
 */
export function typicalP(mass: number): Stage {
  let ranks = new Float32Array(0);
  return (candidates) => {
    candidates.softmax();
    const { probabilities, size } = candidates;
    if (ranks.length < size) ranks = new Float32Array(candidates.tokens.length);
    const entropy = entropyOf(probabilities.subarray(0, size));
    for (let i = 0; i < size; i++) ranks[i] = -Math.abs(-Math.log(probabilities[i]!) - entropy);
    keepFewest(candidates, ranks, (sum) => sum > mass);
  };
}
