/**
 * Q4_K, Q5_K and IQ4_XS: superblocks with one scale for each 32 values, a group.
 *
 * Layouts (d, dmin: f16):
 *   Q4_K   144 B: d @0, dmin @2, 6-bit scales and minima [12] @4, nibbles[128] @16
 *   Q5_K   176 B: d @0, dmin @2, scales and minima [12] @4, fifth bits [32] @16, nibbles[128] @48
 *                 value = d * scale * q - dmin * minimum
 *   IQ4_XS 136 B: d @0, bits 4 and 5 of the scales [8] @2 (u16), their nibbles [8] @4,
 *                 nibbles[128] @8                          value = d * (scale - 32) * level
 * Of Q4_K and Q5_K nibble bytes 32p..32p+31 hold group 2p low and group 2p+1 high, and bit g of fifth-
 * bit byte l is for value l of group g. Of IQ4_XS bytes 16g..16g+15 hold the first 16 values of group
 * g low and the others high.
 */

import { Q8_K_BYTES, Q8_K_NEGATIVES_32, Q8_K_SUMS_32 } from "./activations";
import { againstSigned, dotPairs, pick } from "./lanes";
import { PANEL_FACTORS, PANEL_SCALES, spreadLanes, storeDAndDmin } from "./panels";
import { addSums, addSumsAndMinima, sumsLessMinima } from "./superblocks";
import {
  BIT_4,
  BITS_4_AND_5,
  BITS_4_AND_5_I16,
  IQ4_LEVELS,
  LIFT_BIT_PAIRS,
  LOW_NIBBLE,
  LOW_SIX_BITS,
  OFFSET_32,
  SPREAD_LANE,
} from "./tables";

export class Q4_K {
  get blockBytes(): usize {
    return 144;
  }

  get hasMinima(): bool {
    return true;
  }

  get placeBits(): i32 {
    return 0;
  }

  get groupElements(): i32 {
    return 32;
  }

  dotTwo(row0: usize, row1: usize, x: usize, end: usize): v128 {
    return dotTwoGroups<Q4_K>(row0, row1, x, end);
  }

  unpack(block: usize, panel: usize): void {
    const mask = v128.load(LOW_NIBBLE);
    for (let p: usize = 0; p < 4; p++) {
      const first = v128.load(block + 32 * p, 16);
      const second = v128.load(block + 32 * p, 32);
      const at = panel + 64 * p;
      v128.store(at, v128.and(first, mask), 0);
      v128.store(at, v128.and(second, mask), 16);
      v128.store(at, v128.and(i16x8.shr_u(first, 4), mask), 32);
      v128.store(at, v128.and(i16x8.shr_u(second, 4), mask), 48);
    }
    storeScales(block, panel);
  }

  /** Adds groups 2p and 2p + 1, their scales at the 16-bit lanes that `even` and `odd` spread. */
  @inline
  add(
    sum: v128,
    block: usize,
    p: usize,
    x0: v128,
    x1: v128,
    x2: v128,
    x3: v128,
    scales: v128,
    even: v128,
    odd: v128,
  ): v128 {
    const mask = v128.load(LOW_NIBBLE);
    const first = v128.load(block + 32 * p, 16);
    const second = v128.load(block + 32 * p, 32);
    let w0 = v128.and(first, mask);
    let w1 = v128.and(second, mask);
    sum = addTimes(sum, x0, w0, x1, w1, pick(scales, even));
    w0 = v128.and(i16x8.shr_u(first, 4), mask);
    w1 = v128.and(i16x8.shr_u(second, 4), mask);
    return addTimes(sum, x2, w0, x3, w1, pick(scales, odd));
  }
}

export class Q5_K {
  get blockBytes(): usize {
    return 176;
  }

  get hasMinima(): bool {
    return true;
  }

  get placeBits(): i32 {
    return 0;
  }

  get groupElements(): i32 {
    return 32;
  }

  dotTwo(row0: usize, row1: usize, x: usize, end: usize): v128 {
    return dotTwoGroups<Q5_K>(row0, row1, x, end);
  }

  unpack(block: usize, panel: usize): void {
    for (let p: usize = 0; p < 4; p++) {
      const first = v128.load(block + 32 * p, 48);
      const second = v128.load(block + 32 * p, 64);
      const shift = 2 * <i32>p;
      const firstFifth = i16x8.shr_u(v128.load(block, 16), shift);
      const secondFifth = i16x8.shr_u(v128.load(block, 32), shift);
      const at = panel + 64 * p;
      v128.store(at, fiveBits(first, i16x8.shl(firstFifth, 4)), 0);
      v128.store(at, fiveBits(second, i16x8.shl(secondFifth, 4)), 16);
      v128.store(at, fiveBits(i16x8.shr_u(first, 4), i16x8.shl(firstFifth, 3)), 32);
      v128.store(at, fiveBits(i16x8.shr_u(second, 4), i16x8.shl(secondFifth, 3)), 48);
    }
    storeScales(block, panel);
  }

  @inline
  add(
    sum: v128,
    block: usize,
    p: usize,
    x0: v128,
    x1: v128,
    x2: v128,
    x3: v128,
    scales: v128,
    even: v128,
    odd: v128,
  ): v128 {
    const first = v128.load(block + 32 * p, 48);
    const second = v128.load(block + 32 * p, 64);
    const shift = 2 * <i32>p; // group 2p's bit comes to bit 0
    const firstFifth = i16x8.shr_u(v128.load(block, 16), shift);
    const secondFifth = i16x8.shr_u(v128.load(block, 32), shift);
    let w0 = fiveBits(first, i16x8.shl(firstFifth, 4));
    let w1 = fiveBits(second, i16x8.shl(secondFifth, 4));
    sum = addTimes(sum, x0, w0, x1, w1, pick(scales, even));
    w0 = fiveBits(i16x8.shr_u(first, 4), i16x8.shl(firstFifth, 3));
    w1 = fiveBits(i16x8.shr_u(second, 4), i16x8.shl(secondFifth, 3));
    return addTimes(sum, x2, w0, x3, w1, pick(scales, odd));
  }
}

export class IQ4_XS {
  get blockBytes(): usize {
    return 136;
  }

  dotTwo(row0: usize, row1: usize, x: usize, end: usize): v128 {
    let result = f32x4.splat(0);
    do {
      const scales0 = this.scales(row0);
      const scales1 = this.scales(row1);
      const negatives = v128.load(x, Q8_K_NEGATIVES_32);
      let sum0 = i32x4.dot_i16x8_s(scales0, negatives);
      let sum1 = i32x4.dot_i16x8_s(scales1, negatives);
      for (let group: usize = 0; group < 8; group++) {
        const x0 = v128.load(x + 32 * group, 0);
        const x1 = v128.load(x + 32 * group, 16);
        const lane = v128.load(SPREAD_LANE + 16 * group);
        sum0 = this.add(sum0, row0 + 16 * group, x0, x1, pick(scales0, lane));
        sum1 = this.add(sum1, row1 + 16 * group, x0, x1, pick(scales1, lane));
      }
      result = addSums(result, sum0, sum1, row0, row1, 0, x);
      row0 += this.blockBytes;
      row1 += this.blockBytes;
      x += Q8_K_BYTES;
    } while (x !== end);
    return result;
  }

  /** Eight i16, -32..31. */
  scales(block: usize): v128 {
    const mask = v128.load(LOW_NIBBLE);
    const nibbles = v128.load32_zero(block, 4);
    const even = v128.and(nibbles, mask);
    const odd = v128.and(i16x8.shr_u(nibbles, 4), mask);
    const low = i8x16.shuffle(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const pairs = i16x8.mul(v128.load16_splat(block, 2), v128.load(LIFT_BIT_PAIRS));
    const high = v128.and(i16x8.shr_u(pairs, 10), v128.load(BITS_4_AND_5_I16));
    return i16x8.sub(v128.or(i16x8.extend_low_i8x16_u(low), high), v128.load(OFFSET_32));
  }

  /** Adds the group whose bytes `codes` is 8 before. */
  @inline
  add(sum: v128, codes: usize, x0: v128, x1: v128, scale: v128): v128 {
    const mask = v128.load(LOW_NIBBLE);
    const levels = v128.load(IQ4_LEVELS);
    const bytes = v128.load(codes, 8);
    const w0 = againstSigned(pick(levels, v128.and(bytes, mask)), x0);
    const w1 = againstSigned(pick(levels, v128.and(i16x8.shr_u(bytes, 4), mask)), x1);
    // Two of these products do not fit an i16 together.
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(dotPairs(w0, i8x16.abs(x0)), scale));
    return i32x4.add(sum, i32x4.dot_i16x8_s(dotPairs(w1, i8x16.abs(x1)), scale));
  }
}

/** Two rows of Q4_K or Q5_K superblocks, up to the end of the activations. */
function dotTwoGroups<F>(row0: usize, row1: usize, x: usize, end: usize): v128 {
  const format = changetype<F>(0);
  let result = f32x4.splat(0);
  do {
    const factors0 = unpackScales(row0);
    const factors1 = unpackScales(row1);
    const scales0 = i16x8.extend_low_i8x16_u(factors0);
    const scales1 = i16x8.extend_low_i8x16_u(factors1);
    let sum0 = i32x4.splat(0);
    let sum1 = i32x4.splat(0);
    for (let p: usize = 0; p < 4; p++) {
      const x0 = v128.load(x + 64 * p, 0);
      const x1 = v128.load(x + 64 * p, 16);
      const x2 = v128.load(x + 64 * p, 32);
      const x3 = v128.load(x + 64 * p, 48);
      const even = v128.load(SPREAD_LANE + 32 * p, 0);
      const odd = v128.load(SPREAD_LANE + 32 * p, 16);
      sum0 = format.add(sum0, row0, p, x0, x1, x2, x3, scales0, even, odd);
      sum1 = format.add(sum1, row1, p, x0, x1, x2, x3, scales1, even, odd);
    }
    const sums32 = v128.load(x, Q8_K_SUMS_32);
    const minima0 = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(factors0), sums32);
    const minima1 = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(factors1), sums32);
    result = addSumsAndMinima(result, sum0, minima0, sum1, minima1, row0, row1, 0, x);
    row0 += format.blockBytes;
    row1 += format.blockBytes;
    x += Q8_K_BYTES;
  } while (x !== end);
  return sumsLessMinima(result);
}

/** The low four bits of one and bit 4 of the other. */
function fiveBits(low: v128, high: v128): v128 {
  return v128.or(v128.and(low, v128.load(LOW_NIBBLE)), v128.and(high, v128.load(BIT_4)));
}

/** The scales and minima of a Q4_K or Q5_K superblock, as a panel has them. */
function storeScales(block: usize, panel: usize): void {
  const factors = unpackScales(block);
  spreadLanes(i16x8.extend_low_i8x16_u(factors), panel + PANEL_SCALES);
  const minima = i16x8.extend_high_i8x16_u(factors);
  v128.store(panel, v128.shuffle<i16>(minima, minima, 0, 0, 1, 1, 2, 2, 3, 3), PANEL_FACTORS);
  v128.store(panel, v128.shuffle<i16>(minima, minima, 4, 4, 5, 5, 6, 6, 7, 7), PANEL_FACTORS + 16);
  storeDAndDmin(block, panel);
}

/** 32 values 0..31 with 32 activations, times a scale. */
function addTimes(sum: v128, x0: v128, w0: v128, x1: v128, w1: v128, scale: v128): v128 {
  const products = i16x8.add(dotPairs(x0, w0), dotPairs(x1, w1));
  return i32x4.add(sum, i32x4.dot_i16x8_s(products, scale));
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
