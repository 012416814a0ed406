import { expect, test } from "vitest";
import { exponential } from "../../src/numerics/exponential.ts";
import { KernelBed } from "../kernels/kernelBed.ts";

const { fround } = Math;
const bed = new KernelBed(1);

/** exp by the kernel, seen through `silu(-x) = -x / (1 + exp(x))`. */
function siluOfKernel(x: Float32Array): Float32Array {
  bed.clear();
  const output = bed.allocate(4 * x.length);
  const ones = bed.put(new Float32Array(x.length).fill(1));
  bed.relaxed.swiglu(bed.put(x), ones, output, x.length);
  return bed.floats(output, x.length);
}

/** exp by the kernel for x <= 0, where its own bits count: `[0, x]` after a softmax. */
function shareOfKernel(x: number): number {
  bed.clear();
  const scores = bed.put([0, x]);
  bed.relaxed.softmax(scores, 2);
  return bed.floats(scores, 2)[1];
}

test("the bits are the kernel's, above 0", () => {
  const x = Float32Array.from({ length: 20000 }, (_, i) => -0.0047 * i);
  const expected = siluOfKernel(x);
  expect(x.map((value) => value / fround(1 + exponential(-value)))).toEqual(expected);
});

test("the bits are the kernel's, from 0 down to where it ends", () => {
  for (let i = 0; i < 20000; i++) {
    const x = fround(-0.0053 * i);
    const e = exponential(x);
    expect(fround(e * fround(1 / (1 + e)))).toBe(shareOfKernel(x));
  }
});

test("it is exp within two units in the last place", () => {
  for (let x = -87; x < 88; x += 0.0317) {
    const exact = Math.exp(fround(x));
    expect(Math.abs(exponential(fround(x)) - exact)).toBeLessThanOrEqual(exact * 2 ** -22);
  }
});

test("the ends: 1 at 0, subnormals, 0, infinity, NaN", () => {
  expect(exponential(0)).toBe(1);
  expect(exponential(-0)).toBe(1);
  expect(Math.abs(exponential(-100) - Math.exp(-100))).toBeLessThan(2 ** -149);
  expect(exponential(-1e9)).toBe(0);
  expect(exponential(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(exponential(89)).toBe(Number.POSITIVE_INFINITY);
  expect(exponential(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(exponential(Number.NaN)).toBeNaN();
});
