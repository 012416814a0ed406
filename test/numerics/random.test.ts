import { expect, test } from "vitest";
import { seededRandom, xoshiro128 } from "../../src/numerics/random.ts";

/** With nine degrees of freedom even numbers pass this once in a thousand seeds. */
const CHI_SQUARED_LIMIT = 27.9;

test("xoshiro128** starts as the authors' program does", () => {
  // The output of Blackman and Vigna's xoshiro128starstar.c from the state 1, 2, 3, 4.
  const next = xoshiro128(Uint32Array.of(1, 2, 3, 4));
  expect(Array.from({ length: 10 }, next)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
    4258142804,
  ]);
});

test("a seed repeats its numbers, another seed has others", () => {
  const draw = (seed: number) => Array.from({ length: 8 }, seededRandom(seed));
  expect(draw(42)).toEqual(draw(42));
  const seeds = [0, 1, 2, 3, -1, 2 ** 31, 2 ** 32 - 2];
  expect(new Set(seeds.map((seed) => draw(seed).join())).size).toBe(seeds.length);
});

test("a seed means the same numbers in every release", () => {
  expect(Array.from({ length: 3 }, seededRandom(42))).toMatchInlineSnapshot(`
    [
      0.6606157226487994,
      0.12688010395504534,
      0.11170196393504739,
    ]
  `);
});

test("neighbouring seeds begin unalike", () => {
  const firsts = Array.from({ length: 10_000 }, (_, seed) => seededRandom(seed)());
  expect(chiSquared(firsts)).toBeLessThan(CHI_SQUARED_LIMIT);
});

test("numbers fill [0, 1) evenly", () => {
  const numbers = Array.from({ length: 100_000 }, seededRandom(7));
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(chiSquared(numbers)).toBeLessThan(CHI_SQUARED_LIMIT);
});

/** Of numbers in [0, 1), sorted into tenths. */
function chiSquared(numbers: number[]): number {
  const counts = new Array<number>(10).fill(0);
  for (const number of numbers) counts[Math.floor(10 * number)] += 1;
  const expected = numbers.length / 10;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
