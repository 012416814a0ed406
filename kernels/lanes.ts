/**
 * Vector helpers shared by the matvec kernels. The three functions at the top are the only place
 * where the plain and the relaxed build differ, and they give the same integers in both.
 */

import { EVEN_BYTES, ONES_I16 } from "./tables";

/**
 * Products of signed bytes with bytes 0..127, neighbours summed: 16 bytes in, eight i16 out.
 * Exact: 2 * 128 * 127 fits an i16. Relaxed SIMD has this as one instruction (vpmaddubsw on x86).
 */
export function dotPairs(signed: v128, small: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_dot<i16>(signed, small);
  const evenSigned = i16x8.shr_s(i16x8.shl(signed, 8), 8);
  const evenSmall = v128.and(small, v128.load(EVEN_BYTES));
  return i16x8.add(
    i16x8.mul(evenSigned, evenSmall),
    i16x8.mul(i16x8.shr_s(signed, 8), i16x8.shr_u(small, 8)),
  );
}

/**
 * The products of `dotPairs`, summed by fours and added to `sum`: 16 bytes in, four i32 out. Relaxed
 * SIMD has this too: one instruction (vpdpbusd) on an x86 with AVX-VNNI, five on an older one.
 */
export function addDots(sum: v128, signed: v128, small: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_dot_add<i32>(signed, small, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(dotPairs(signed, small), v128.load(ONES_I16)));
}

/** `result[i] = bytes[indices[i]]`; indices are 0..15. */
export function pick(bytes: v128, indices: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_swizzle(bytes, indices);
  return i8x16.swizzle(bytes, indices);
}

/**
 * Signed weights made ready to meet the magnitudes of signed activations, for `dotPairs` and `addDots`
 * want one side unsigned: `w` where x is not negative, else `~w`, which is `-w - 1` and exists even for
 * -128. What that -1 leaves out is the sum of the magnitudes of the negative x; it depends on the
 * activations alone, so their encoding has it.
 */
export function againstSigned(weights: v128, x: v128): v128 {
  return v128.xor(weights, i8x16.lt_s(x, i32x4.splat(0)));
}

/** The 16-bit words at four addresses, each in the low half of a lane; the high halves are zero. */
export function gatherHalves(a: usize, b: usize, c: usize, d: usize): v128 {
  const two = v128.load16_lane(b, v128.load16_lane(a, i32x4.splat(0), 0), 2);
  return v128.load16_lane(d, v128.load16_lane(c, two, 4), 6);
}

/** The 32-bit words at four addresses. */
export function gatherWords(a: usize, b: usize, c: usize, d: usize): v128 {
  const two = v128.load32_lane(b, v128.load32_zero(a), 1);
  return v128.load32_lane(d, v128.load32_lane(c, two, 2), 3);
}

/** The four lane sums of four integer vectors: `[sum(a), sum(b), sum(c), sum(d)]`. */
export function sumEach(a: v128, b: v128, c: v128, d: v128): v128 {
  // Only interleavings that are one instruction on x86 and ARM.
  const ab = i32x4.add(interleaveLow(a, b), interleaveHigh(a, b)); // a0+a2, b0+b2, a1+a3, b1+b3
  const cd = i32x4.add(interleaveLow(c, d), interleaveHigh(c, d));
  return i32x4.add(
    v128.shuffle<i64>(ab, cd, 0, 2), // a0+a2, b0+b2, c0+c2, d0+d2
    v128.shuffle<i64>(ab, cd, 1, 3),
  );
}

/** The lane sums of two integer vectors: `[sum(a), sum(b), sum(a), sum(b)]`. */
export function sumBoth(a: v128, b: v128): v128 {
  const ab = i32x4.add(interleaveLow(a, b), interleaveHigh(a, b));
  return i32x4.add(ab, v128.shuffle<i64>(ab, ab, 1, 0));
}

/** The lane sums of four f32 vectors, each `(v0 + v2) + (v1 + v3)`. */
export function sumEachF32(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(interleaveLow(a, b), interleaveHigh(a, b));
  const cd = f32x4.add(interleaveLow(c, d), interleaveHigh(c, d));
  return f32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

function interleaveLow(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

function interleaveHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}
