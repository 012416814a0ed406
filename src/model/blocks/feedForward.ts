/** The dense SwiGLU feed-forward: `down(silu(gate(x)) * up(x))`. Source: Shazeer, arXiv:2002.05202. */
import type { Matrix } from "../../compute/ops.ts";
import type { WeightSource } from "../architecture.ts";
import type { Shape } from "../shape.ts";

export interface FeedForward {
  readonly gate: Matrix;
  readonly up: Matrix;
  readonly down: Matrix;
}

export function readFeedForward(
  weights: WeightSource,
  layer: number,
  { hiddenSize, feedForwardSize }: Shape,
): FeedForward {
  const name = (part: string) => `blk.${layer}.${part}`;
  return {
    gate: weights.matrix(name("ffn_gate"), { rows: feedForwardSize, columns: hiddenSize }),
    up: weights.matrix(name("ffn_up"), { rows: feedForwardSize, columns: hiddenSize }),
    down: weights.matrix(name("ffn_down"), { rows: hiddenSize, columns: feedForwardSize }),
  };
}
