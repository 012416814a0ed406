import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  encodeQ8_0,
  encodeQ8_1,
  encodeQ8_K,
  roundActivations,
} from "../../src/numerics/formats/activations.ts";
import type { ActivationFormat } from "../../src/numerics/formats/blockFormat.ts";
import { brainToFloat, floatToBrain, floatToHalf, halfToFloat } from "../../src/numerics/half.ts";
import { bitsOf, bytesOf, floatsOf, readFixture } from "./dequantFixtures.ts";

const rows: Record<string, string>[] = readFixture("activation_quant").rows;
const eightBitFormats: ActivationFormat[] = ["Q8_0", "Q8_1", "Q8_K"];
const allFormats: ActivationFormat[] = ["F32", "F16", "BF16", ...eightBitFormats];

function rounded(format: ActivationFormat, x: Float32Array): Float32Array {
  const copy = x.slice();
  roundActivations(format, copy);
  return copy;
}

/** Blocks of a Q8_0 or Q8_1 row as ggml lays them out: f16 scale (and f16 sum), 32 bytes. */
function packHalfScaled(scales: Float32Array, quants: Int8Array, sums?: Float32Array): Uint8Array {
  const header = sums === undefined ? 2 : 4;
  const bytes = new Uint8Array(scales.length * (header + 32));
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < scales.length; block++) {
    const at = block * (header + 32);
    view.setFloat16(at, scales[block], true);
    if (sums !== undefined) view.setFloat16(at + 2, sums[block], true);
    bytes.set(new Uint8Array(quants.buffer, 32 * block, 32), at + header);
  }
  return bytes;
}

/** Blocks of a Q8_K row as ggml lays them out: f32 scale, 256 bytes, 16 i16 sums. */
function packQ8_K({ scales, quants, sums }: ReturnType<typeof encodeQ8_K>): Uint8Array {
  const bytes = new Uint8Array(scales.length * 292);
  for (let block = 0; block < scales.length; block++) {
    bytes.set(new Uint8Array(scales.buffer, 4 * block, 4), 292 * block);
    bytes.set(new Uint8Array(quants.buffer, 256 * block, 256), 292 * block + 4);
    bytes.set(new Uint8Array(sums.buffer, 32 * block, 32), 292 * block + 260);
  }
  return bytes;
}

describe.each(rows.map((row, number) => ({ number, row })))("row $number", ({ row }) => {
  const x = floatsOf(row["x_f32_base64"] ?? "");
  const expected = (format: string) => bytesOf(row[`${format}_avx2_base64`] ?? "");

  test("Q8_0 is llama.cpp's, byte for byte", () => {
    const { scales, quants } = encodeQ8_0(x);
    expect(packHalfScaled(scales, quants)).toEqual(expected("Q8_0"));
  });

  test("Q8_1 is llama.cpp's, byte for byte", () => {
    const { scales, quants, sums } = encodeQ8_1(x);
    expect(packHalfScaled(scales, quants, sums)).toEqual(expected("Q8_1"));
  });

  test("Q8_K is llama.cpp's, byte for byte", () => {
    expect(packQ8_K(encodeQ8_K(x))).toEqual(expected("Q8_K"));
  });
});

test("the fixture tells halves to even from halves away from zero", () => {
  expect(rows.some((row) => row["Q8_0_avx2_base64"] !== row["Q8_0_ref_base64"])).toBe(true);
});

test("exact halves go to the even neighbour", () => {
  const x = new Float32Array(32);
  x.set([127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5]); // scale 1
  expect(Array.from(rounded("Q8_0", x).subarray(0, 7))).toEqual([127, 0, 2, 2, 0, -2, -2]);
});

test("the factor is 127/a, not the inverse of the scale", () => {
  const x = new Float32Array(32);
  x.set([11, 5.5]); // 63.500004 by the one, 63.499996 by the other
  expect(encodeQ8_0(x).quants[1]).toBe(64);
});

test("of two extreme values Q8_K takes its sign from the first", () => {
  const x = new Float32Array(256);
  x.set([3, 127, -127]);
  const { scales, quants } = encodeQ8_K(x);
  expect(scales).toEqual(Float32Array.of(-1));
  expect(Array.from(quants.subarray(0, 3))).toEqual([-3, -127, 127]);
});

test.each(eightBitFormats)("%s of zeros is zeros", (format) => {
  expect(rounded(format, new Float32Array(512))).toEqual(new Float32Array(512));
});

test.each(eightBitFormats)("%s of subnormal numbers is finite", (format) => {
  const x = new Float32Array(256).fill(1e-42);
  x[3] = 0;
  for (const value of rounded(format, x)) expect(Math.abs(value)).toBeLessThan(1e-41);
});

test.each([Number.NaN, Infinity, -Infinity])("a block that holds %d decodes to NaN", (fault) => {
  for (const [format, blockElements] of [
    ["Q8_0", 32],
    ["Q8_1", 32],
    ["Q8_K", 256],
  ] as const) {
    const x = new Float32Array(512).fill(1);
    x[256 + 5] = fault;
    const result = rounded(format, x);
    expect(result.findIndex(Number.isNaN)).toBe(256);
    expect(result.filter(Number.isNaN).length).toBe(blockElements);
  }
});

test("the sums of a faulty Q8_1 block are NaN too", () => {
  const { sums } = encodeQ8_1(new Float32Array(32).fill(Number.NaN));
  expect(sums).toEqual(Float32Array.of(Number.NaN));
});

test("the plain formats round each value by itself", () => {
  const x = Float32Array.of(1 / 3, -7.7, 70000, 1e-8, Number.NaN);
  expect(rounded("F32", x)).toEqual(x);
  expect(rounded("F16", x)).toEqual(x.map((v) => halfToFloat(floatToHalf(v))));
  expect(rounded("BF16", x)).toEqual(x.map((v) => brainToFloat(floatToBrain(v))));
});

test.each(eightBitFormats)("%s takes whole blocks only", (format) => {
  expect(() => rounded(format, new Float32Array(40))).toThrow(RangeError);
});

const rowsOf256 = fc
  .array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 256, maxLength: 256 })
  .map((values) => Float32Array.from(values));

test.each(allFormats)("%s moves no value by more than half a step", (format) => {
  fc.assert(
    fc.property(rowsOf256, (x) => {
      const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // Half a step of 1/127, and for the f16 scale or element half of its last place.
      const bound = largest * (0.5 / 127 + 2 ** -9) + 2 ** -18;
      rounded(format, x).forEach((value, i) => {
        expect(Math.abs(value - x[i])).toBeLessThanOrEqual(bound);
      });
    }),
  );
});

test("Q8_0 and Q8_1 stand for the same numbers", () => {
  fc.assert(
    fc.property(rowsOf256, (x) => {
      expect(bitsOf(rounded("Q8_1", x))).toEqual(bitsOf(rounded("Q8_0", x)));
    }),
  );
});
