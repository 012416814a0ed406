/**
 * Formats of 32-element blocks against Q8_0 activations, four rows at a time.
 *
 * A block's products are summed exactly as integers; each row then adds, block after block,
 * `f32(integer sum) * (weight scale * activation scale)`. Q4_1 and Q5_1 also add
 * `minimum * sum term` after it. Four rows fill the four lanes of one f32 vector, so a row's
 * result does not depend on the lane it was given.
 *
 * Layouts (d, m: f16; "halves": byte j has value j in its low and value j + 16 in its high nibble):
 *   Q8_0 34 B: d @0, i8[32] @2                           value = d * q
 *   Q4_0 18 B: d @0, halves[16] @2                       value = d * (q - 8)
 *   Q4_1 20 B: d @0, m @2, halves[16] @4                 value = d * q + m
 *   Q5_0 22 B: d @0, u32 fifth bits @2, halves[16] @6    value = d * (q - 16)
 *   Q5_1 24 B: d @0, m @2, fifth bits @4, halves[16] @8  value = d * q + m
 */

import { Q8_0_BYTES, Q8_0_SCALE, Q8_0_SUM, Q8_0_SUM_TERM } from "./activations";
import { widenHalves } from "./half";
import { dotPairs, pick, sumEach } from "./lanes";
import {
  BIT_4,
  BIT_OF_BYTE,
  LOW_NIBBLE,
  ONES_I16,
  SPREAD_BYTES_0_1,
  SPREAD_BYTES_2_3,
} from "./tables";

export const Q8_0_BLOCK: usize = 34;
export const Q4_0_BLOCK: usize = 18;
export const Q4_1_BLOCK: usize = 20;
export const Q5_0_BLOCK: usize = 22;
export const Q5_1_BLOCK: usize = 24;

/** Weights of -128 are legal here, so bytes are widened: `dotPairs` wants one side unsigned. */
export function dotQuadQ8_0(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
  blocks: usize,
): v128 {
  const end = activations + blocks * Q8_0_BYTES;
  let result = f32x4.splat(0);
  do {
    const x0 = v128.load8x8_s(activations, 0);
    const x1 = v128.load8x8_s(activations, 8);
    const x2 = v128.load8x8_s(activations, 16);
    const x3 = v128.load8x8_s(activations, 24);
    const sums = sumEach(
      dotBytes(row0, x0, x1, x2, x3),
      dotBytes(row1, x0, x1, x2, x3),
      dotBytes(row2, x0, x1, x2, x3),
      dotBytes(row3, x0, x1, x2, x3),
    );
    const halves = loadHalves(row0, row1, row2, row3);
    const scales = timesHalves(halves, activations, Q8_0_SCALE);
    result = f32x4.add(result, f32x4.mul(f32x4.convert_i32x4_s(sums), scales));
    row0 += Q8_0_BLOCK;
    row1 += Q8_0_BLOCK;
    row2 += Q8_0_BLOCK;
    row3 += Q8_0_BLOCK;
    activations += Q8_0_BYTES;
  } while (activations !== end);
  return result;
}

export function dotQuadQ4_0(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
  blocks: usize,
): v128 {
  const end = activations + blocks * Q8_0_BYTES;
  let result = f32x4.splat(0);
  do {
    const low = v128.load(activations, 0);
    const high = v128.load(activations, 16);
    const sums = sumEach(
      dotNibbles(row0 + 2, low, high),
      dotNibbles(row1 + 2, low, high),
      dotNibbles(row2 + 2, low, high),
      dotNibbles(row3 + 2, low, high),
    );
    const offset = i32x4.shl(v128.load32_splat(activations, Q8_0_SUM), 3); // 8 * sum
    const halves = loadHalves(row0, row1, row2, row3);
    const scales = timesHalves(halves, activations, Q8_0_SCALE);
    const centred = f32x4.convert_i32x4_s(i32x4.sub(sums, offset));
    result = f32x4.add(result, f32x4.mul(centred, scales));
    row0 += Q4_0_BLOCK;
    row1 += Q4_0_BLOCK;
    row2 += Q4_0_BLOCK;
    row3 += Q4_0_BLOCK;
    activations += Q8_0_BYTES;
  } while (activations !== end);
  return result;
}

export function dotQuadQ4_1(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
  blocks: usize,
): v128 {
  const end = activations + blocks * Q8_0_BYTES;
  let result = f32x4.splat(0);
  do {
    const low = v128.load(activations, 0);
    const high = v128.load(activations, 16);
    const sums = sumEach(
      dotNibbles(row0 + 4, low, high),
      dotNibbles(row1 + 4, low, high),
      dotNibbles(row2 + 4, low, high),
      dotNibbles(row3 + 4, low, high),
    );
    const words = loadWords(row0, row1, row2, row3);
    const scales = timesHalves(words, activations, Q8_0_SCALE);
    const minima = timesHalves(i32x4.shr_u(words, 16), activations, Q8_0_SUM_TERM);
    const products = f32x4.mul(f32x4.convert_i32x4_s(sums), scales);
    result = f32x4.add(f32x4.add(result, products), minima);
    row0 += Q4_1_BLOCK;
    row1 += Q4_1_BLOCK;
    row2 += Q4_1_BLOCK;
    row3 += Q4_1_BLOCK;
    activations += Q8_0_BYTES;
  } while (activations !== end);
  return result;
}

export function dotQuadQ5_0(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
  blocks: usize,
): v128 {
  const end = activations + blocks * Q8_0_BYTES;
  let result = f32x4.splat(0);
  do {
    const low = v128.load(activations, 0);
    const high = v128.load(activations, 16);
    const sums = sumEach(
      dotFiveBits(row0 + 2, low, high),
      dotFiveBits(row1 + 2, low, high),
      dotFiveBits(row2 + 2, low, high),
      dotFiveBits(row3 + 2, low, high),
    );
    const offset = i32x4.shl(v128.load32_splat(activations, Q8_0_SUM), 4); // 16 * sum
    const halves = loadHalves(row0, row1, row2, row3);
    const scales = timesHalves(halves, activations, Q8_0_SCALE);
    const centred = f32x4.convert_i32x4_s(i32x4.sub(sums, offset));
    result = f32x4.add(result, f32x4.mul(centred, scales));
    row0 += Q5_0_BLOCK;
    row1 += Q5_0_BLOCK;
    row2 += Q5_0_BLOCK;
    row3 += Q5_0_BLOCK;
    activations += Q8_0_BYTES;
  } while (activations !== end);
  return result;
}

export function dotQuadQ5_1(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
  blocks: usize,
): v128 {
  const end = activations + blocks * Q8_0_BYTES;
  let result = f32x4.splat(0);
  do {
    const low = v128.load(activations, 0);
    const high = v128.load(activations, 16);
    const sums = sumEach(
      dotFiveBits(row0 + 4, low, high),
      dotFiveBits(row1 + 4, low, high),
      dotFiveBits(row2 + 4, low, high),
      dotFiveBits(row3 + 4, low, high),
    );
    const words = loadWords(row0, row1, row2, row3);
    const scales = timesHalves(words, activations, Q8_0_SCALE);
    const minima = timesHalves(i32x4.shr_u(words, 16), activations, Q8_0_SUM_TERM);
    const products = f32x4.mul(f32x4.convert_i32x4_s(sums), scales);
    result = f32x4.add(f32x4.add(result, products), minima);
    row0 += Q5_1_BLOCK;
    row1 += Q5_1_BLOCK;
    row2 += Q5_1_BLOCK;
    row3 += Q5_1_BLOCK;
    activations += Q8_0_BYTES;
  } while (activations !== end);
  return result;
}

/** 32 signed weight bytes, after the block's scale, with 32 widened activations. */
function dotBytes(block: usize, x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  return i32x4.add(
    i32x4.add(
      i32x4.dot_i16x8_s(v128.load8x8_s(block, 2), x0),
      i32x4.dot_i16x8_s(v128.load8x8_s(block, 10), x1),
    ),
    i32x4.add(
      i32x4.dot_i16x8_s(v128.load8x8_s(block, 18), x2),
      i32x4.dot_i16x8_s(v128.load8x8_s(block, 26), x3),
    ),
  );
}

/** 32 nibbles with 32 activations. */
function dotNibbles(nibbles: usize, low: v128, high: v128): v128 {
  const bytes = v128.load(nibbles);
  const mask = v128.load(LOW_NIBBLE);
  const products = i16x8.add(
    dotPairs(low, v128.and(bytes, mask)),
    dotPairs(high, v128.and(i16x8.shr_u(bytes, 4), mask)),
  );
  return i32x4.dot_i16x8_s(products, v128.load(ONES_I16));
}

/** 32 five-bit values with 32 activations: a u32 of fifth bits, then the nibbles. */
function dotFiveBits(block: usize, low: v128, high: v128): v128 {
  const bits = v128.load32_splat(block);
  const bytes = v128.load(block, 4);
  const mask = v128.load(LOW_NIBBLE);
  const first = withFifthBits(v128.and(bytes, mask), bits, SPREAD_BYTES_0_1);
  const second = withFifthBits(v128.and(i16x8.shr_u(bytes, 4), mask), bits, SPREAD_BYTES_2_3);
  const products = i16x8.add(dotPairs(low, first), dotPairs(high, second));
  return i32x4.dot_i16x8_s(products, v128.load(ONES_I16));
}

/** `nibbles`, plus 16 in byte i where byte `spread[i]` of `bits` has bit `i % 8` set. */
function withFifthBits(nibbles: v128, bits: v128, spread: usize): v128 {
  const bit = v128.load(BIT_OF_BYTE);
  const isSet = i8x16.eq(v128.and(pick(bits, v128.load(spread)), bit), bit);
  return v128.or(nibbles, v128.and(isSet, v128.load(BIT_4)));
}

/** The f16 in the low half of each lane times an f32 of the activation block. */
function timesHalves(halves: v128, activations: usize, field: usize): v128 {
  return f32x4.mul(widenHalves(halves), v128.load32_splat(activations + field));
}

/** The f16 at the start of four blocks, one in each 32-bit lane. */
function loadHalves(row0: usize, row1: usize, row2: usize, row3: usize): v128 {
  const zero = i32x4.splat(0);
  return v128.load16_lane(
    row3,
    v128.load16_lane(row2, v128.load16_lane(row1, v128.load16_lane(row0, zero, 0), 2), 4),
    6,
  );
}

/** The 32-bit word at the start of four blocks. */
function loadWords(row0: usize, row1: usize, row2: usize, row3: usize): v128 {
  return v128.load32_lane(
    row3,
    v128.load32_lane(row2, v128.load32_lane(row1, v128.load32_zero(row0), 1), 2),
    3,
  );
}
