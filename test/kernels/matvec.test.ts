import { describe, expect, test } from "vitest";
import { dotRow } from "../../src/numerics/formats/dotRow.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { bits, KernelBed } from "./kernelBed.ts";
import { encode, kernelFormats, kernelOf, multiply, type Product } from "./kernelRun.ts";
import { halfFields, randomFloats, randomWeights, sumOfTerms } from "./randomRows.ts";

/**
 * Relative to the sum of all terms' magnitudes. The kernels round every block's sum and scale and
 * add at most 64 blocks (512 products for plain floats) in f32: a chain of roundings of 6e-8 each,
 * of random sign.
 */
const TOLERANCE = 1e-6;

const bed = new KernelBed();

function product(
  format: Product["format"],
  rows: number,
  columns: number,
  tokens: number,
): Product {
  const random = seededRandom(rows * 1000 + columns + tokens);
  const weights = randomWeights(random, format, rows, columns);
  return { format, rows, columns, tokens, weights, x: randomFloats(random, tokens * columns, 3) };
}

describe.each(kernelFormats)("%s", (name) => {
  const { blockElements } = formats[name];
  const smallest = Math.max(32, blockElements);

  test.each([
    { rows: 1, columns: smallest, tokens: 1 },
    { rows: 7, columns: 3 * smallest, tokens: 2 },
    { rows: 10, columns: 512, tokens: 5 },
    { rows: 3, columns: 1024, tokens: 8 },
    { rows: 33, columns: 2048, tokens: 3 },
  ])("multiplies $rows rows of $columns with $tokens tokens", ({ rows, columns, tokens }) => {
    const given = product(name, rows, columns, tokens);
    const rowBytes = given.weights.length / rows;
    const relaxed = multiply(bed, bed.relaxed, given);
    const plain = multiply(bed, bed.plain, given);

    expect(bits(relaxed)).toEqual(bits(plain));
    for (let token = 0; token < tokens; token++) {
      const x = given.x.subarray(token * columns, (token + 1) * columns);
      for (let row = 0; row < rows; row++) {
        const blocks = given.weights.subarray(row * rowBytes, (row + 1) * rowBytes);
        const expected = dotRow(formats[name], blocks, x);
        const size = sumOfTerms(name, blocks, x);
        const error = Math.abs(relaxed[token * rows + row] - expected);
        expect(error).toBeLessThanOrEqual(TOLERANCE * size);
      }
    }
  });

  test("a NaN activation makes the product NaN in both builds", () => {
    const given = product(name, 3, 2 * smallest, 1);
    given.x[smallest + 5] = Number.NaN;
    for (const [, kernels] of bed.builds) {
      expect(multiply(bed, kernels, given)).toEqual(new Float32Array(3).fill(Number.NaN));
    }
  });

  test("reads nothing beyond the matrix, were it at the end of the memory", () => {
    const last = new KernelBed(1);
    const given = product(name, 5, smallest, 4);
    const expected = multiply(bed, bed.relaxed, given);
    for (const [, kernels] of last.builds) {
      last.clear();
      const matrix = last.memory.buffer.byteLength - given.weights.length;
      new Uint8Array(last.memory.buffer).set(given.weights, matrix);
      const activations = encode(last, kernels, name, given.x, 4);
      const output = last.allocate(4 * 4 * 5);
      const scratch = last.allocate(4 * smallest);
      kernels[kernelOf(name).name](matrix, activations, output, smallest, 0, 5, 4, 5, scratch);
      expect(bits(last.floats(output, 20))).toEqual(bits(expected));
    }
  });

  test("no rows and no tokens write nothing", () => {
    const { name: kernel } = kernelOf(name);
    for (const [, kernels] of bed.builds) {
      bed.clear();
      const output = bed.put([7, 7, 7, 7]);
      const other = bed.allocate(65536);
      kernels[kernel](other, other, output, smallest, 2, 2, 1, 4, other);
      kernels[kernel](other, other, output, smallest, 0, 4, 0, 4, other);
      expect([...bed.floats(output, 4)]).toEqual([7, 7, 7, 7]);
    }
  });
});

test("a Q8_0 weight of -128 counts in full", () => {
  const weights = new Uint8Array(34).fill(0x80);
  new DataView(weights.buffer).setFloat16(0, 1, true);
  for (const sign of [1, -1]) {
    const x = new Float32Array(32).fill(sign * 127); // scale 1, quants +-127
    const given: Product = { format: "Q8_0", rows: 1, columns: 32, tokens: 1, weights, x };
    for (const [, kernels] of bed.builds) {
      expect(multiply(bed, kernels, given)[0]).toBe(32 * -128 * sign * 127);
    }
  }
});

test("the largest quants and scales of each K format stay within an i32", () => {
  for (const name of ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS"] as const) {
    for (const fill of [0xff, 0x7f, 0x80]) {
      const { blockBytes, dequantise } = formats[name];
      const weights = new Uint8Array(blockBytes).fill(fill);
      const view = new DataView(weights.buffer);
      for (const at of halfFields[name] ?? []) view.setFloat16(at, 1, true);
      const x = new Float32Array(256).fill(-127);
      const decoded = new Float32Array(256);
      dequantise(weights, decoded);
      const given: Product = { format: name, rows: 1, columns: 256, tokens: 1, weights, x };
      const expected = decoded.reduce((sum, weight) => sum - 127 * weight, 0);
      const [actual] = multiply(bed, bed.relaxed, given);
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
        TOLERANCE * sumOfTerms(name, weights, x),
      );
    }
  }
});

test.each([5, 6, 7])("float kernels take rows of %i columns", (columns) => {
  for (const format of ["F32", "F16", "BF16"] as const) {
    const given = product(format, 5, columns, 2);
    const rowBytes = given.weights.length / 5;
    const result = multiply(bed, bed.relaxed, given);
    for (let row = 0; row < 5; row++) {
      const blocks = given.weights.subarray(row * rowBytes, (row + 1) * rowBytes);
      const x = given.x.subarray(columns);
      expect(result[5 + row]).toBeCloseTo(dotRow(formats[format], blocks, x), 5);
    }
  }
});

test("infinite, NaN and subnormal F16 weights and activations of any size are exact", () => {
  const columns = 16;
  const row = (at: number, weight: number) => {
    const halves = Float16Array.from({ length: columns }, (_, i) => i - 7);
    halves[at] = weight;
    return halves;
  };
  const weights = [Infinity, -Infinity, NaN, 65504, -65504, 2 ** -24, -(2 ** -14), 0];
  const rows = weights.map((weight, i) => row(i + 3, weight));
  const bytes = new Uint8Array(Float16Array.from(rows.flatMap((halves) => [...halves])).buffer);
  for (const largest of [1, 65504, 65536, 2 ** 100, 2 ** -140]) {
    for (const tokens of [1, 2, 3, 5]) {
      const x = Float32Array.from(
        { length: tokens * columns },
        (_, i) => (largest * (1 + i)) / 128,
      );
      for (const [, kernels] of bed.builds) {
        bed.clear();
        const matrix = bed.putBytes(bytes, 2);
        const activations = bed.put(x);
        const output = bed.allocate(4 * tokens * rows.length);
        const scratch = bed.allocate(4 * columns);
        const { length } = rows;
        kernels.matvecF16(matrix, activations, output, columns, 0, length, tokens, length, scratch);
        for (let token = 0; token < tokens; token++) {
          const given = x.subarray(token * columns, (token + 1) * columns);
          const expected = rows.map((halves) => dotInOrder(Float32Array.from(halves), given));
          const found = bed.floats(output + 4 * token * length, length);
          expect([...found]).toEqual(expected);
        }
        expect(bed.floats(activations, x.length)).toEqual(x); // left as they were
      }
    }
  }
});

/** The order of additions that floats.ts promises, in f32. */
function dotInOrder(weights: Float32Array, x: Float32Array): number {
  const lanes = new Float32Array(4);
  for (const [i, weight] of weights.entries()) lanes[i % 4] += Math.fround(weight * x[i]);
  return Math.fround(Math.fround(lanes[0] + lanes[2]) + Math.fround(lanes[1] + lanes[3]));
}

test("a matrix beyond two GiB gives the same bits", () => {
  const far = new KernelBed(2100);
  const given = product("Q4_K", 6, 512, 1);
  const near = multiply(bed, bed.relaxed, given);
  const address = 2049 * 2 ** 20;
  new Uint8Array(far.memory.buffer).set(given.weights, address);
  const x = far.put(given.x);
  const activations = far.allocate(672);
  const output = address - 64;
  far.relaxed.encodeQ8_K(x, activations, 512, 1);
  far.relaxed.matvecQ4_K(address, activations, output, 512, 0, 6, 1, 6, 0);
  expect(bits(far.floats(output, 6))).toEqual(bits(near));
});
