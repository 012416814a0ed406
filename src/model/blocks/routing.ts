/** From router logits to a routing: the rules that families choose from. */
import type { RoutingRule } from "../../experts/experts.ts";
import { topK } from "../../numerics/topK.ts";

/** llama.cpp's floor for a sum of weights: the smallest normal f16. */
const leastWeightSum = 6.103515625e-5;

export interface SoftmaxThenTopKOptions {
  readonly k: number;
  /** Whether the chosen weights are scaled to sum to 1. */
  readonly renormalise: boolean;
}

/**
 * Softmax over all experts, then the `k` likeliest, the likeliest first.
 *
 * Source: Shazeer et al., Outrageously Large Neural Networks, arXiv:1701.06538; llama.cpp
 * `build_moe_ffn` for the order of operations.
 */
export function softmaxThenTopK({ k, renormalise }: SoftmaxThenTopKOptions): RoutingRule {
  return (logits, tokens, expertCount) => {
    const experts = new Int32Array(tokens * k);
    const weights = new Float32Array(tokens * k);
    for (let token = 0; token < tokens; token++) {
      const row = logits.subarray(token * expertCount, (token + 1) * expertCount);
      const chosen = experts.subarray(token * k, (token + 1) * k);
      const shares = weights.subarray(token * k, (token + 1) * k);
      topK(row, k, chosen);
      const sum = softmaxSum(row);
      for (const [slot, expert] of chosen.entries())
        shares[slot] = Math.exp((row[expert] ?? 0) - sum.max) / sum.total;
      if (renormalise) scaleToOne(shares);
    }
    return { tokens, k, experts, weights };
  };
}

function softmaxSum(row: Float32Array): { max: number; total: number } {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of row) if (value > max) max = value;
  let total = 0;
  for (const value of row) total += Math.exp(value - max);
  return { max, total };
}

function scaleToOne(shares: Float32Array): void {
  let sum = 0;
  for (const share of shares) sum += share;
  const divisor = Math.max(sum, leastWeightSum);
  for (const [slot, share] of shares.entries()) shares[slot] = share / divisor;
}
