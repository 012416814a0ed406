/**
 * exp of four f32, after Cephes `expf` (Stephen Moshier, netlib.org/cephes): x = n ln 2 + r with
 * |r| <= ln 2 / 2, then a polynomial in r, then two multiplications by powers of two (two, so that
 * 2^n never overflows or underflows before the product does).
 *
 * Error below 2 units in the last place where the result is normal. Below -103.97 the result is
 * 0, above 88.73 infinity; between -87.33 and -103.97 it is a rounded subnormal. NaN gives NaN.
 */

import {
  EXP_HIGHEST,
  EXP_LOWEST,
  EXP_POLYNOMIAL,
  EXPONENT_BIAS,
  LN2_HIGH,
  LN2_LOW,
  LOG2_E,
  ONES_F32,
} from "./tables";

export function exponential(x: v128): v128 {
  // The operand order of pmax and pmin lets a NaN through.
  x = f32x4.pmin(f32x4.pmax(x, v128.load(EXP_LOWEST)), v128.load(EXP_HIGHEST));
  const n = f32x4.nearest(f32x4.mul(x, v128.load(LOG2_E)));
  // ln 2 in two parts; n times the short first one is exact.
  let r = f32x4.sub(x, f32x4.mul(n, v128.load(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, v128.load(LN2_LOW)));

  let p = v128.load(EXP_POLYNOMIAL);
  p = f32x4.add(f32x4.mul(p, r), v128.load(EXP_POLYNOMIAL, 16));
  p = f32x4.add(f32x4.mul(p, r), v128.load(EXP_POLYNOMIAL, 32));
  p = f32x4.add(f32x4.mul(p, r), v128.load(EXP_POLYNOMIAL, 48));
  p = f32x4.add(f32x4.mul(p, r), v128.load(EXP_POLYNOMIAL, 64));
  p = f32x4.add(f32x4.mul(p, r), v128.load(EXP_POLYNOMIAL, 80));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), v128.load(ONES_F32));

  const power = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(power, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(power, half)));
}

/** 2^n for -126 <= n <= 127, by writing the exponent field. */
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, v128.load(EXPONENT_BIAS)), 23);
}
