/**
 * Q6_K against Q8_K activations, two rows at a time, summed as in kQuants.ts.
 *
 * Layout, 210 B: low nibbles [128] @0, upper two bits [64] @128, i8 scales[16] @192, f16 d @208.
 * A value is `d * scale * (q - 32)` with one scale per 16 values. The offset of 32 comes off through
 * the activations' sums of 16. The order of values is told at `addRuns01`.
 */

import { Q8_K_BYTES, Q8_K_SCALE, Q8_K_SUMS_16 } from "./activations";
import { widenHalves } from "./half";
import { dotPairs, pick, sumBoth } from "./lanes";
import { BITS_4_AND_5, LOW_NIBBLE, SPREAD_LANE } from "./tables";

export const Q6_K_BLOCK: usize = 210;

/** Dot products of two rows (by address) with one encoded row, in lanes 0 and 1. */
export function dotPairQ6_K(row0: usize, row1: usize, activations: usize, blocks: usize): v128 {
  const end = activations + blocks * Q8_K_BYTES;
  let result = f32x4.splat(0);
  do {
    const bytes0 = v128.load(row0, 192);
    const bytes1 = v128.load(row1, 192);
    let scales0 = i16x8.extend_low_i8x16_s(bytes0);
    let scales1 = i16x8.extend_low_i8x16_s(bytes1);
    const later0 = i16x8.extend_high_i8x16_s(bytes0);
    const later1 = i16x8.extend_high_i8x16_s(bytes1);
    let sum0 = offsetQ6_K(scales0, later0, activations);
    let sum1 = offsetQ6_K(scales1, later1, activations);
    const halves = v128.load16_lane(row1, v128.load16_lane(row0, i32x4.splat(0), 0, 208), 2, 208);
    const outer = f32x4.mul(widenHalves(halves), v128.load32_splat(activations, Q8_K_SCALE));

    let bits0 = row0 + 128;
    let bits1 = row1 + 128;
    let x = activations;
    const halvesEnd = activations + 256;
    do {
      const chunksEnd = x + 32;
      do {
        let first = v128.load(row0, 0);
        let second = v128.load(row0, 32);
        let bits = v128.load(bits0);
        sum0 = addRuns01(sum0, first, second, bits, x, scales0);
        sum0 = addRuns23(sum0, first, second, bits, x, nextRun(nextRun(scales0)));
        first = v128.load(row1, 0);
        second = v128.load(row1, 32);
        bits = v128.load(bits1);
        sum1 = addRuns01(sum1, first, second, bits, x, scales1);
        sum1 = addRuns23(sum1, first, second, bits, x, nextRun(nextRun(scales1)));
        scales0 = nextChunk(scales0);
        scales1 = nextChunk(scales1);
        row0 += 16;
        row1 += 16;
        bits0 += 16;
        bits1 += 16;
        x += 16;
      } while (x !== chunksEnd);
      scales0 = later0;
      scales1 = later1;
      row0 += 32;
      row1 += 32;
      x += 96;
    } while (x !== halvesEnd);

    const sums = f32x4.convert_i32x4_s(sumBoth(sum0, sum1));
    result = f32x4.add(result, f32x4.mul(sums, outer));
    row0 += Q6_K_BLOCK - 128;
    row1 += Q6_K_BLOCK - 128;
    activations += Q8_K_BYTES;
  } while (activations !== end);
  return result;
}

/**
 * A half of a Q6_K superblock is four runs of 32 values: low nibbles from bytes 0.. and 32.., then
 * the high nibbles of the same bytes; upper bits from bit pairs 0, 1, 2, 3 of one vector.
 * This adds 16 values of runs 0 and 1; `scales` has the runs' scales at 16-bit lanes 0 and 2.
 */
function addRuns01(sum: v128, first: v128, second: v128, bits: v128, x: usize, scales: v128): v128 {
  const mask = v128.load(LOW_NIBBLE);
  const upper = v128.load(BITS_4_AND_5);
  const w0 = v128.or(v128.and(first, mask), v128.and(i16x8.shl(bits, 4), upper));
  const w1 = v128.or(v128.and(second, mask), v128.and(i16x8.shl(bits, 2), upper));
  sum = i32x4.add(sum, times(dotPairs(v128.load(x, 0), w0), scales));
  return i32x4.add(sum, times(dotPairs(v128.load(x, 32), w1), nextRun(scales)));
}

/** The same for runs 2 and 3. */
function addRuns23(sum: v128, first: v128, second: v128, bits: v128, x: usize, scales: v128): v128 {
  const mask = v128.load(LOW_NIBBLE);
  const upper = v128.load(BITS_4_AND_5);
  const w2 = v128.or(v128.and(i16x8.shr_u(first, 4), mask), v128.and(bits, upper));
  const w3 = v128.or(v128.and(i16x8.shr_u(second, 4), mask), v128.and(i16x8.shr_u(bits, 2), upper));
  sum = i32x4.add(sum, times(dotPairs(v128.load(x, 64), w2), scales));
  return i32x4.add(sum, times(dotPairs(v128.load(x, 96), w3), nextRun(scales)));
}

/** Moves 16-bit lane 2 to lane 0. */
function nextRun(scales: v128): v128 {
  return v128.shuffle<i32>(scales, scales, 1, 2, 3, 0);
}

/** Products times 16-bit lane 0 of `scales`. */
function times(products: v128, scales: v128): v128 {
  return i32x4.dot_i16x8_s(products, pick(scales, v128.load(SPREAD_LANE)));
}

/** -32 * sum(scale * sum of 16 activations), over the superblock. */
function offsetQ6_K(scales: v128, later: v128, activations: usize): v128 {
  const sums = i32x4.add(
    i32x4.dot_i16x8_s(scales, v128.load(activations, Q8_K_SUMS_16)),
    i32x4.dot_i16x8_s(later, v128.load(activations, Q8_K_SUMS_16 + 16)),
  );
  return i32x4.neg(i32x4.shl(sums, 5));
}

/** Moves 16-bit lane 1 to lane 0, and so on. */
function nextChunk(scales: v128): v128 {
  return v128.shuffle<i16>(scales, scales, 1, 2, 3, 4, 5, 6, 7, 0);
}
