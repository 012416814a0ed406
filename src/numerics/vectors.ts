/**
 * The element-by-element steps of a forward pass as formulas: sums in f64, results in f32. The WASM
 * kernels and the shaders are tested against these.
 */

/** The sum of `a[i] * b[i]`. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * Divides `x` by its root mean square, then multiplies by `gain` where there is one.
 * Source: Zhang and Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467.
 *
 * @param output as long as `x`; may be `x`
 */
export function rmsNorm(
  x: Float32Array,
  gain: Float32Array | undefined,
  epsilon: number,
  output: Float32Array,
): void {
  const factor = 1 / Math.sqrt(dot(x, x) / x.length + epsilon);
  for (let i = 0; i < x.length; i++) output[i] = x[i] * factor * (gain === undefined ? 1 : gain[i]);
}

/** In place: `exp(x)` over the sum of all `exp(x)`, computed relative to the largest. */
export function softmax(x: Float32Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of x) largest = Math.max(largest, value);
  let sum = 0;
  for (const value of x) sum += Math.exp(value - largest);
  for (let i = 0; i < x.length; i++) x[i] = Math.exp(x[i] - largest) / sum;
}

/** `x / (1 + exp(-x))`. Source: Elfwing et al., arXiv:1702.03118. */
function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** `silu(gate) * up`; `output` may be either. Source: Shazeer, arXiv:2002.05202. */
export function swiglu(gate: Float32Array, up: Float32Array, output: Float32Array): void {
  for (let i = 0; i < gate.length; i++) output[i] = silu(gate[i]) * up[i];
}

/** `a + b`; `output` may be either. */
export function add(a: Float32Array, b: Float32Array, output: Float32Array): void {
  for (let i = 0; i < a.length; i++) output[i] = a[i] + b[i];
}

/** `x * factor`; `output` may be `x`. */
export function scale(x: Float32Array, factor: number, output: Float32Array): void {
  for (let i = 0; i < x.length; i++) output[i] = x[i] * factor;
}

/** Adds `x * factor` to `output`, the product rounded to f32 before the sum. */
export function addScaled(x: Float32Array, factor: number, output: Float32Array): void {
  for (let i = 0; i < x.length; i++) output[i] += Math.fround(x[i] * factor);
}
