import { describe, expect, test } from "vitest";
import { attend } from "../../src/numerics/attention.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { bits, KernelBed } from "./kernelBed.ts";
import { randomFloats } from "./randomRows.ts";

const bed = new KernelBed(2);

/**
 * Scores up to 4 with an error of 2^-21 each change weights by as much, relatively; the weighted sum
 * of values up to 1 adds up to 70 roundings of at most 2^-24.
 */
const TOLERANCE = 1e-5;

interface Head {
  readonly headSize: number;
  readonly valueSize: number;
  readonly begin: number;
  readonly end: number;
  readonly half: boolean;
}

/** Interleaved heads, so that strides are longer than rows. */
const PADDING = 24;

function cached(
  rows: readonly Float32Array[],
  half: boolean,
): { bytes: Uint8Array; stride: number } {
  const size = half ? 2 : 4;
  const stride = (rows[0].length + PADDING) * size;
  const bytes = new Uint8Array(rows.length * stride);
  for (const [position, row] of rows.entries()) {
    const stored = half ? Float16Array.from(row) : row;
    bytes.set(new Uint8Array(stored.buffer), position * stride);
  }
  return { bytes, stride };
}

function run({ headSize, valueSize, begin, end, half }: Head, spoil?: number) {
  const random = seededRandom(headSize * 100 + end);
  const rounded = (x: Float32Array) => (half ? Float32Array.from(Float16Array.from(x)) : x);
  const query = randomFloats(random, headSize);
  const keys = Array.from({ length: end + 2 }, () => rounded(randomFloats(random, headSize)));
  const values = Array.from({ length: end + 2 }, () => rounded(randomFloats(random, valueSize)));
  const scale = 1 / Math.sqrt(headSize);
  if (spoil !== undefined) keys[spoil][0] = Number.NaN;
  const expected = new Float32Array(valueSize);
  attend(query, keys.slice(begin, end), values.slice(begin, end), scale, expected);

  const keyCache = cached(keys, half);
  const valueCache = cached(values, half);
  const results = bed.builds.map(([, kernels]) => {
    bed.clear();
    const scores = bed.allocate(4 * (end - begin + 1));
    const output = bed.allocate(4 * (valueSize + 1));
    new Float32Array(bed.memory.buffer, output, valueSize + 1).fill(7); // not what an earlier run left
    const kernel = half ? kernels.attendF16 : kernels.attendF32;
    kernel(
      bed.put(query),
      bed.putBytes(keyCache.bytes),
      bed.putBytes(valueCache.bytes),
      scores,
      output,
      headSize,
      valueSize,
      begin,
      end,
      keyCache.stride,
      valueCache.stride,
      scale,
    );
    const weights = bed.floats(scores, end - begin + 1);
    return { weights, output: bed.floats(output, valueSize + 1) };
  });
  expect(bits(results[0].output)).toEqual(bits(results[1].output));
  return { ...results[0], expected };
}

describe.each([false, true])("a cache of f16 = %s", (half) => {
  test.each([
    { headSize: 64, valueSize: 64, begin: 0, end: 1 },
    { headSize: 64, valueSize: 64, begin: 0, end: 6 },
    { headSize: 128, valueSize: 128, begin: 5, end: 70 },
    { headSize: 192, valueSize: 128, begin: 0, end: 9 },
    { headSize: 10, valueSize: 7, begin: 1, end: 12 },
  ])("attends over [$begin, $end) with $headSize and $valueSize values", (shape) => {
    const { weights, output, expected } = run({ ...shape, half });
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(output[i] - value)).toBeLessThanOrEqual(TOLERANCE);
    }
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(output[shape.valueSize]).toBe(7); // nothing beyond the last value
    expect(weights[shape.end - shape.begin]).toBe(0);
  });

  test("a NaN in a visible key makes the output NaN, in one outside the window nothing", () => {
    const head = { headSize: 16, valueSize: 8, begin: 2, end: 9, half };
    expect([...run(head, 5).output.slice(0, 8)]).toEqual(new Array(8).fill(Number.NaN));
    for (const outside of [0, 1, 9]) {
      const { output, expected } = run(head, outside);
      expect(Math.abs(output[0] - expected[0])).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});
