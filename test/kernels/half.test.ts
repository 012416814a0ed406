import fc from "fast-check";
import { expect, test } from "vitest";
import { brainToFloat, floatToBrain, floatToHalf, halfToFloat } from "../../src/numerics/half.ts";
import { bits, KernelBed } from "./kernelBed.ts";

const bed = new KernelBed(2);
const everyHalf = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** Any f32 bits, and those close to where f16 rounding changes: between two neighbouring halves. */
const anyFloat = fc.oneof(
  fc.float(),
  fc
    .tuple(fc.nat({ max: 0x7bff }), fc.constantFrom(-1, 0, 1), fc.constantFrom(1, -1))
    .map(([half, nudge, sign]) => {
      const middle = (halfToFloat(half) + halfToFloat(half + 1)) / 2;
      const words = Uint32Array.of(new Uint32Array(Float32Array.of(middle).buffer)[0] + nudge);
      return sign * new Float32Array(words.buffer)[0];
    }),
  fc.constantFrom(65519, 65520, 65504, 65536, 1e30, -1e30, 2 ** -24, 2 ** -25, 2 ** -26, 1e-45),
);
const anyFloats = fc
  .array(anyFloat, { minLength: 1, maxLength: 9 })
  .map((x) => new Float32Array(x));

test("storing and rounding to f16 are the reference's, NaN included", () => {
  fc.assert(
    fc.property(anyFloats, (x) => {
      for (const [, kernels] of bed.builds) {
        bed.clear();
        const source = bed.put(x);
        const halves = bed.allocate(2 * x.length);
        const rounded = bed.allocate(4 * x.length);
        kernels.storeHalf(source, halves, x.length);
        kernels.roundF16(source, rounded, x.length);
        const stored = new Uint16Array(bed.bytes(halves, 2 * x.length).buffer);
        for (const [i, value] of x.entries()) {
          const expected = halfToFloat(floatToHalf(value));
          expect(halfToFloat(stored[i])).toBe(expected);
          expect(bed.floats(rounded, x.length)[i]).toBe(expected);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test("rounding to bf16 is the reference's, NaN included", () => {
  fc.assert(
    fc.property(anyFloats, (x) => {
      for (const [, kernels] of bed.builds) {
        bed.clear();
        const source = bed.put(x);
        kernels.roundBF16(source, source, x.length);
        const expected = x.map((value) => brainToFloat(floatToBrain(value)));
        expect(bed.floats(source, x.length)).toEqual(expected);
      }
    }),
    { numRuns: 1000 },
  );
});

test("every f16 survives the trip through f32", () => {
  for (const [, kernels] of bed.builds) {
    bed.clear();
    const source = bed.put(Float32Array.from(everyHalf, halfToFloat));
    const halves = bed.allocate(2 * 65536);
    kernels.storeHalf(source, halves, 65536);
    const stored = new Uint16Array(bed.bytes(halves, 2 * 65536).buffer);
    const isNotANumber = (half: number) => (half & 0x7fff) > 0x7c00;
    expect(stored.every((half, i) => half === i || (isNotANumber(half) && isNotANumber(i)))).toBe(
      true,
    );
  }
});

test("every f16 weight and every f16 scale is read exactly", () => {
  const ones = new Float32Array(1).fill(1);
  const blocks = new Uint8Array(65536 * 34);
  for (const half of everyHalf) {
    new DataView(blocks.buffer).setUint16(34 * half, half, true);
    blocks[34 * half + 2] = 1; // one quant of 1, met by one activation of 127 / 127
  }
  const x = new Float32Array(32);
  x[0] = 127;
  const big = new KernelBed(6);
  for (const [, kernels] of big.builds) {
    big.clear();
    const weights = big.putBytes(new Uint8Array(everyHalf.buffer));
    const output = big.allocate(4 * 65536);
    kernels.matvecF16(weights, big.put(ones), output, 1, 0, 65536, 1, 0, 0);
    const asWeight = big.floats(output, 65536);
    const activations = big.allocate(48);
    kernels.encodeQ8_0(big.put(x), activations, 32, 1);
    kernels.matvecQ8_0(big.putBytes(blocks), activations, output, 32, 0, 65536, 1, 0, 0);
    const asScale = big.floats(output, 65536);

    const expected = Float32Array.from(everyHalf, (half) => halfToFloat(half) + 0);
    expect(bits(asWeight.map((value) => value + 0))).toEqual(bits(expected));
    expect(bits(asScale.map((value) => value / 127 + 0))).toEqual(bits(expected));
  }
});
