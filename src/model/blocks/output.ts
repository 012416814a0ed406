/** The last norm and the output head, which in some families may be the embedding once more. */
import type { Matrix, Vector } from "../../compute/ops.ts";
import type { WeightSource } from "../architecture.ts";
import type { Shape } from "../shape.ts";

export interface Output {
  readonly outputNorm: Vector;
  /** `[vocabularySize, hiddenSize]` */
  readonly output: Matrix;
}

export interface OutputOptions {
  readonly embedding: Matrix;
  /** Whether the embedding stands in for a missing `output.weight`. */
  readonly mayTie: boolean;
}

export function readOutput(
  weights: WeightSource,
  { hiddenSize }: Shape,
  { embedding, mayTie }: OutputOptions,
): Output {
  const tied = mayTie && !weights.has("output.weight");
  return {
    outputNorm: weights.vector("output_norm.weight", hiddenSize),
    output: tied
      ? embedding
      : weights.matrix("output", { rows: embedding.rows, columns: hiddenSize }),
  };
}
