/**
 * Formats of 256-value superblocks against Q8_K activations: those of groups two rows at a time, which
 * the prefetcher likes best; those of runs (they read less, or compute more) four, which is 3 to 6 % faster.
 *
 * A superblock's products, the scales of its groups included, are summed exactly as integers. Each
 * row then adds, superblock after superblock, `f32(integer sum) * (d * activation scale)`. Where a
 * format has minima, a second f32 sum of the same shape (with dmin) is subtracted once, at the end.
 */

import { Q8_K_BYTES, Q8_K_SCALE } from "./activations";
import { widenHalves } from "./half";
import { sumBoth, sumEach } from "./lanes";

/** The format `F`, one of the classes of groups.ts or runFormats.ts, as the row streams take it. */
export class Superblocks<F> {
  rowBytes(columns: i32): usize {
    return <usize>(columns >> 8) * changetype<F>(0).blockBytes;
  }

  encodedBytes(columns: i32): usize {
    return <usize>(columns >> 8) * Q8_K_BYTES;
  }

  /** Dot products of four rows (by address) with one encoded row, one row in each lane: of runs. */
  dotFour(row0: usize, row1: usize, row2: usize, row3: usize, x: usize, columns: i32): v128 {
    const end = x + this.encodedBytes(columns);
    return changetype<F>(0).dotFour(row0, row1, row2, row3, x, end);
  }

  /** Dot products of two rows (by address) with one encoded row, in lanes 0 and 1: of groups. */
  dotTwo(row0: usize, row1: usize, x: usize, columns: i32): v128 {
    return changetype<F>(0).dotTwo(row0, row1, x, x + this.encodedBytes(columns));
  }
}

/** Adds a superblock of two rows, in lanes 0 and 1. The f16 d is at `at` of each. */
export function addSums(
  result: v128,
  sum0: v128,
  sum1: v128,
  row0: usize,
  row1: usize,
  at: usize,
  activations: usize,
): v128 {
  const zero = i32x4.splat(0);
  const halves = v128.load16_lane(row1 + at, v128.load16_lane(row0 + at, zero, 0), 2);
  const outer = f32x4.mul(widenHalves(halves), v128.load32_splat(activations, Q8_K_SCALE));
  return f32x4.add(result, f32x4.mul(f32x4.convert_i32x4_s(sumBoth(sum0, sum1)), outer));
}

/** The same with minima, to `[sum 0, minimum 0, sum 1, minimum 1]`; d and dmin are neighbours. */
export function addSumsAndMinima(
  result: v128,
  sum0: v128,
  minimum0: v128,
  sum1: v128,
  minimum1: v128,
  row0: usize,
  row1: usize,
  at: usize,
  activations: usize,
): v128 {
  const sums = f32x4.convert_i32x4_s(sumEach(sum0, minimum0, sum1, minimum1));
  const halves = v128.load32_lane(row1 + at, v128.load32_zero(row0 + at), 1);
  const outer = f32x4.mul(
    widenHalves(i32x4.extend_low_i16x8_u(halves)),
    v128.load32_splat(activations, Q8_K_SCALE),
  );
  return f32x4.add(result, f32x4.mul(sums, outer));
}

/** `[s0, m0, s1, m1]` to `[s0 - m0, s1 - m1, ...]`. */
export function sumsLessMinima(result: v128): v128 {
  const sums = v128.shuffle<i32>(result, result, 0, 2, 0, 2);
  const minima = v128.shuffle<i32>(result, result, 1, 3, 1, 3);
  return f32x4.sub(sums, minima);
}
