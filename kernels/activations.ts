/**
 * Activation rounding: rows of f32 into the integer blocks that the matvec kernels multiply with,
 * by the rules of ggml's CPU backend (`quantize_row_q8_0`, `quantize_row_q8_K`). A block that
 * holds an infinity or a NaN gets an infinite or NaN scale, so its products are NaN.
 *
 * One layout serves Q8_0 and Q8_1 (they round alike; Q8_1 adds the sum term), 48 bytes:
 *   i8[32] @0, f32 scale @32 (an f16 value), f32 sum term @36, i32 sum of the quants @40,
 *   i32 sum of the negative quants' magnitudes @44
 * Q8_K, 336 bytes:
 *   i8[256] @0, i16 sums of 16 quants [16] @256, i16 sums of 32 quants [8] @288,
 *   i16 sums of the magnitudes of the negative among 32 quants [8] @304, f32 scale @320
 * (What the negatives' sums are for: `againstSigned` in lanes.ts.)
 */

import { throughHalf } from "./half";
import { FLOAT_MAGNITUDE } from "./tables";

export const Q8_0_BYTES: usize = 48;
export const Q8_0_SCALE: usize = 32;
export const Q8_0_SUM_TERM: usize = 36;
export const Q8_0_SUM: usize = 40;
export const Q8_0_NEGATIVES: usize = 44;

export const Q8_K_BYTES: usize = 336;
export const Q8_K_SUMS_16: usize = 256;
export const Q8_K_SUMS_32: usize = 288;
export const Q8_K_NEGATIVES_32: usize = 304;
export const Q8_K_SCALE: usize = 320;

/** Encodes `tokens` rows of `columns` f32 (a multiple of 32) as Q8_0/Q8_1 blocks. */
export function encodeQ8_0(x: usize, output: usize, columns: i32, tokens: i32): void {
  const end = x + ((<usize>columns) << 2) * <usize>tokens;
  for (; x < end; x += 128, output += Q8_0_BYTES) {
    const largest = largestMagnitude(x, 32);
    const inverse: f32 = largest !== 0 ? 127 / largest : 0;
    const sum = sumLanes(
      i32x4.add(
        encode16(x, output, f32x4.splat(inverse)),
        encode16(x + 64, output + 16, f32x4.splat(inverse)),
      ),
    );
    const scale: f32 = largest / 127;
    store<f32>(output, throughHalf(scale), Q8_0_SCALE);
    store<f32>(output, throughHalf(scale * <f32>sum), Q8_0_SUM_TERM);
    store<i32>(output, sum, Q8_0_SUM);
    store<i32>(output, negativesOf32(output), Q8_0_NEGATIVES);
  }
}

/** Encodes `tokens` rows of `columns` f32 (a multiple of 256) as Q8_K blocks. */
export function encodeQ8_K(x: usize, output: usize, columns: i32, tokens: i32): void {
  const end = x + ((<usize>columns) << 2) * <usize>tokens;
  for (; x < end; x += 1024, output += Q8_K_BYTES) {
    const extreme = extremeValue(x); // becomes -127
    const inverse: f32 = extreme !== 0 ? -127 / extreme : 0;
    const scale: f32 = extreme !== 0 ? 1 / inverse : 0;
    for (let group: usize = 0; group < 16; group++) {
      const sums = encode16(x + 64 * group, output + 16 * group, f32x4.splat(inverse));
      store<i16>(output + 2 * group, <i16>sumLanes(sums), Q8_K_SUMS_16);
    }
    const pairs = i32x4.extadd_pairwise_i16x8_s(v128.load(output, Q8_K_SUMS_16));
    const morePairs = i32x4.extadd_pairwise_i16x8_s(v128.load(output, Q8_K_SUMS_16 + 16));
    v128.store(output, i16x8.narrow_i32x4_s(pairs, morePairs), Q8_K_SUMS_32);
    for (let group: usize = 0; group < 8; group++) {
      store<i16>(output + 2 * group, <i16>negativesOf32(output + 32 * group), Q8_K_NEGATIVES_32);
    }
    v128.store(output, f32x4.replace_lane(f32x4.splat(0), 0, scale), Q8_K_SCALE);
  }
}

/** Replaces `tokens` rows of f32 by the values their Q8_0 encoding stands for. */
export function roundQ8_0(x: usize, output: usize, columns: i32, tokens: i32): void {
  const end = x + ((<usize>columns) << 2) * <usize>tokens;
  for (; x < end; x += 128, output += 128) {
    const largest = largestMagnitude(x, 32);
    const inverse: f32 = largest !== 0 ? 127 / largest : 0;
    roundBlock(x, output, 32, inverse, throughHalf(largest / 127));
  }
}

/** Replaces `tokens` rows of f32 by the values their Q8_K encoding stands for. */
export function roundQ8_K(x: usize, output: usize, columns: i32, tokens: i32): void {
  const end = x + ((<usize>columns) << 2) * <usize>tokens;
  for (; x < end; x += 1024, output += 1024) {
    const extreme = extremeValue(x);
    const inverse: f32 = extreme !== 0 ? -127 / extreme : 0;
    roundBlock(x, output, 256, inverse, extreme !== 0 ? 1 / inverse : 0);
  }
}

/** Sixteen f32 to sixteen i8: nearest, ties to even. Returns partial sums of the quants. */
export function encode16(x: usize, output: usize, inverse: v128): v128 {
  const low = i16x8.narrow_i32x4_s(quants(x, inverse), quants(x + 16, inverse));
  const high = i16x8.narrow_i32x4_s(quants(x + 32, inverse), quants(x + 48, inverse));
  // Rounding can reach 128 only for the value that set the scale; narrowing makes that 127.
  const bytes = i8x16.narrow_i16x8_s(low, high);
  v128.store(output, bytes);
  return i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(bytes));
}

/** The sum of the magnitudes of the negative ones among 32 quants. */
function negativesOf32(quants: usize): i32 {
  const zero = i32x4.splat(0);
  const low = i16x8.extadd_pairwise_i8x16_s(i8x16.min_s(v128.load(quants, 0), zero));
  const high = i16x8.extadd_pairwise_i8x16_s(i8x16.min_s(v128.load(quants, 16), zero));
  return -sumLanes(i32x4.extadd_pairwise_i16x8_s(i16x8.add(low, high)));
}

function sumLanes(sums: v128): i32 {
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  );
}

function quants(x: usize, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse)));
}

function roundBlock(x: usize, output: usize, count: usize, inverse: f32, scale: f32): void {
  for (const end = x + 4 * count; x < end; x += 16, output += 16) {
    const quant = f32x4.nearest(f32x4.mul(v128.load(x), f32x4.splat(inverse)));
    const limited = f32x4.min(quant, f32x4.splat(127));
    v128.store(output, f32x4.mul(limited, f32x4.splat(scale)));
  }
}

/** The largest magnitude of `count` f32 (a multiple of 4); NaN if there is one. */
export function largestMagnitude(x: usize, count: usize): f32 {
  let largest = f32x4.splat(0);
  for (const end = x + 4 * count; x < end; x += 16) {
    largest = f32x4.max(largest, v128.and(v128.load(x), v128.load(FLOAT_MAGNITUDE)));
  }
  return max(
    max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
  );
}

/** The first value of largest magnitude in a superblock, with its sign; NaN if there is one. */
function extremeValue(x: usize): f32 {
  const largest = largestMagnitude(x, 256);
  for (const end = x + 1024; x < end; x += 4) {
    if (abs(load<f32>(x)) === largest) return load<f32>(x);
  }
  return NaN; // nothing equals a NaN
}
