import { expect, test } from "vitest";
import { dotRow } from "../../src/numerics/formats/dotRow.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { type BlocksFixture, bytesOf, floatsOf, readFixture } from "./dequantFixtures.ts";

/** ggml adds 512 products in f32, eight lanes at a time: some 64 roundings of 2^-24 of the largest sum. */
const F32_SUM_TOLERANCE = 64 * 2 ** -24;

/** Both in f64; what is left is the f32 rounding of quant times f32 scale in Q8_K. */
const F64_SUM_TOLERANCE = 2 ** -24;

const quantised = Object.values(formats).filter(({ name }) => name !== "F32");

test.each(quantised)("the $name dot product is ggml's", (format) => {
  const { vec_dot }: BlocksFixture = readFixture(format.name);
  const weights = bytesOf(vec_dot.weights_raw_base64);
  const x = floatsOf(vec_dot.activation_f32_base64);
  const rowBytes = weights.length / vec_dot.dot_haswell.length;

  for (const [row, expected] of vec_dot.dot_haswell.entries()) {
    const blocks = weights.subarray(row * rowBytes, (row + 1) * rowBytes);
    const size = sumOfMagnitudes(format, blocks, x);
    const actual = dotRow(format, blocks, x);

    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(F32_SUM_TOLERANCE * size);
    const exact = vec_dot.dot_exact_dequantised_activation?.[row] ?? actual;
    expect(Math.abs(actual - exact)).toBeLessThanOrEqual(F64_SUM_TOLERANCE * size);
  }
});

test("dotRow leaves the activations as they are", () => {
  const x = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i));
  const before = x.slice();
  dotRow(formats.Q8_0, new Uint8Array(34), x);
  expect(x).toEqual(before);
});

/** What rounding errors of the sum are relative to. */
function sumOfMagnitudes(
  format: (typeof quantised)[number],
  blocks: Uint8Array,
  x: Float32Array,
): number {
  const weights = new Float32Array(x.length);
  format.dequantise(blocks, weights);
  return weights.reduce((sum, weight, i) => sum + Math.abs(weight * x[i]), 0);
}
