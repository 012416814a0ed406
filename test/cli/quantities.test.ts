/** Numbers on their way in and out. */
import { InvalidArgumentError } from "commander";
import fc from "fast-check";
import { expect, test } from "vitest";
import { byteCount, realNumber, tokenList, wholeNumber } from "../../src/cli/numberArguments.ts";
import { bytesText, countText } from "../../src/cli/quantities.ts";

test("sizes show three digits and the unit that suits them", () => {
  const sizes = [0, 1023, 1024, 1536, 10_240, 1_048_575, 8_790_432, 5 * 1024 ** 4];
  expect(sizes.map(bytesText)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1.00 KiB",
    "1.50 KiB",
    "10.0 KiB",
    "1.00 MiB",
    "8.38 MiB",
    "5.00 TiB",
  ]);
  expect([7, 999, 999_999, 8_100_672, 30.5e9].map(countText)).toEqual([
    "7",
    "999",
    "1.00 million",
    "8.10 million",
    "30.5 billion",
  ]);
});

test("what JavaScript would take for a number is not enough", () => {
  for (const text of ["", " ", "12abc", "0x10", "1e999", "NaN", "Infinity", "-1", "1_0", "½"]) {
    expect(() => realNumber()(text), text).toThrow(InvalidArgumentError);
    expect(() => wholeNumber()(text), text).toThrow(InvalidArgumentError);
  }
  expect(() => wholeNumber()("1.5")).toThrow("whole number from 0 up");
  expect(() => wholeNumber({ least: 1, most: 4 })("5")).toThrow("whole number from 1 to 4");
  expect(["0", ".5", "1e-3", "+2", "3."].map((text) => realNumber()(text))).toEqual([
    0, 0.5, 0.001, 2, 3,
  ]);
  for (const text of ["", "1,", ",1", "1,,2", "1 2", "-1", "1.0", "9".repeat(20)]) {
    expect(() => tokenList(text), text).toThrow(InvalidArgumentError);
  }
});

test("bytes are read as GNU coreutils does, and nothing else", () => {
  const read = byteCount({ least: 1, word: "auto" });
  const texts = [
    "8GiB",
    "512MiB",
    "4G",
    "4GB",
    "1.5g",
    "0.5 KiB",
    "100",
    "100B",
    "2T",
    "7kb",
    "Auto",
  ];
  expect(texts.map(read)).toEqual([
    ...[8 * 2 ** 30, 2 ** 29, 2 ** 32, 4e9, 1.5 * 2 ** 30, 512, 100, 100, 2 ** 41, 7000, "auto"],
  ]);
  for (const text of [
    "",
    "G",
    "8 G i B",
    "8XB",
    "1e9",
    "-1G",
    "0",
    "0.1B",
    "off",
    "9999999T",
    "8iB",
  ]) {
    expect(() => read(text), text).toThrow(
      "It must be auto or a number of bytes from 1 up, such as 8GiB, 512MiB or 4G.",
    );
  }
  expect(byteCount({ word: "off" })("0")).toBe(0);
});

test("every number that is written is read back", () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      (whole, real) => {
        expect(wholeNumber()(String(whole))).toBe(whole);
        expect(realNumber()(String(real))).toBe(real);
      },
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1 }), (tokens) => {
      expect(tokenList(tokens.join())).toEqual(tokens);
    }),
  );
});
