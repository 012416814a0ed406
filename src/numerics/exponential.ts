/**
 * exp in f32, operation by operation as `kernels/exponential.ts` and `gpu/lib/exponential.wgsl` have it:
 * what must come out equal wherever it is computed, such as the weights of a routing.
 * Source: Cephes `expf` (Stephen Moshier, netlib.org/cephes).
 */

const { fround } = Math;

const log2OfE = fround(Math.LOG2E);
/** ln 2 in two parts; whole numbers up to 150 times the short first one are exact. */
const ln2High = fround(0.693359375);
const ln2Low = fround(-2.1219444e-4);
/** The polynomial's coefficients, the highest power's first. */
const c5 = fround(1.98756915e-4);
const c4 = fround(1.3981999507e-3);
const c3 = fround(8.3334519073e-3);
const c2 = fround(4.1665795894e-2);
const c1 = fround(1.6666665459e-1);
const c0 = fround(5.0000001201e-1);
/** Adding and subtracting it rounds an f32 below 2^22 to the nearest whole number, ties to even. */
const roundsToWhole = 1.5 * 2 ** 23;

/** The least exponent that a limited argument has. */
const leastPower = -150;

/** 2^n for n from `leastPower` to 128. */
const powersOfTwo = Float64Array.from(
  { length: 128 - leastPower + 1 },
  (_, i) => 2 ** (i + leastPower),
);

/**
 * exp(x) as an f32, within two units in the last place; subnormal below -87.33, 0 below -103.97,
 * infinite above 88.73.
 *
 * @param x an f32
 */
export function exponential(x: number): number {
  const limited = x < -104 ? -104 : x > 89 ? 89 : x;
  const n = fround(fround(fround(limited * log2OfE) + roundsToWhole) - roundsToWhole);
  const r = fround(fround(limited - fround(n * ln2High)) - fround(n * ln2Low));

  let p = fround(fround(c5 * r) + c4);
  p = fround(fround(p * r) + c3);
  p = fround(fround(p * r) + c2);
  p = fround(fround(p * r) + c1);
  p = fround(fround(p * r) + c0);
  p = fround(fround(fround(p * fround(r * r)) + r) + 1);

  // Exact in f64, so rounded once, as the kernel's two multiplications by powers of two do.
  return fround(p * powersOfTwo[n - leastPower]);
}
