import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeQ8_0 } from "../../src/numerics/formats/activations.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { floatToHalf } from "../../src/numerics/half.ts";
import { bits, KernelBed } from "./kernelBed.ts";

const bed = new KernelBed(1);

const value = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.integer({ min: -254, max: 254 }).map((n) => n / 2), // halves where the largest is 127
  fc.constantFrom(0, -0, 127, -127, 1e-30, 6e-8),
);
const rows = fc
  .array(fc.array(value, { minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 4 })
  .map((blocks) => new Float32Array(blocks.flat()));

/** The blocks of a row, as the readable reference has them. */
function reference(x: Float32Array): Uint8Array {
  const { scales, quants } = encodeQ8_0(x);
  const bytes = new Uint8Array(34 * scales.length);
  const view = new DataView(bytes.buffer);
  for (const [block, scale] of scales.entries()) {
    view.setUint16(34 * block, floatToHalf(scale), true);
    bytes.set(new Uint8Array(quants.buffer, 32 * block, 32), 34 * block + 2);
  }
  return bytes;
}

test("Q8_0 is stored as the reference has it, byte for byte, at any address", () => {
  fc.assert(
    fc.property(rows, fc.nat({ max: 3 }), (x, skew) => {
      for (const [, kernels] of bed.builds) {
        bed.clear();
        const source = bed.put(x);
        const output = bed.allocate((x.length / 32) * 34 + 1, 2 * skew);
        kernels.storeQ8_0(source, output, x.length);
        const stored = bed.bytes(output, (x.length / 32) * 34 + 1);
        expect(stored.at(-1)).toBe(0); // nothing beyond the last block
        expect(stored.subarray(0, -1)).toEqual(reference(x));
      }
    }),
    { numRuns: 300 },
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("a block with %f reads as NaN", (bad) => {
  const x = Float32Array.from({ length: 64 }, (_, i) => (i === 40 ? bad : i));
  for (const [, kernels] of bed.builds) {
    bed.clear();
    const output = bed.allocate(68);
    kernels.storeQ8_0(bed.put(x), output, 64);
    const decoded = new Float32Array(64);
    formats.Q8_0.dequantise(bed.bytes(output, 68), decoded);
    expect(decoded.subarray(0, 32).every(Number.isFinite)).toBe(true);
    expect([...decoded.subarray(32)]).toEqual(new Array(32).fill(Number.NaN));
  }
});

test("reading a stored row back changes nothing but what rounding took", () => {
  const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
  bed.clear();
  const output = bed.allocate(68);
  bed.relaxed.storeQ8_0(bed.put(x), output, 64);
  const decoded = new Float32Array(64);
  formats.Q8_0.dequantise(bed.bytes(output, 68), decoded);
  const again = bed.allocate(68);
  bed.relaxed.storeQ8_0(bed.put(decoded), again, 64);
  expect(bits(decoded)).not.toEqual(bits(x));
  for (const [i, found] of decoded.entries()) {
    expect(Math.abs(found - x[i])).toBeLessThanOrEqual(0.51 / 127);
  }
});
