/** The three projections of attention, whether the file keeps them apart or fused. */
import type { Matrix } from "../../compute/ops.ts";
import type { WeightSource } from "../architecture.ts";
import type { Shape } from "../shape.ts";

export interface Projections {
  /** `[headCount * headSize, hiddenSize]` */
  readonly query: Matrix;
  /** `[keyValueHeadCount * headSize, hiddenSize]` */
  readonly key: Matrix;
  /** `[keyValueHeadCount * valueSize, hiddenSize]` */
  readonly value: Matrix;
}

/** `attn_q`, `attn_k`, `attn_v` of a layer, or the rows of `attn_qkv` in that order. */
export function readProjections(weights: WeightSource, layer: number, shape: Shape): Projections {
  const columns = shape.hiddenSize;
  const queryRows = shape.headCount * shape.headSize;
  const keyRows = shape.keyValueHeadCount * shape.headSize;
  const valueRows = shape.keyValueHeadCount * shape.valueSize;
  const name = (part: string) => `blk.${layer}.${part}`;
  const fused = name("attn_qkv");
  if (weights.has(`${fused}.weight`)) {
    const tensorRows = queryRows + keyRows + valueRows;
    return {
      query: weights.matrix(fused, { rows: queryRows, columns, part: { firstRow: 0, tensorRows } }),
      key: weights.matrix(fused, {
        rows: keyRows,
        columns,
        part: { firstRow: queryRows, tensorRows },
      }),
      value: weights.matrix(fused, {
        rows: valueRows,
        columns,
        part: { firstRow: queryRows + keyRows, tensorRows },
      }),
    };
  }
  return {
    query: weights.matrix(name("attn_q"), { rows: queryRows, columns }),
    key: weights.matrix(name("attn_k"), { rows: keyRows, columns }),
    value: weights.matrix(name("attn_v"), { rows: valueRows, columns }),
  };
}
