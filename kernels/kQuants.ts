/**
 * Q4_K and Q5_K against Q8_K activations, two rows at a time.
 *
 * A superblock's products, sub-block scales included, are summed exactly as integers. Each row
 * then adds, superblock after superblock, `f32(integer sum) * (d * activation scale)`; a second
 * f32 sum of the same shape for the minima (with dmin) is subtracted once, at the end.
 *
 * Layouts (d, dmin: f16):
 *   Q4_K 144 B: d @0, dmin @2, 6-bit scales and minima [12] @4, nibbles[128] @16
 *   Q5_K 176 B: d @0, dmin @2, scales and minima [12] @4, fifth bits [32] @16, nibbles[128] @48
 * Group g of Q4_K and Q5_K is 32 values: `d * scale_g * q - dmin * minimum_g`. Nibble bytes
 * 32p..32p+31 hold group 2p low and group 2p+1 high; bit g of fifth-bit byte l is for value l.
 */

import { Q8_K_BYTES, Q8_K_SCALE, Q8_K_SUMS_32 } from "./activations";
import { widenHalves } from "./half";
import { dotPairs, pick, sumEach } from "./lanes";
import { BIT_4, BITS_4_AND_5, LOW_NIBBLE, LOW_SIX_BITS, SPREAD_LANE } from "./tables";

export const Q4_K_BLOCK: usize = 144;
export const Q5_K_BLOCK: usize = 176;

/** Dot products of two rows (by address) with one encoded row, in lanes 0 and 1. */
export function dotPairQ4_K(row0: usize, row1: usize, activations: usize, blocks: usize): v128 {
  const mask = v128.load(LOW_NIBBLE);
  const end = activations + blocks * Q8_K_BYTES;
  let result = f32x4.splat(0); // row 0: sums, minima; row 1: sums, minima
  do {
    const factors0 = unpackScales(row0);
    const factors1 = unpackScales(row1);
    const scales0 = i16x8.extend_low_i8x16_u(factors0);
    const scales1 = i16x8.extend_low_i8x16_u(factors1);
    const sums32 = v128.load(activations, Q8_K_SUMS_32);
    const minima0 = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(factors0), sums32);
    const minima1 = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(factors1), sums32);
    const outer = outerScales(row0, row1, activations);

    let sum0 = i32x4.splat(0);
    let sum1 = i32x4.splat(0);
    let x = activations;
    let lane = SPREAD_LANE;
    const groupsEnd = activations + 256;
    do {
      const x0 = v128.load(x, 0);
      const x1 = v128.load(x, 16);
      const x2 = v128.load(x, 32);
      const x3 = v128.load(x, 48);
      const even = v128.load(lane, 0);
      const odd = v128.load(lane, 16);
      let low = v128.load(row0, 16);
      let high = v128.load(row0, 32);
      sum0 = i32x4.add(
        sum0,
        scaled(scales0, even, x0, v128.and(low, mask), x1, v128.and(high, mask)),
      );
      low = v128.and(i16x8.shr_u(low, 4), mask);
      high = v128.and(i16x8.shr_u(high, 4), mask);
      sum0 = i32x4.add(sum0, scaled(scales0, odd, x2, low, x3, high));
      low = v128.load(row1, 16);
      high = v128.load(row1, 32);
      sum1 = i32x4.add(
        sum1,
        scaled(scales1, even, x0, v128.and(low, mask), x1, v128.and(high, mask)),
      );
      low = v128.and(i16x8.shr_u(low, 4), mask);
      high = v128.and(i16x8.shr_u(high, 4), mask);
      sum1 = i32x4.add(sum1, scaled(scales1, odd, x2, low, x3, high));
      row0 += 32;
      row1 += 32;
      x += 64;
      lane += 32;
    } while (x !== groupsEnd);

    const sums = f32x4.convert_i32x4_s(sumEach(sum0, minima0, sum1, minima1));
    result = f32x4.add(result, f32x4.mul(sums, outer));
    row0 += Q4_K_BLOCK - 128;
    row1 += Q4_K_BLOCK - 128;
    activations += Q8_K_BYTES;
  } while (activations !== end);
  return sumsLessMinima(result);
}

/** As `dotPairQ4_K`, with a fifth bit on each value. */
export function dotPairQ5_K(row0: usize, row1: usize, activations: usize, blocks: usize): v128 {
  const mask = v128.load(LOW_NIBBLE);
  const fifth = v128.load(BIT_4);
  const end = activations + blocks * Q8_K_BYTES;
  let result = f32x4.splat(0);
  do {
    const factors0 = unpackScales(row0);
    const factors1 = unpackScales(row1);
    const scales0 = i16x8.extend_low_i8x16_u(factors0);
    const scales1 = i16x8.extend_low_i8x16_u(factors1);
    const sums32 = v128.load(activations, Q8_K_SUMS_32);
    const minima0 = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(factors0), sums32);
    const minima1 = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(factors1), sums32);
    const outer = outerScales(row0, row1, activations);

    let sum0 = i32x4.splat(0);
    let sum1 = i32x4.splat(0);
    let x = activations;
    let lane = SPREAD_LANE;
    const bits0 = row0 + 16;
    const bits1 = row1 + 16;
    let shift = 0; // of the fifth bits: group g's bit comes to bit 0
    do {
      const even = v128.load(lane, 0);
      const odd = v128.load(lane, 16);
      const x0 = v128.load(x, 0);
      const x1 = v128.load(x, 16);
      const x2 = v128.load(x, 32);
      const x3 = v128.load(x, 48);
      let low = v128.load(row0, 48);
      let high = v128.load(row0, 64);
      let lowFifth = i16x8.shr_u(v128.load(bits0, 0), shift);
      let highFifth = i16x8.shr_u(v128.load(bits0, 16), shift);
      let w0 = v128.or(v128.and(low, mask), v128.and(i16x8.shl(lowFifth, 4), fifth));
      let w1 = v128.or(v128.and(high, mask), v128.and(i16x8.shl(highFifth, 4), fifth));
      sum0 = i32x4.add(sum0, scaled(scales0, even, x0, w0, x1, w1));
      w0 = v128.or(v128.and(i16x8.shr_u(low, 4), mask), v128.and(i16x8.shl(lowFifth, 3), fifth));
      w1 = v128.or(v128.and(i16x8.shr_u(high, 4), mask), v128.and(i16x8.shl(highFifth, 3), fifth));
      sum0 = i32x4.add(sum0, scaled(scales0, odd, x2, w0, x3, w1));
      low = v128.load(row1, 48);
      high = v128.load(row1, 64);
      lowFifth = i16x8.shr_u(v128.load(bits1, 0), shift);
      highFifth = i16x8.shr_u(v128.load(bits1, 16), shift);
      w0 = v128.or(v128.and(low, mask), v128.and(i16x8.shl(lowFifth, 4), fifth));
      w1 = v128.or(v128.and(high, mask), v128.and(i16x8.shl(highFifth, 4), fifth));
      sum1 = i32x4.add(sum1, scaled(scales1, even, x0, w0, x1, w1));
      w0 = v128.or(v128.and(i16x8.shr_u(low, 4), mask), v128.and(i16x8.shl(lowFifth, 3), fifth));
      w1 = v128.or(v128.and(i16x8.shr_u(high, 4), mask), v128.and(i16x8.shl(highFifth, 3), fifth));
      sum1 = i32x4.add(sum1, scaled(scales1, odd, x2, w0, x3, w1));
      row0 += 32;
      row1 += 32;
      x += 64;
      lane += 32;
      shift += 2;
    } while (shift !== 8);

    const sums = f32x4.convert_i32x4_s(sumEach(sum0, minima0, sum1, minima1));
    result = f32x4.add(result, f32x4.mul(sums, outer));
    row0 += Q5_K_BLOCK - 128;
    row1 += Q5_K_BLOCK - 128;
    activations += Q8_K_BYTES;
  } while (activations !== end);
  return sumsLessMinima(result);
}

/** 32 values 0..127 with 32 activations, times the group's scale (16-bit lane `spread` copies). */
function scaled(scales: v128, spread: v128, x0: v128, w0: v128, x1: v128, w1: v128): v128 {
  const products = i16x8.add(dotPairs(x0, w0), dotPairs(x1, w1));
  return i32x4.dot_i16x8_s(products, pick(scales, spread));
}

/**
 * Eight 6-bit scales (bytes 0..7), then eight 6-bit minima (bytes 8..15). In the file the first
 * four of each are the low 6 bits of bytes 0..7; the last four have their low 4 bits in the
 * nibbles of bytes 8..11 and their high 2 bits at the top of bytes 0..7.
 */
function unpackScales(block: usize): v128 {
  const first = v128.load64_zero(block, 4);
  const nibbles = v128.load32_zero(block, 12);
  const bothNibbles = v128.or(nibbles, i64x2.shl(nibbles, 28)); // low ones, then high ones
  const early = v128.and(first, v128.load(LOW_SIX_BITS));
  const late = v128.or(
    v128.and(bothNibbles, v128.load(LOW_NIBBLE)),
    v128.and(i16x8.shr_u(first, 2), v128.load(BITS_4_AND_5)),
  );
  return v128.shuffle<i32>(early, late, 0, 4, 1, 5);
}

/** `[d0, dmin0, d1, dmin1]`, each times the activations' scale. */
function outerScales(row0: usize, row1: usize, activations: usize): v128 {
  const halves = v128.load32_lane(row1, v128.load32_zero(row0), 1);
  return f32x4.mul(
    widenHalves(i32x4.extend_low_i16x8_u(halves)),
    v128.load32_splat(activations, Q8_K_SCALE),
  );
}

/** `[s0, m0, s1, m1]` to `[s0 - m0, s1 - m1, ...]`. */
function sumsLessMinima(result: v128): v128 {
  const sums = v128.shuffle<i32>(result, result, 0, 2, 0, 2);
  const minima = v128.shuffle<i32>(result, result, 1, 3, 1, 3);
  return f32x4.sub(sums, minima);
}
