/**
 * One row of `fast` arithmetic, as a formula: the reference for the matrix-vector kernels.
 */
import { encodeQ8_1, roundActivations } from "./activations.ts";
import type { BlockFormat } from "./blockFormat.ts";
import { readHalf } from "./littleEndian.ts";

/**
 * The dot product of a row of weights and a row of activations, the activations rounded as the
 * format asks. Weights are exact, the sum is in f64: what ggml's integer kernels compute, without
 * their f32 rounding between blocks.
 *
 * @param blocks the row's bytes
 * @param x      its activations, as many as the row has values; left as they are
 */
export function dotRow(format: BlockFormat, blocks: Uint8Array, x: Float32Array): number {
  const weights = new Float32Array(x.length);
  format.dequantise(blocks, weights);
  const rounded = x.slice();
  roundActivations(format.activation, rounded);
  let sum = format.activation === "Q8_1" ? minimumCorrection(format, blocks, x) : 0;
  for (let i = 0; i < x.length; i++) sum += weights[i] * rounded[i];
  return sum;
}

/**
 * Q4_1 and Q5_1 have a minimum m per block, so their dot product contains m times the sum of the
 * block's activations. ggml takes that sum from the Q8_1 encoding, where it is an f16; this is the
 * difference that makes.
 */
function minimumCorrection(format: BlockFormat, blocks: Uint8Array, x: Float32Array): number {
  const { scales, quants, sums } = encodeQ8_1(x);
  let correction = 0;
  for (let block = 0; block < scales.length; block++) {
    let sum = 0;
    for (let i = 32 * block; i < 32 * (block + 1); i++) sum += quants[i];
    const minimum = readHalf(blocks, block * format.blockBytes + 2);
    correction += minimum * (sums[block] - scales[block] * sum);
  }
  return correction;
}
