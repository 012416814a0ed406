/** What a shader's results must be, on adapters that round every operation and on those that do not. */
import { expect } from "vitest";
import type { GpuDevice } from "../../src/compute/gpu/gpuDevice.ts";
import { bits } from "../kernels/kernelBed.ts";

/** What an adapter may differ by that fuses products with sums or divides less precisely. */
const TOLERANCE = 1e-5;

/** Below 2^-126 adapters may flush to 0. */
const LEAST_NORMAL = 2 ** -126;

/**
 * Expects the bits of the CPU's kernel. WGSL leaves an adapter some freedom; SwiftShader uses none of it
 * but the flush of subnormals, others are held to the tolerance, relative to the largest value.
 */
export function expectSame(device: GpuDevice, actual: Float32Array, expected: Float32Array): void {
  if (/swiftshader/i.test(device.device.adapterInfo.device)) {
    expect(bits(actual)).toEqual(bits(expected));
  } else {
    expectClose(actual, expected, "largest");
  }
}

/** Expects values within the tolerance of the exact ones: of each, or of the largest by magnitude. */
export function expectClose(
  actual: Float32Array,
  expected: ArrayLike<number>,
  relativeTo: "each" | "largest" = "each",
): void {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  for (const [i, value] of actual.entries()) {
    const size = relativeTo === "each" ? Math.abs(expected[i]) : largest;
    expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(TOLERANCE * size + LEAST_NORMAL);
  }
}
