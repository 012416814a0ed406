/** A layer's router and routed experts, as all families name them. Source: GGUF tensor names of ggml. */
import type { Matrix } from "../../compute/ops.ts";
import type { ExpertLayer } from "../../experts/experts.ts";
import type { WeightSource } from "../architecture.ts";
import type { Shape } from "../shape.ts";

export interface Mixture {
  readonly router: Matrix;
  readonly experts: ExpertLayer;
}

export function readMixture(
  weights: WeightSource,
  layer: number,
  { expertCount, hiddenSize, expertSize }: Shape,
): Mixture {
  const name = (part: string) => `blk.${layer}.${part}`;
  return {
    router: weights.matrix(name("ffn_gate_inp"), { rows: expertCount, columns: hiddenSize }),
    experts: weights.experts(
      layer,
      {
        gate: name("ffn_gate_exps"),
        up: name("ffn_up_exps"),
        gateUp: name("ffn_gate_up_exps"),
        down: name("ffn_down_exps"),
      },
      { expertCount, hiddenSize, expertSize },
    ),
  };
}
