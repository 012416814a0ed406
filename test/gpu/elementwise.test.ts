/** Steps that work value by value: the bits of the CPU's kernels. */
import { describe, expect, test } from "vitest";
import { rotate } from "../../src/compute/gpu/attentionShaders.ts";
import {
  add,
  addBias,
  type GpuActivation,
  mix,
  swiglu,
} from "../../src/compute/gpu/stepShaders.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { createRope, ropeAngles } from "../../src/numerics/rope.ts";
import * as reference from "../../src/numerics/vectors.ts";
import { KernelBed } from "../kernels/kernelBed.ts";
import { randomFloats } from "../kernels/randomRows.ts";
import { expectClose, expectSame } from "./expectations.ts";
import { StepBed } from "./stepBed.ts";
import { testDevice } from "./testDevice.ts";

const device = await testDevice();
const gpu = new StepBed(device);
const cpu = new KernelBed(4);

const counts = [1, 3, 255, 256, 257, 5000];

test.each(counts)("add of %i values", async (count) => {
  const random = seededRandom(count);
  const [a, b] = [randomFloats(random, count), randomFloats(random, count)];
  const x = gpu.buffer(Float32Array.of(...a, 7));
  await gpu.run(add(count), x, gpu.buffer(b));
  const expected = new Float32Array(count);
  reference.add(a, b, expected);
  const actual = await gpu.floats(x, count + 1);
  expectSame(device, actual.subarray(0, count), expected);
  expect(actual[count]).toBe(7);
});

test.each([
  { width: 1, rows: 3 },
  { width: 17, rows: 17 },
  { width: 300, rows: 3 },
])("addBias to $rows rows of $width values", async ({ width, rows }) => {
  const random = seededRandom(width);
  const x = randomFloats(random, rows * width);
  const bias = randomFloats(random, width);
  const target = gpu.buffer(x);
  await gpu.run(addBias(width, x.length), target, gpu.buffer(bias));
  const expected = x.map((value, i) => value + bias[i % width]);
  expectSame(device, await gpu.floats(target, x.length), expected);
});

test("more values than one dimension of a grid has workgroups for", async () => {
  const count = 65536 * 256 + 300;
  const x = gpu.buffer(count);
  await gpu.run(add(count), x, gpu.buffer(new Float32Array(count).fill(1)));
  const sums = await gpu.floats(x, count);
  expect(sums.every((value) => value === 8)).toBe(true);
});

describe("activations", () => {
  const gate = Float32Array.of(
    ...randomFloats(seededRandom(1), 1000, 30),
    0,
    -0,
    1e30,
    -1e30,
    88,
    -88,
  );
  const up = randomFloats(seededRandom(2), gate.length, 9);

  async function run(activation: GpuActivation, gates = gate, ups = up): Promise<Float32Array> {
    const output = gpu.buffer(gates.length);
    await gpu.run(swiglu(gates.length, activation), gpu.buffer(gates), gpu.buffer(ups), output);
    return gpu.floats(output, gates.length);
  }

  function swigluOfKernel(gates: Float32Array, ups: Float32Array): Float32Array {
    cpu.clear();
    const output = cpu.allocate(4 * gates.length);
    cpu.relaxed.swiglu(cpu.put(gates), cpu.put(ups), output, gates.length);
    return cpu.floats(output, gates.length);
  }

  test("swiglu has the kernel's bits", async () => {
    const actual = await run("swiglu");
    expectSame(device, actual, swigluOfKernel(gate, up));
    const expected = new Float32Array(gate.length);
    reference.swiglu(gate, up, expected);
    expectClose(actual, expected);
  });

  test("swiglu of infinities and NaN is what the kernel makes of them", async () => {
    const special = Float32Array.of(Infinity, -Infinity, NaN, 1, 1, 1, -200);
    const ups = Float32Array.of(1, 1, 1, Infinity, -Infinity, NaN, Infinity);
    // Not the payload of a NaN.
    expect(await run("swiglu", special, ups)).toEqual(swigluOfKernel(special, ups));
  });

  test("the clamped swiglu is the formula's", async () => {
    const expected = gate.map((value, i) => {
      const g = Math.min(value, 7);
      const u = Math.min(Math.max(up[i], -7), 7);
      return (g / (1 + Math.exp(-1.702 * g))) * (u + 1);
    });
    expectClose(await run("swigluClamped"), expected);
  });

  test("geglu is the formula's", async () => {
    const expected = gate.map((x, i) => {
      const v = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
      // tanh itself cancels for v far below 0.
      return (x / (1 + Math.exp(-2 * v))) * up[i];
    });
    expectClose(await run("geglu"), expected);
  });
});

describe.each(["norm", "neox"] as const)("rotate, pairs as %s", (pairing) => {
  test.each([
    { tokens: 1, heads: 1, headSize: 64, rotarySize: 64 },
    { tokens: 3, heads: 5, headSize: 80, rotarySize: 64 },
    { tokens: 17, heads: 2, headSize: 10, rotarySize: 6 },
  ])("$tokens tokens, $heads heads of $headSize, $rotarySize rotated", async (shape) => {
    const { tokens, heads, headSize, rotarySize } = shape;
    const x = randomFloats(seededRandom(tokens), tokens * heads * headSize);
    const rope = createRope({ headSize, rotarySize, pairing, base: 10000 });
    const angles = new Float32Array(tokens * rotarySize);
    ropeAngles(
      rope,
      Int32Array.from({ length: tokens }, (_, i) => 7 * i),
      angles,
    );

    cpu.clear();
    const address = cpu.put(x);
    const kernel = pairing === "neox" ? cpu.relaxed.rotateNeox : cpu.relaxed.rotateNorm;
    kernel(address, cpu.put(angles), headSize, rotarySize, heads, tokens);

    const target = gpu.buffer(x);
    await gpu.run(rotate({ ...shape, pairing }), target, gpu.buffer(angles));
    const actual = await gpu.floats(target, x.length);
    expectSame(device, actual, cpu.floats(address, x.length));
  });
});

describe.each([false, true])("mix, accumulate = %s", (accumulate) => {
  test.each([
    { tokens: 1, k: 8, width: 64 },
    { tokens: 3, k: 2, width: 33 },
    { tokens: 17, k: 1, width: 300 },
  ])("$tokens tokens, $k experts, $width values", async ({ tokens, k, width }) => {
    const random = seededRandom(width);
    const rows = randomFloats(random, (tokens * k + 2) * width);
    const rowOf = Uint32Array.from({ length: tokens * k }, () => random() * (tokens * k + 2));
    const weights = randomFloats(random, tokens * k);
    const x = randomFloats(random, tokens * width);
    const expected = new Float32Array(tokens * width);
    for (let token = 0; token < tokens; token++) {
      const sum = expected.subarray(token * width, (token + 1) * width);
      for (let pair = token * k; pair < (token + 1) * k; pair++) {
        const row = rows.subarray(rowOf[pair] * width, (rowOf[pair] + 1) * width);
        reference.addScaled(row, weights[pair], sum);
      }
    }
    if (accumulate) reference.add(x, expected, expected);

    const output = gpu.buffer(x);
    const inputs = [rows, rowOf, weights].map((values) => gpu.buffer(values));
    await gpu.run(mix({ tokens, k, width, accumulate }), ...inputs, output);
    expectSame(device, await gpu.floats(output, x.length), expected);
  });
});
