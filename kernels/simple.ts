/**
 * ggml's first formats, as classes that blocks.ts describes.
 *
 * Layouts (d, m: f16; "halves": byte j has value j in its low and value j + 16 in its high nibble):
 *   Q8_0 34 B: d @0, i8[32] @2                           value = d * q
 *   Q4_0 18 B: d @0, halves[16] @2                       value = d * (q - 8)
 *   Q4_1 20 B: d @0, m @2, halves[16] @4                 value = d * q + m
 *   Q5_0 22 B: d @0, u32 fifth bits @2, halves[16] @6    value = d * (q - 16)
 *   Q5_1 24 B: d @0, m @2, fifth bits @4, halves[16] @8  value = d * q + m
 */

import { Q8_0_NEGATIVES, Q8_0_SCALE, Q8_0_SUM, Q8_0_SUM_TERM } from "./activations";
import { addTimesHalf, timesHalves } from "./blocks";
import { addDots, againstSigned, dotPairs, gatherWords, pick } from "./lanes";
import {
  BIT_4,
  BIT_OF_BYTE,
  LOW_NIBBLE,
  ONES_I16,
  SPREAD_BYTES_0_1,
  SPREAD_BYTES_2_3,
} from "./tables";

export class Q8_0 {
  get blockBytes(): usize {
    return 34;
  }

  /** Weights of -128 are legal here. The plain build is faster with bytes widened. */
  dot(block: usize, x0: v128, x1: v128): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) {
      const w0 = againstSigned(v128.load(block, 2), x0);
      const w1 = againstSigned(v128.load(block, 18), x1);
      return addDots(addDots(i32x4.splat(0), w0, i8x16.abs(x0)), w1, i8x16.abs(x1));
    }
    const low = i32x4.add(
      i32x4.dot_i16x8_s(v128.load8x8_s(block, 2), i16x8.extend_low_i8x16_s(x0)),
      i32x4.dot_i16x8_s(v128.load8x8_s(block, 10), i16x8.extend_high_i8x16_s(x0)),
    );
    const high = i32x4.add(
      i32x4.dot_i16x8_s(v128.load8x8_s(block, 18), i16x8.extend_low_i8x16_s(x1)),
      i32x4.dot_i16x8_s(v128.load8x8_s(block, 26), i16x8.extend_high_i8x16_s(x1)),
    );
    return i32x4.add(low, high);
  }

  offset(activations: usize): v128 {
    if (ASC_FEATURE_RELAXED_SIMD) return v128.load32_splat(activations, Q8_0_NEGATIVES);
    return i32x4.splat(0);
  }

  add(result: v128, sums: v128, r0: usize, r1: usize, r2: usize, r3: usize, x: usize): v128 {
    return addTimesHalf(result, sums, r0, r1, r2, r3, x);
  }
}

export class Q4_0 {
  get blockBytes(): usize {
    return 18;
  }

  dot(block: usize, x0: v128, x1: v128): v128 {
    return dotNibbles(block + 2, x0, x1);
  }

  offset(activations: usize): v128 {
    return i32x4.neg(i32x4.shl(v128.load32_splat(activations, Q8_0_SUM), 3)); // -8 * sum
  }

  add(result: v128, sums: v128, r0: usize, r1: usize, r2: usize, r3: usize, x: usize): v128 {
    return addTimesHalf(result, sums, r0, r1, r2, r3, x);
  }
}

export class Q4_1 {
  get blockBytes(): usize {
    return 20;
  }

  dot(block: usize, x0: v128, x1: v128): v128 {
    return dotNibbles(block + 4, x0, x1);
  }

  offset(_activations: usize): v128 {
    return i32x4.splat(0);
  }

  add(result: v128, sums: v128, r0: usize, r1: usize, r2: usize, r3: usize, x: usize): v128 {
    return addWithMinima(result, sums, r0, r1, r2, r3, x);
  }
}

export class Q5_0 {
  get blockBytes(): usize {
    return 22;
  }

  dot(block: usize, x0: v128, x1: v128): v128 {
    return dotFiveBits(block + 2, x0, x1);
  }

  offset(activations: usize): v128 {
    return i32x4.neg(i32x4.shl(v128.load32_splat(activations, Q8_0_SUM), 4)); // -16 * sum
  }

  add(result: v128, sums: v128, r0: usize, r1: usize, r2: usize, r3: usize, x: usize): v128 {
    return addTimesHalf(result, sums, r0, r1, r2, r3, x);
  }
}

export class Q5_1 {
  get blockBytes(): usize {
    return 24;
  }

  dot(block: usize, x0: v128, x1: v128): v128 {
    return dotFiveBits(block + 4, x0, x1);
  }

  offset(_activations: usize): v128 {
    return i32x4.splat(0);
  }

  add(result: v128, sums: v128, r0: usize, r1: usize, r2: usize, r3: usize, x: usize): v128 {
    return addWithMinima(result, sums, r0, r1, r2, r3, x);
  }
}

/** 32 nibbles with 32 activations. */
function dotNibbles(nibbles: usize, x0: v128, x1: v128): v128 {
  const bytes = v128.load(nibbles);
  const mask = v128.load(LOW_NIBBLE);
  const products = i16x8.add(
    dotPairs(x0, v128.and(bytes, mask)),
    dotPairs(x1, v128.and(i16x8.shr_u(bytes, 4), mask)),
  );
  return i32x4.dot_i16x8_s(products, v128.load(ONES_I16));
}

/** 32 five-bit values with 32 activations: a u32 of fifth bits, then the nibbles. */
function dotFiveBits(block: usize, x0: v128, x1: v128): v128 {
  const bits = v128.load32_splat(block);
  const bytes = v128.load(block, 4);
  const mask = v128.load(LOW_NIBBLE);
  const first = withFifthBits(v128.and(bytes, mask), bits, SPREAD_BYTES_0_1);
  const second = withFifthBits(v128.and(i16x8.shr_u(bytes, 4), mask), bits, SPREAD_BYTES_2_3);
  const products = i16x8.add(dotPairs(x0, first), dotPairs(x1, second));
  return i32x4.dot_i16x8_s(products, v128.load(ONES_I16));
}

/** `nibbles`, plus 16 in byte i where byte `spread[i]` of `bits` has bit `i % 8` set. */
function withFifthBits(nibbles: v128, bits: v128, spread: usize): v128 {
  const bit = v128.load(BIT_OF_BYTE);
  const isSet = i8x16.eq(v128.and(pick(bits, v128.load(spread)), bit), bit);
  return v128.or(nibbles, v128.and(isSet, v128.load(BIT_4)));
}

/** `(result + sums * (d * activation scale)) + m * sum term`; blocks begin with d and m. */
function addWithMinima(
  result: v128,
  sums: v128,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
): v128 {
  const words = gatherWords(row0, row1, row2, row3);
  const products = f32x4.mul(sums, timesHalves(words, activations, Q8_0_SCALE));
  const minima = timesHalves(i32x4.shr_u(words, 16), activations, Q8_0_SUM_TERM);
  return f32x4.add(f32x4.add(result, products), minima);
}
