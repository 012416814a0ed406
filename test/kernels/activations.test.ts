import fc from "fast-check";
import { expect, test } from "vitest";
import {
  encodeQ8_1 as referenceQ8_1,
  encodeQ8_K as referenceQ8_K,
  roundActivations,
} from "../../src/numerics/formats/activations.ts";
import { bits, KernelBed } from "./kernelBed.ts";

const bed = new KernelBed(1);

/** Rows of many sizes, with zeros and exact halves among them. */
function rowsOf(blockElements: number): fc.Arbitrary<Float32Array> {
  const value = fc.oneof(
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.integer({ min: -254, max: 254 }).map((n) => n / 2), // halves where the largest is 127
    fc.constantFrom(0, -0, 127, -127),
  );
  const block = fc
    .tuple(
      fc.array(value, { minLength: blockElements, maxLength: blockElements }),
      fc.constantFrom(1, 1, 1e-6, 1e6, 1e-30),
    )
    .map(([values, size]) => values.map((x) => x * size));
  return fc
    .array(block, { minLength: 1, maxLength: 3 })
    .map((blocks) => new Float32Array(blocks.flat()));
}

/** A block whose largest value is 127: every quant is the value itself, rounded half to even. */
const exactHalves = Float32Array.from({ length: 256 }, (_, i) => (i === 0 ? 127 : i / 2 - 63.5));

/** The sum of the magnitudes of the negative quants. */
function negatives(quants: Int8Array): number {
  return quants.reduce((sum, quant) => sum - Math.min(quant, 0), 0);
}

function expectQ8_1(x: Float32Array): void {
  const { scales, sums, quants } = referenceQ8_1(x);
  for (const [, kernels] of bed.builds) {
    bed.clear();
    const output = bed.allocate((x.length / 32) * 48);
    kernels.encodeQ8_0(bed.put(x), output, x.length, 1);
    for (let block = 0; block < scales.length; block++) {
      const at = output + 48 * block;
      const expected = quants.subarray(32 * block, 32 * block + 32);
      expect(new Int8Array(bed.bytes(at, 32).buffer)).toEqual(expected);
      expect(bits(bed.floats(at + 32, 2))).toEqual(
        bits(Float32Array.of(scales[block], sums[block])),
      );
      const sum = expected.reduce((a, b) => a + b, 0);
      expect(new Int32Array(bed.bytes(at + 40, 8).buffer)).toEqual(
        Int32Array.of(sum, negatives(expected)),
      );
    }
  }
}

function expectQ8_K(x: Float32Array): void {
  const { scales, sums, quants } = referenceQ8_K(x);
  for (const [, kernels] of bed.builds) {
    bed.clear();
    const output = bed.allocate((x.length / 256) * 336);
    kernels.encodeQ8_K(bed.put(x), output, x.length, 1);
    for (let block = 0; block < scales.length; block++) {
      const at = output + 336 * block;
      const sums16 = sums.slice(16 * block, 16 * block + 16);
      const sums32 = Int16Array.from({ length: 8 }, (_, i) => sums16[2 * i] + sums16[2 * i + 1]);
      expect(new Int8Array(bed.bytes(at, 256).buffer)).toEqual(
        quants.slice(256 * block, 256 * block + 256),
      );
      expect(new Int16Array(bed.bytes(at + 256, 32).buffer)).toEqual(sums16);
      expect(new Int16Array(bed.bytes(at + 288, 16).buffer)).toEqual(sums32);
      const negatives32 = Int16Array.from({ length: 8 }, (_, i) => {
        return negatives(quants.subarray(256 * block + 32 * i, 256 * block + 32 * i + 32));
      });
      expect(new Int16Array(bed.bytes(at + 304, 16).buffer)).toEqual(negatives32);
      expect(bits(bed.floats(at + 320, 4))).toEqual(bits(Float32Array.of(scales[block], 0, 0, 0)));
    }
  }
}

function expectRounded(format: "Q8_0" | "Q8_K", x: Float32Array): void {
  const expected = x.slice();
  roundActivations(format, expected);
  for (const [, kernels] of bed.builds) {
    bed.clear();
    const source = bed.put(x);
    const output = bed.allocate(4 * x.length);
    kernels[`round${format}`](source, output, x.length, 1);
    // +0 makes the comparison blind to the sign of zero, which an integer quant does not keep.
    const actual = bed.floats(output, x.length).map((value) => value + 0);
    expect(actual).toEqual(expected.map((value) => value + 0));
  }
}

test("Q8_0 blocks are the reference's, bit for bit", () => {
  fc.assert(fc.property(rowsOf(32), expectQ8_1), { numRuns: 300 });
});

test("Q8_K blocks are the reference's, bit for bit", () => {
  fc.assert(fc.property(rowsOf(256), expectQ8_K), { numRuns: 100 });
});

test("exact halves round to even", () => {
  expectQ8_1(exactHalves);
  expectQ8_K(exactHalves);
  expectQ8_K(exactHalves.map((value) => -value));
});

test("of two equally large values the first gives Q8_K its sign", () => {
  for (const sign of [1, -1]) {
    const x = new Float32Array(256);
    x[3] = sign;
    x[200] = -sign;
    expectQ8_K(x);
  }
});

test("a block of zeros has scale 0", () => {
  const zeros = new Float32Array(256);
  expectQ8_1(zeros);
  expectQ8_K(zeros);
});

test("rounding gives the values the blocks stand for", () => {
  fc.assert(
    fc.property(rowsOf(256), (x) => {
      expectRounded("Q8_0", x);
      expectRounded("Q8_K", x);
    }),
    { numRuns: 60 },
  );
  expectRounded("Q8_0", exactHalves);
  expectRounded("Q8_K", exactHalves);
  expectRounded("Q8_K", new Float32Array(256));
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "a block with %f encodes as zeros under a scale that is not finite",
  (bad) => {
    const x = Float32Array.from({ length: 256 }, (_, i) => (i === 100 ? bad : Math.sin(i)));
    expectRounded("Q8_0", x);
    expectRounded("Q8_K", x);
    for (const [, kernels] of bed.builds) {
      bed.clear();
      const source = bed.put(x);
      const output = bed.allocate(8 * 48 + 336);
      kernels.encodeQ8_0(source, output, 256, 1);
      kernels.encodeQ8_K(source, output + 8 * 48, 256, 1);
      expect(bed.bytes(output + 3 * 48, 32).every((quant) => quant === 0)).toBe(true);
      expect(bed.bytes(output + 8 * 48, 256).every((quant) => quant === 0)).toBe(true);
      expect(Number.isFinite(bed.floats(output + 3 * 48 + 32, 1)[0])).toBe(false);
      expect(Number.isFinite(bed.floats(output + 8 * 48 + 320, 1)[0])).toBe(false);
    }
  },
);

test("tokens encode alike alone and together", () => {
  const x = Float32Array.from({ length: 3 * 512 }, (_, i) => Math.sin(i * i));
  bed.clear();
  const source = bed.put(x);
  const together = bed.allocate(6 * 336);
  const alone = bed.allocate(6 * 336);
  bed.relaxed.encodeQ8_K(source, together, 512, 3);
  for (let token = 0; token < 3; token++) {
    bed.plain.encodeQ8_K(source + token * 2048, alone + token * 672, 512, 1);
  }
  expect(bed.bytes(together, 6 * 336)).toEqual(bed.bytes(alone, 6 * 336));
});
