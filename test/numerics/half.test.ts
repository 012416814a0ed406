import fc from "fast-check";
import { expect, test } from "vitest";
import {
  brainToFloat,
  e8m0ToNumber,
  floatToBrain,
  floatToHalf,
  halfToFloat,
} from "../../src/numerics/half.ts";

const allBits = Array.from({ length: 0x10000 }, (_, bits) => bits);

/** IEEE 754's definition, spelled out. */
function definedValue(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >> 15 === 1 ? -1 : 1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

const encodings = [
  { name: "f16", widen: halfToFloat, narrow: floatToHalf, exponentBits: 5, mantissaBits: 10 },
  { name: "bf16", widen: brainToFloat, narrow: floatToBrain, exponentBits: 8, mantissaBits: 7 },
];

test.each(encodings)("every $name pattern has its defined value", (encoding) => {
  const { widen, exponentBits, mantissaBits } = encoding;
  const wrong = allBits.filter((bits) => {
    return !Object.is(widen(bits), definedValue(bits, exponentBits, mantissaBits));
  });
  expect(wrong).toEqual([]);
});

test.each(encodings)(
  "every $name value but NaN narrows to its own pattern",
  ({ widen, narrow }) => {
    const wrong = allBits.filter((bits) => {
      return !Number.isNaN(widen(bits)) && narrow(widen(bits)) !== bits;
    });
    expect(wrong).toEqual([]);
  },
);

test.each(encodings)("narrowing to $name picks the nearest value, ties to even", (encoding) => {
  const { widen, narrow } = encoding;
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      const bits = narrow(value);
      const error = Math.abs(widen(bits) - value);
      for (const neighbour of [bits - 1, bits + 1]) {
        if (!Number.isFinite(widen(neighbour)) || !Number.isFinite(widen(bits))) continue;
        const other = Math.abs(widen(neighbour) - value);
        expect(error).toBeLessThanOrEqual(other);
        if (error === other) expect(bits % 2).toBe(0);
      }
    }),
  );
});

test.each(encodings)("halfway between two $name values the even pattern wins", (encoding) => {
  const { widen, narrow, exponentBits, mantissaBits } = encoding;
  const infinity = (2 ** exponentBits - 1) * 2 ** mantissaBits;
  const wrong = allBits.filter((bits) => {
    if (bits + 1 >= infinity) return false;
    const middle = (widen(bits) + widen(bits + 1)) / 2;
    return narrow(middle) !== bits + (bits % 2);
  });
  expect(wrong).toEqual([]);
});

test.each(encodings)("NaN stays NaN and infinity infinity in $name", ({ widen, narrow }) => {
  expect(widen(narrow(Number.NaN))).toBeNaN();
  expect(widen(narrow(Infinity))).toBe(Infinity);
  expect(widen(narrow(-Infinity))).toBe(-Infinity);
});

test("what is too large becomes infinity", () => {
  expect(halfToFloat(floatToHalf(65519))).toBe(65504);
  expect(halfToFloat(floatToHalf(65520))).toBe(Infinity);
  expect(brainToFloat(floatToBrain(3.4028234e38))).toBe(Infinity);
});

test("E8M0 counts in powers of two", () => {
  expect([0, 127, 130, 254].map(e8m0ToNumber)).toEqual([2 ** -127, 1, 8, 2 ** 127]);
});
