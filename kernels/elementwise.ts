/**
 * Norms, softmax and the element-by-element steps. Counts may be any number: what is left after
 * the last multiple of four goes through the same vector arithmetic, padded.
 */

import { exponential } from "./exponential";
import { ONES_F32 } from "./tables";

/**
 * RMS norm of each row: `y = (x * (1 / sqrt(mean(x^2) + epsilon))) * gain`, as ggml computes it:
 * squares rounded to f32 and summed in f64 (even and odd columns apart, then together), the mean
 * rounded to f32. `gain` is the address of `width` f32, or 0 for none. `output` may be `x`.
 */
export function rmsNorm(
  x: usize,
  gain: usize,
  output: usize,
  width: i32,
  rows: i32,
  epsilon: f32,
): void {
  for (let row = 0; row < rows; row++) {
    const mean = <f32>(sumOfSquares(x, width) / <f64>width);
    const factor: f32 = 1 / sqrt<f32>(mean + epsilon);
    for (let column = 0; column < (width & ~3); column += 4) {
      const at = (<usize>column) << 2;
      let value = f32x4.mul(v128.load(x + at), f32x4.splat(factor));
      if (gain !== 0) value = f32x4.mul(value, v128.load(gain + at));
      v128.store(output + at, value);
    }
    for (let column = width & ~3; column < width; column++) {
      const at = (<usize>column) << 2;
      const value = load<f32>(x + at) * factor;
      store<f32>(output + at, gain !== 0 ? value * load<f32>(gain + at) : value);
    }
    x += (<usize>width) << 2;
    output += (<usize>width) << 2;
  }
}

function sumOfSquares(x: usize, width: i32): f64 {
  let sums = f64x2.splat(0);
  const vectors = x + ((<usize>(width & ~3)) << 2);
  const end = x + ((<usize>width) << 2);
  for (; x < vectors; x += 16) {
    const value = v128.load(x);
    sums = addToDoubles(sums, f32x4.mul(value, value));
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; x < end; x += 4) sum += <f64>(load<f32>(x) * load<f32>(x));
  return sum;
}

/** Adds four f32 to two f64: lanes 0 and 1, then lanes 2 and 3. */
function addToDoubles(sums: v128, values: v128): v128 {
  const later = v128.shuffle<i64>(values, values, 1, 0);
  return f64x2.add(
    f64x2.add(sums, f64x2.promote_low_f32x4(values)),
    f64x2.promote_low_f32x4(later),
  );
}

/**
 * Softmax in place: `exp(x - max(x))` times the reciprocal of its sum (an f64). -Infinity becomes
 * 0. A NaN, a +Infinity or nothing but -Infinity makes every value NaN. `count` is at least 1.
 */
export function softmax(x: usize, count: i32): void {
  const highest = f32x4.splat(largest(x, count));
  const vectors = x + ((<usize>(count & ~3)) << 2);
  const end = x + ((<usize>count) << 2);
  let sums = f64x2.splat(0);
  let address = x;
  for (; address < vectors; address += 16) {
    const value = exponential(f32x4.sub(v128.load(address), highest));
    v128.store(address, value);
    sums = addToDoubles(sums, value);
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; address < end; address += 4) {
    const value = exponential(f32x4.sub(v128.load32_splat(address), highest));
    v128.store32_lane(address, value, 0);
    sum += <f64>f32x4.extract_lane(value, 0);
  }
  scale(x, <f32>(1 / sum), x, count);
}

/** The largest of `count` f32; NaN if there is one. */
function largest(x: usize, count: i32): f32 {
  const vectors = x + ((<usize>(count & ~3)) << 2);
  const end = x + ((<usize>count) << 2);
  let highest = v128.load32_splat(x);
  for (; x < vectors; x += 16) highest = f32x4.max(highest, v128.load(x));
  for (; x < end; x += 4) highest = f32x4.max(highest, v128.load32_splat(x));
  return max(
    max(f32x4.extract_lane(highest, 0), f32x4.extract_lane(highest, 1)),
    max(f32x4.extract_lane(highest, 2), f32x4.extract_lane(highest, 3)),
  );
}

/** `output = silu(gate) * up`, silu(x) = x / (1 + exp(-x)). `output` may be either input. */
export function swiglu(gate: usize, up: usize, output: usize, count: i32): void {
  const vectors = gate + ((<usize>(count & ~3)) << 2);
  const end = gate + ((<usize>count) << 2);
  for (; gate < vectors; gate += 16, up += 16, output += 16) {
    v128.store(output, f32x4.mul(silu(v128.load(gate)), v128.load(up)));
  }
  for (; gate < end; gate += 4, up += 4, output += 4) {
    const value = f32x4.mul(silu(v128.load32_splat(gate)), v128.load32_splat(up));
    v128.store32_lane(output, value, 0);
  }
}

function silu(x: v128): v128 {
  return f32x4.div(x, f32x4.add(v128.load(ONES_F32), exponential(f32x4.neg(x))));
}

/** `output = a + b`. `output` may be either input. */
export function add(a: usize, b: usize, output: usize, count: i32): void {
  const vectors = a + ((<usize>(count & ~3)) << 2);
  const end = a + ((<usize>count) << 2);
  for (; a < vectors; a += 16, b += 16, output += 16) {
    v128.store(output, f32x4.add(v128.load(a), v128.load(b)));
  }
  for (; a < end; a += 4, b += 4, output += 4) store<f32>(output, load<f32>(a) + load<f32>(b));
}

/** `output = x * factor`. `output` may be `x`. */
export function scale(x: usize, factor: f32, output: usize, count: i32): void {
  const vectors = x + ((<usize>(count & ~3)) << 2);
  const end = x + ((<usize>count) << 2);
  const factors = f32x4.splat(factor);
  for (; x < vectors; x += 16, output += 16) {
    v128.store(output, f32x4.mul(v128.load(x), factors));
  }
  for (; x < end; x += 4, output += 4) store<f32>(output, load<f32>(x) * factor);
}

/** `output += x * factor`, the product rounded before the sum. */
export function addScaled(x: usize, factor: f32, output: usize, count: i32): void {
  const vectors = x + ((<usize>(count & ~3)) << 2);
  const end = x + ((<usize>count) << 2);
  const factors = f32x4.splat(factor);
  for (; x < vectors; x += 16, output += 16) {
    v128.store(output, f32x4.add(v128.load(output), f32x4.mul(v128.load(x), factors)));
  }
  for (; x < end; x += 4, output += 4) {
    store<f32>(output, load<f32>(output) + load<f32>(x) * factor);
  }
}
