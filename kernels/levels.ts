/**
 * Formats of 32-value blocks whose codes stand for the entries of a table, as classes that blocks.ts
 * describes.
 *
 * Layouts ("halves": byte j has code j in its low and code j + 16 in its high nibble):
 *   IQ4_NL  18 B: d @0 (f16), halves[16] @2                     value = d * level
 *   MXFP4   17 B: exponent e @0 (u8), halves[16] @1             value = 2^(e - 128) * twice E2M1
 */

import { Q8_0_NEGATIVES, Q8_0_SCALE, Q8_0_SUM } from "./activations";
import { addTimesHalf } from "./blocks";
import { addDots, againstSigned, dotPairs, pick } from "./lanes";
import { IQ4_LEVELS, LIFTED_E2M1, LOW_NIBBLE, ONES_I16 } from "./tables";

export class IQ4_NL {
  get blockBytes(): usize {
    return 18;
  }

  dot(block: usize, x0: v128, x1: v128): v128 {
    const codes = v128.load(block, 2);
    const w0 = againstSigned(lowCodes(codes, IQ4_LEVELS), x0);
    const w1 = againstSigned(highCodes(codes, IQ4_LEVELS), x1);
    return addDots(addDots(i32x4.splat(0), w0, i8x16.abs(x0)), w1, i8x16.abs(x1));
  }

  offset(activations: usize): v128 {
    return v128.load32_splat(activations, Q8_0_NEGATIVES);
  }

  add(result: v128, sums: v128, r0: usize, r1: usize, r2: usize, r3: usize, x: usize): v128 {
    return addTimesHalf(result, sums, r0, r1, r2, r3, x);
  }
}

export class MXFP4 {
  get blockBytes(): usize {
    return 17;
  }

  /** With the values lifted by 12, which makes them 0..24. */
  dot(block: usize, x0: v128, x1: v128): v128 {
    const codes = v128.load(block, 1);
    const products = i16x8.add(
      dotPairs(x0, lowCodes(codes, LIFTED_E2M1)),
      dotPairs(x1, highCodes(codes, LIFTED_E2M1)),
    );
    return i32x4.dot_i16x8_s(products, v128.load(ONES_I16));
  }

  offset(activations: usize): v128 {
    return i32x4.mul(v128.load32_splat(activations, Q8_0_SUM), i32x4.splat(-12));
  }

  add(result: v128, sums: v128, r0: usize, r1: usize, r2: usize, r3: usize, x: usize): v128 {
    const zero = i32x4.splat(0);
    const exponents = v128.load8_lane(
      r3,
      v128.load8_lane(r2, v128.load8_lane(r1, v128.load8_lane(r0, zero, 0), 4), 8),
      12,
    );
    const scales = f32x4.mul(powersOfTwo(exponents), v128.load32_splat(x, Q8_0_SCALE));
    return f32x4.add(result, f32x4.mul(sums, scales));
  }
}

/** `2^(exponent - 128)`: below 2^-126 the f32 is subnormal, its fraction the shifted 1. */
function powersOfTwo(exponents: v128): v128 {
  const one = i32x4.splat(1);
  const normal = i32x4.shl(i32x4.sub(exponents, one), 23);
  const subnormal = i32x4.shl(i32x4.add(exponents, one), 21);
  return v128.bitselect(normal, subnormal, i32x4.gt_s(exponents, one));
}

/** The table's entries for the codes in the low nibbles. */
function lowCodes(codes: v128, table: usize): v128 {
  return pick(v128.load(table), v128.and(codes, v128.load(LOW_NIBBLE)));
}

function highCodes(codes: v128, table: usize): v128 {
  return pick(v128.load(table), v128.and(i16x8.shr_u(codes, 4), v128.load(LOW_NIBBLE)));
}
