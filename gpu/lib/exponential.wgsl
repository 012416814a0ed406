// exp(x), operation by operation as kernels/exponential.ts has it, so that the bits are the same
// where an adapter rounds as IEEE 754 asks: x = n ln 2 + r, a polynomial in r, two powers of two.
// Source: Cephes `expf` (Stephen Moshier, netlib.org/cephes).
//
// Below -87.34 the result is subnormal; adapters may (and mostly do) make that 0.

fn exponential(x: f32) -> f32 {
  // Comparisons, not min and max, which may lose a NaN.
  let raised = select(x, -104.0, x < -104.0);
  let limited = select(raised, 89.0, raised > 89.0);
  let n = round(limited * 1.4426950408889634);
  // ln 2 in two parts; n times the short first one is exact.
  let r = (limited - n * 0.693359375) - n * -2.1219444e-4;

  var p = 1.98756915e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = (p * (r * r) + r) + 1.0;

  let power = i32(n);
  let half = power >> 1u;
  return (p * powerOfTwo(half)) * powerOfTwo(power - half);
}

// 2^n for -126 <= n <= 127, by writing the exponent field.
fn powerOfTwo(n: i32) -> f32 {
  return bitcast<f32>((n + 127) << 23u);
}
