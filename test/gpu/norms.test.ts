/** RMS norm: the bits of the CPU's kernel for rows as wide as heads and as hidden states. */
import { expect, test } from "vitest";
import { rmsNorm } from "../../src/compute/gpu/stepShaders.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import * as reference from "../../src/numerics/vectors.ts";
import { KernelBed } from "../kernels/kernelBed.ts";
import { randomFloats } from "../kernels/randomRows.ts";
import { expectClose, expectSame } from "./expectations.ts";
import { StepBed } from "./stepBed.ts";
import { testDevice } from "./testDevice.ts";

const device = await testDevice();
const gpu = new StepBed(device);
const cpu = new KernelBed(8);

const epsilon = 1e-6;

interface Rows {
  readonly x: Float32Array;
  readonly gain: Float32Array;
}

async function norm({ x, gain }: Rows): Promise<Float32Array> {
  const rows = x.length / gain.length;
  const output = gpu.buffer(x.length + 1);
  await gpu.run(rmsNorm(gain.length, rows, epsilon), gpu.buffer(x), gpu.buffer(gain), output);
  const results = await gpu.floats(output, x.length + 1);
  expect(results[x.length]).toBe(7);
  return results.subarray(0, x.length);
}

function normOfKernel({ x, gain }: Rows): Float32Array {
  cpu.clear();
  const output = cpu.allocate(4 * x.length);
  const rows = x.length / gain.length;
  cpu.relaxed.rmsNorm(cpu.put(x), cpu.put(gain), output, gain.length, rows, epsilon);
  return cpu.floats(output, x.length);
}

function normOfFormula({ x, gain }: Rows): Float32Array {
  const output = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += gain.length) {
    const row = x.subarray(start, start + gain.length);
    reference.rmsNorm(row, gain, epsilon, output.subarray(start, start + gain.length));
  }
  return output;
}

test.each([
  { width: 1, rows: 3 },
  { width: 7, rows: 2 },
  { width: 64, rows: 17 },
  { width: 128, rows: 96 },
  { width: 131, rows: 40 },
  { width: 512, rows: 5 },
  { width: 2048, rows: 17 },
  { width: 2880, rows: 3 },
  { width: 16384, rows: 1 },
])("$rows rows of $width values", async ({ width, rows }) => {
  const random = seededRandom(width);
  const x = randomFloats(random, rows * width, 5);
  // Magnitudes from 2^-20 to 1, as hidden states have.
  for (const i of x.keys()) x[i] *= 2 ** (-20 * random() ** 4);
  const inputs = { x, gain: randomFloats(random, width, 2) };
  const actual = await norm(inputs);
  expectSame(device, actual, normOfKernel(inputs));
  expectClose(actual, normOfFormula(inputs));
});

test("rows go on in the second dimension of a grid", async () => {
  const random = seededRandom(2);
  const inputs = { x: randomFloats(random, 5 * 64), gain: randomFloats(random, 64) };
  const output = gpu.buffer(6 * 64);
  const step = { ...rmsNorm(64, 5, epsilon), grid: [3, 2] as const };
  await gpu.run(step, gpu.buffer(inputs.x), gpu.buffer(inputs.gain), output);
  const actual = await gpu.floats(output, 6 * 64);
  expectSame(device, actual.subarray(0, 5 * 64), normOfKernel(inputs));
  expect(actual.subarray(5 * 64)).toEqual(new Float32Array(64).fill(7));
  expect(rmsNorm(64, 2 * 65535 + 1, epsilon).grid).toEqual([65535, 3]);
});

test("zeros are divided by the root of epsilon alone", async () => {
  const zeros = new Float32Array(64);
  expect(await norm({ x: zeros, gain: zeros })).toEqual(zeros);
});

test("a NaN spoils its own row only", async () => {
  const inputs = { x: randomFloats(seededRandom(3), 64 * 3), gain: new Float32Array(64).fill(1) };
  inputs.x[70] = Number.NaN;
  const actual = await norm(inputs);
  expect(actual).toEqual(normOfKernel(inputs));
  expect(actual.subarray(64, 128)).toEqual(new Float32Array(64).fill(Number.NaN));
});
