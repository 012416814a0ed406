/** Choices that a seed repeats. */
import { seededRandom } from "../../src/numerics/random.ts";

export class Chance {
  readonly #random: () => number;

  /** The same for the same numbers. */
  constructor(seed: number, index: number) {
    this.#random = seededRandom(seed * 1_000_003 + index);
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of a list that is not empty. */
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

/** Where programs that count bytes and items go wrong. */
export const extremeIntegers: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 7n, 13n, 31n, 32n, 33n, 255n, 256n, 4097n, 65_535n, 65_536n, 1_000_001n],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 40n],
  ...[2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 32n, 2n ** 64n - 1n],
];

export const extremeFloats: readonly number[] = [
  ...[0, -0, 1, -1, 0.5, 1e-45, 1e-30, 1e30, 3.4e38, -3.4e38, 65_504, 1e308, 2 ** 53],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];
