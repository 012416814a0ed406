/** Attention of one query head, as the formula: sums in f64, result in f32. */
import { dot } from "./vectors.ts";

/**
 * `softmax(scale * keys . query)` weighted sum of `values`.
 * Source: Vaswani et al., Attention Is All You Need, arXiv:1706.03762, eq. 1.
 *
 * @param query  `[headSize]`
 * @param keys   one `[headSize]` per visible position, at least one
 * @param values one `[valueSize]` per visible position
 * @param output `[valueSize]`
 */
export function attend(
  query: Float32Array,
  keys: readonly Float32Array[],
  values: readonly Float32Array[],
  scale: number,
  output: Float32Array,
): void {
  const scores = keys.map((key) => dot(query, key) * scale);
  const largest = scores.reduce((a, b) => Math.max(a, b));
  const weights = scores.map((score) => Math.exp(score - largest));
  const total = weights.reduce((a, b) => a + b);
  for (let column = 0; column < output.length; column++) {
    let sum = 0;
    for (let position = 0; position < values.length; position++) {
      sum += weights[position] * values[position][column];
    }
    output[column] = sum / total;
  }
}
