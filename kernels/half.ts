/**
 * IEEE binary16 and bfloat16, four at a time, without hardware conversion (WASM has none).
 * Technique: Fabian Giesen, "Float->half conversions", https://gist.github.com/rygorous/2156668;
 * every branch of it is a select here. No subnormal f32 ever enters an operation, because those
 * cost over 100 cycles on some CPUs and the scales of Q4_K blocks are often subnormal halves.
 */

import {
  BRAIN_MASK,
  BRAIN_ROUND_BIAS,
  FLOAT_INFINITY,
  FLOAT_MAGNITUDE,
  HALF_BITS_SHIFTED,
  HALF_INFINITY,
  HALF_MAGNITUDE,
  HALF_NAN,
  HALF_OVERFLOW,
  HALF_SIGN,
  HALF_SIGN_AND_REST,
  LARGEST_FINITE_SHIFTED,
  ONES_I32,
  QUIET_BIT,
  REBIAS,
  ROUND_BIAS,
  SMALLEST_NORMAL_HALF,
  SMALLEST_NORMAL_SHIFTED,
  SUBNORMAL_ALIGN,
  TWO_TO_112,
} from "./tables";

/** Widens the f16 in the low half of each 32-bit lane (the high half is ignored). Exact. */
export function widenHalves(halves: v128): v128 {
  const magnitude = i32x4.shl(v128.and(halves, v128.load(HALF_MAGNITUDE)), 13);
  const sign = i32x4.shl(v128.and(halves, v128.load(HALF_SIGN)), 16);
  const rebias = v128.load(REBIAS);
  const smallest = v128.load(SMALLEST_NORMAL_HALF);
  const isSpecial = i32x4.gt_s(magnitude, v128.load(LARGEST_FINITE_SHIFTED));
  // Infinity and NaN need the exponent 255, twice the rebias above 31.
  const normal = i32x4.add(i32x4.add(magnitude, rebias), v128.and(isSpecial, rebias));
  // A subnormal's bits become the fraction of 2^-14 * 1.fraction; take the 1 away.
  const subnormal = f32x4.sub(i32x4.add(magnitude, smallest), smallest);
  const isSubnormal = i32x4.lt_s(magnitude, v128.load(SMALLEST_NORMAL_SHIFTED));
  return v128.or(v128.bitselect(subnormal, normal, isSubnormal), sign);
}

/**
 * Widens four f16, each sign-extended to 32 bits: fewer steps than `widenHalves`, for rows of f16.
 * Exact as well, but a subnormal half passes through a subnormal f32, which is slow on some CPUs.
 */
export function widenManyHalves(halves: v128): v128 {
  const bits = v128.and(i32x4.shl(halves, 13), v128.load(HALF_BITS_SHIFTED));
  const value = f32x4.mul(bits, v128.load(TWO_TO_112));
  // Infinity and NaN have come out as 65536 and more: give them the exponent 255.
  const isSpecial = f32x4.ge(f32x4.abs(value), v128.load(HALF_OVERFLOW));
  return v128.or(value, v128.and(isSpecial, v128.load(FLOAT_INFINITY)));
}

/**
 * The first four of eight f16, each times 2^-112: moved to where an f32 has its exponent and fraction,
 * it keeps its own bias. Infinity and NaN become ordinary numbers: `hasSpecial` finds them. `mask` is
 * HALF_SIGN_AND_REST, for loops to keep in a register.
 */
export function lowScaledHalves(halves: v128, mask: v128): v128 {
  const upper = v128.and(i16x8.shr_s(halves, 3), mask);
  return v128.shuffle<i16>(i16x8.shl(halves, 13), upper, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** The other four. */
export function highScaledHalves(halves: v128, mask: v128): v128 {
  const upper = v128.and(i16x8.shr_s(halves, 3), mask);
  return v128.shuffle<i16>(i16x8.shl(halves, 13), upper, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** The larger of what `largest` holds and of eight f16 without their signs, all times two, as u16. */
export function largestHalves(largest: v128, halves: v128): v128 {
  return i16x8.max_u(largest, i16x8.add(halves, halves));
}

/** Whether an infinity or a NaN was among those that made `largest`. */
export function hasSpecial(largest: v128): bool {
  return v128.any_true(i16x8.gt_u(largest, i16x8.splat(<i16>0xf7ff)));
}

/** The first four of eight bfloat16. */
export function lowBrains(brains: v128): v128 {
  return v128.shuffle<i16>(i32x4.splat(0), brains, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** The other four. */
export function highBrains(brains: v128): v128 {
  return v128.shuffle<i16>(i32x4.splat(0), brains, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Widens `count` f16 to f32. Exact. */
export function widenHalfRow(x: usize, output: usize, count: i32): void {
  let largest = i32x4.splat(0);
  const factor = v128.load(TWO_TO_112);
  const mask = v128.load(HALF_SIGN_AND_REST);
  const begin = x;
  const eights = x + ((<usize>(count & ~7)) << 1);
  for (; x < eights; x += 16, output += 32) {
    const halves = v128.load(x);
    largest = largestHalves(largest, halves);
    v128.store(output, f32x4.mul(lowScaledHalves(halves, mask), factor), 0);
    v128.store(output, f32x4.mul(highScaledHalves(halves, mask), factor), 16);
  }
  if (hasSpecial(largest)) {
    output -= (x - begin) << 1;
    x = begin;
  }
  for (const end = begin + ((<usize>count) << 1); x < end; x += 2, output += 4) {
    v128.store32_lane(output, widenManyHalves(i32x4.splat(<i32>load<i16>(x))), 0);
  }
}

/** Widens `count` bfloat16 to f32. Exact. */
export function widenBrainRow(x: usize, output: usize, count: i32): void {
  const eights = x + ((<usize>(count & ~7)) << 1);
  const end = x + ((<usize>count) << 1);
  for (; x < eights; x += 16, output += 32) {
    const brains = v128.load(x);
    v128.store(output, lowBrains(brains), 0);
    v128.store(output, highBrains(brains), 16);
  }
  for (; x < end; x += 2, output += 4) store<u32>(output, (<u32>load<u16>(x)) << 16);
}

/** Rounds four f32 to f16 (nearest, ties to even) in the low half of each 32-bit lane. */
export function narrowHalves(values: v128): v128 {
  const magnitude = v128.and(values, v128.load(FLOAT_MAGNITUDE));
  const sign = v128.and(i32x4.shr_u(values, 16), v128.load(HALF_SIGN));
  // Normal: add just under half of the lost bits, one more if the kept part is odd.
  const odd = v128.and(i32x4.shr_u(magnitude, 13), v128.load(ONES_I32));
  const rounded = i32x4.add(i32x4.add(magnitude, v128.load(ROUND_BIAS)), odd);
  const normal = i32x4.shr_u(i32x4.sub(rounded, v128.load(REBIAS)), 13);
  // Subnormal: adding 0.5 lets the float adder shift and round; the bits are then the fraction.
  const align = v128.load(SUBNORMAL_ALIGN);
  const subnormal = i32x4.sub(f32x4.add(magnitude, align), align);
  const isSubnormal = i32x4.lt_s(magnitude, v128.load(SMALLEST_NORMAL_HALF));
  const finite = v128.bitselect(subnormal, normal, isSubnormal);
  const nan = i32x4.gt_s(magnitude, v128.load(FLOAT_INFINITY));
  const special = v128.bitselect(v128.load(HALF_NAN), v128.load(HALF_INFINITY), nan);
  const isOverflow = i32x4.ge_s(magnitude, v128.load(HALF_OVERFLOW));
  return v128.or(v128.bitselect(special, finite, isOverflow), sign);
}

/** One f32 rounded to the nearest f16 and back. */
export function throughHalf(value: f32): f32 {
  return f32x4.extract_lane(widenHalves(narrowHalves(f32x4.splat(value))), 0);
}

/** Rounds four f32 to bfloat16 (nearest, ties to even; NaN stays NaN) and back. */
function throughBrain(values: v128): v128 {
  const odd = v128.and(i32x4.shr_u(values, 16), v128.load(ONES_I32));
  const rounded = i32x4.add(i32x4.add(values, v128.load(BRAIN_ROUND_BIAS)), odd);
  const nan = f32x4.ne(values, values); // a NaN could round up into infinity
  const quiet = v128.or(values, v128.load(QUIET_BIT));
  return v128.and(v128.bitselect(quiet, rounded, nan), v128.load(BRAIN_MASK));
}

/** Rounds `count` f32 to the f32 values of the nearest f16. `output` may be `x`. */
export function roundF16(x: usize, output: usize, count: i32): void {
  const vectors = x + ((<usize>(count & ~3)) << 2);
  const end = x + ((<usize>count) << 2);
  for (; x < vectors; x += 16, output += 16) {
    v128.store(output, widenHalves(narrowHalves(v128.load(x))));
  }
  for (; x < end; x += 4, output += 4) store<f32>(output, throughHalf(load<f32>(x)));
}

/** Rounds `count` f32 to the f32 values of the nearest bfloat16. `output` may be `x`. */
export function roundBF16(x: usize, output: usize, count: i32): void {
  const vectors = x + ((<usize>(count & ~3)) << 2);
  const end = x + ((<usize>count) << 2);
  for (; x < vectors; x += 16, output += 16) v128.store(output, throughBrain(v128.load(x)));
  for (; x < end; x += 4, output += 4) {
    store<f32>(output, f32x4.extract_lane(throughBrain(v128.load32_splat(x)), 0));
  }
}

/** Stores `count` f32 as f16, two bytes each, rounded to nearest even; overflow gives infinity. */
export function storeHalf(x: usize, output: usize, count: i32): void {
  const vectors = x + ((<usize>(count & ~3)) << 2);
  const end = x + ((<usize>count) << 2);
  for (; x < vectors; x += 16, output += 8) {
    const halves = narrowHalves(v128.load(x));
    v128.store64_lane(output, i16x8.narrow_i32x4_u(halves, halves), 0);
  }
  for (; x < end; x += 4, output += 2) {
    store<u16>(output, <u16>i32x4.extract_lane(narrowHalves(v128.load32_splat(x)), 0));
  }
}
