/** What is the same for all formats: which rows meet which inputs, and where results go. */
import { describe, expect, test } from "vitest";
import {
  type MatvecShape,
  matvecCall,
  type ShaderCall,
} from "../../src/compute/gpu/matvecShaders.ts";
import { bits } from "../kernels/kernelBed.ts";
import { encodedInput, inLargeTiles, MatvecBench, onCpu, randomProduct } from "./matvecRun.ts";
import { testDevice } from "./testDevice.ts";

const device = await testDevice();
const bench = new MatvecBench(device);
const adapter = { features: new Set<string>() };
const make = (shape: MatvecShape): ShaderCall => matvecCall(shape, { weightBytes: 0 }, adapter);

describe.each([
  ["a large matrix", inLargeTiles],
  ["a small matrix", (call: typeof make, shape: MatvecShape) => call(shape)],
])("in tiles of %s", (_, callOf) => {
  test.each([1, 3, 6])("%i tokens have the bits that each has alone", async (tokens) => {
    const product = randomProduct({ format: "Q6_K", rows: 35, columns: 768, tokens });
    const call = callOf(make, { ...product, arithmetic: "fast" });
    const output = new Float32Array(tokens * 35);
    const result = await bench.run(call, { ...product, input: encodedInput(product), output });
    expect(bits(result)).toEqual(bits(onCpu(product)));
  });
});

test.each(["F32", "F16", "BF16"] as const)("%s rows may have any length", async (format) => {
  for (const [columns, tokens] of [
    [7, 6],
    [270, 1],
    [3, 2],
  ]) {
    const product = randomProduct({ format, rows: 5, columns, tokens });
    const call = make({ ...product, arithmetic: "fast" });
    const output = new Float32Array(5 * tokens);
    const result = await bench.run(call, { ...product, input: encodedInput(product), output });
    expect(bits(result)).toEqual(bits(onCpu(product)));

    const exact = make({ ...product, arithmetic: "exact" });
    const decoded = await bench.run(exact, { ...product, input: encodedInput(product), output });
    for (const [i, value] of decoded.entries()) expect(value).toBeCloseTo(result[i], 4);
  }
});

test("results go where they are asked to, and nothing else is written", async () => {
  const product = randomProduct({ format: "Q8_0", rows: 5, columns: 64, tokens: 2 });
  const shape: MatvecShape = { ...product, arithmetic: "fast" };
  const call = matvecCall(shape, { weightBytes: 0, outputStride: 9, outputOffset: 3 }, adapter);
  const before = new Float32Array(3 + 9 + 9).fill(7);
  const result = await bench.run(call, {
    ...product,
    input: encodedInput(product),
    output: before,
  });
  const expected = onCpu(product);
  before.set(expected.subarray(0, 5), 3);
  before.set(expected.subarray(5), 12);
  expect(bits(result)).toEqual(bits(before));
});

test("accumulating adds the finished product, with one rounding", async () => {
  const product = randomProduct({ format: "Q4_K", rows: 9, columns: 512, tokens: 9 });
  const shape: MatvecShape = { ...product, arithmetic: "fast" };
  const call = matvecCall(shape, { weightBytes: 0, accumulate: true }, adapter);
  expect(call.grid[2]).toBe(3); // each tile of tokens is added by one workgroup only
  const before = Float32Array.from({ length: 81 }, (_, i) => 1000 / (i + 3));
  const result = await bench.run(call, {
    ...product,
    input: encodedInput(product),
    output: before,
  });
  const expected = onCpu(product).map((sum, i) => before[i] + sum);
  expect(bits(result)).toEqual(bits(expected));
});

test("output rows of groups may read the input rows of their own number", async () => {
  const product = randomProduct({ format: "Q4_0", rows: 6, columns: 96, tokens: 3 });
  const shape: MatvecShape = { ...product, arithmetic: "fast", groups: 2 };
  const place = { weightBytes: 0, slotBytes: product.weights.length, inputByRow: true };
  const result = await bench.run(matvecCall(shape, place, adapter), {
    ...product,
    input: encodedInput(product),
    output: new Float32Array(18),
    groups: [0, 1, 2, 0, 0, 0, 1, 0],
    inputRows: [9, 9, 9],
  });
  expect(bits(result)).toEqual(bits(onCpu(product)));
});

test("workgroups go on along y where x ends", async () => {
  const product = randomProduct({ format: "Q8_0", rows: 35, columns: 2048, tokens: 1 });
  const call = inLargeTiles(make, { ...product, arithmetic: "fast" });
  const [workgroups] = call.grid;
  const wrapped: ShaderCall = { ...call, grid: [2, Math.ceil(workgroups / 2), 1] };
  const result = await bench.run(wrapped, {
    ...product,
    input: encodedInput(product),
    output: new Float32Array(35),
  });
  expect(bits(result)).toEqual(bits(onCpu(product)));
});

test("workgroups along z share the tokens, however many there are", async () => {
  const product = randomProduct({ format: "Q8_0", rows: 3, columns: 32, tokens: 21 });
  const call = make({ ...product, arithmetic: "fast" });
  expect(call.grid[2]).toBe(6);
  for (const z of [1, 4, 6, 9]) {
    const result = await bench.run(
      { ...call, grid: [call.grid[0], 1, z] },
      { ...product, input: encodedInput(product), output: new Float32Array(63) },
    );
    expect(bits(result)).toEqual(bits(onCpu(product)));
  }
});

test("a NaN or infinite activation makes the products of its row NaN", async () => {
  for (const format of ["Q8_0", "Q4_1", "Q4_K", "F16"] as const) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const product = randomProduct({ format, rows: 3, columns: 256, tokens: 2 });
      product.x[37] = value;
      const call = make({ ...product, arithmetic: "fast" });
      const result = await bench.run(call, {
        ...product,
        input: encodedInput(product),
        output: new Float32Array(6),
      });
      const areNaN = (values: Float32Array) => Array.from(values, Number.isNaN);
      expect(areNaN(result)).toEqual(areNaN(onCpu(product)));
    }
  }
});

test("scales of MXFP4 down to the smallest normal f32 count, below that an adapter may take 0", async () => {
  const product = randomProduct({ format: "MXFP4", rows: 4, columns: 32, tokens: 1 });
  for (const row of [0, 1, 2, 3]) product.weights[17 * row] = row;
  product.x.forEach((value, i) => {
    product.x[i] = 1e6 * value; // so that sums are normal
  });
  const call = make({ ...product, arithmetic: "fast" });
  const result = await bench.run(call, {
    ...product,
    input: encodedInput(product),
    output: new Float32Array(4),
  });
  const expected = onCpu(product);
  expect(bits(result.subarray(2))).toEqual(bits(expected.subarray(2)));
  for (const row of [0, 1]) expect([0, expected[row]]).toContain(result[row]);
});
