/** The last norm and the output head; files without `output.weight` use the embedding for it. */
import type { Matrix, Vector } from "../../compute/ops.ts";
import type { WeightSource } from "../architecture.ts";
import type { Shape } from "../shape.ts";

export interface Output {
  readonly outputNorm: Vector;
  /** `[vocabularySize, hiddenSize]` */
  readonly output: Matrix;
}

export function readOutput(
  weights: WeightSource,
  { hiddenSize }: Shape,
  embedding: Matrix,
): Output {
  return {
    outputNorm: weights.vector("output_norm.weight", hiddenSize),
    output: weights.has("output.weight")
      ? weights.matrix("output", { rows: embedding.rows, columns: hiddenSize })
      : embedding,
  };
}
