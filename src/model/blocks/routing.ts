/** From router logits to a routing: the rules that families choose from. */
import type { RoutingRule } from "../../experts/experts.ts";
import { exponential } from "../../numerics/exponential.ts";
import { topK } from "../../numerics/topK.ts";

/** llama.cpp's floor for a sum of weights: the smallest normal f16. */
const leastWeightSum = 6.103515625e-5;

/** The smallest normal f32. */
const leastNormal = 2 ** -126;

const { fround } = Math;

export interface SoftmaxThenTopKOptions {
  readonly k: number;
  /** Whether the chosen weights are scaled to sum to 1. */
  readonly renormalise: boolean;
}

/**
 * Softmax over all experts, then the `k` likeliest, the likeliest first.
 *
 * The weights are computed in f32, in a fixed order, with subnormals as 0: `gpu/topK.wgsl` does the
 * same, so that a routing has the same bits on every device.
 *
 * Source: Shazeer et al., Outrageously Large Neural Networks, arXiv:1701.06538; llama.cpp
 * `build_moe_ffn` for the order of operations.
 */
export function softmaxThenTopK({ k, renormalise }: SoftmaxThenTopKOptions): RoutingRule {
  const rule = (logits: Float32Array, tokens: number, expertCount: number) => {
    const experts = new Int32Array(tokens * k);
    const weights = new Float32Array(tokens * k);
    for (let token = 0; token < tokens; token++) {
      const row = logits.subarray(token * expertCount, (token + 1) * expertCount);
      const chosen = experts.subarray(token * k, (token + 1) * k);
      const shares = weights.subarray(token * k, (token + 1) * k);
      topK(row, k, chosen);
      const largest = row[chosen[0] ?? 0] ?? 0;
      const total = softmaxSum(row, largest);
      for (const [slot, expert] of chosen.entries()) {
        shares[slot] = normalOrZero(power(row[expert] ?? 0, largest) / total);
      }
      if (renormalise) scaleToOne(shares);
    }
    return { tokens, k, experts, weights };
  };
  return Object.assign(rule, { softmaxThenTopK: { k, renormalise } });
}

function softmaxSum(row: Float32Array, largest: number): number {
  let total = 0;
  for (const value of row) total = fround(total + power(value, largest));
  return total;
}

/** What a logit adds to the softmax's sum. */
function power(logit: number, largest: number): number {
  return normalOrZero(exponential(fround(logit - largest)));
}

function scaleToOne(shares: Float32Array): void {
  let sum = 0;
  for (const share of shares) sum = fround(sum + share);
  const divisor = Math.max(sum, leastWeightSum);
  for (const [slot, share] of shares.entries()) shares[slot] = normalOrZero(share / divisor);
}

/** Rounded to f32; GPUs may not have subnormals. */
function normalOrZero(value: number): number {
  const rounded = fround(value);
  return rounded < leastNormal ? 0 : rounded;
}
