/**
 * One query head over the cached positions `[begin, end)`: scores, softmax, weighted values.
 *
 *   query   [headSize] f32
 *   keys    position p's key is at `keys + p * keyStride` (bytes): [headSize] f32 or f16
 *   values  position p's value is at `values + p * valueStride`: [valueSize] f32 or f16
 *   scores  scratch for `end - begin` f32; holds the attention weights afterwards
 *   output  [valueSize] f32
 *
 * A score's bits depend on its key alone (the summation order is that of floats.ts), and each
 * output value adds `weight * value` in the order of positions, so the result depends neither on
 * how a prompt was cut into batches nor on the thread that ran the head. `end` is above `begin`.
 */

import { scale, softmax } from "./elementwise";
import { dotQuad, loadFour, loadOne } from "./floats";

export function attendF32(
  query: usize,
  keys: usize,
  values: usize,
  scores: usize,
  output: usize,
  headSize: i32,
  valueSize: i32,
  begin: i32,
  end: i32,
  keyStride: i32,
  valueStride: i32,
  factor: f32,
): void {
  scoreKeys<f32>(query, keys, scores, headSize, begin, end, keyStride);
  scale(scores, factor, scores, end - begin);
  softmax(scores, end - begin);
  mixValues<f32>(scores, values, output, valueSize, begin, end, valueStride);
}

export function attendF16(
  query: usize,
  keys: usize,
  values: usize,
  scores: usize,
  output: usize,
  headSize: i32,
  valueSize: i32,
  begin: i32,
  end: i32,
  keyStride: i32,
  valueStride: i32,
  factor: f32,
): void {
  scoreKeys<u16>(query, keys, scores, headSize, begin, end, keyStride);
  scale(scores, factor, scores, end - begin);
  softmax(scores, end - begin);
  mixValues<u16>(scores, values, output, valueSize, begin, end, valueStride);
}

/** `scores[p - begin] = query . key p`, four keys at a time; the last may repeat. */
function scoreKeys<T>(
  query: usize,
  keys: usize,
  scores: usize,
  headSize: i32,
  begin: i32,
  end: i32,
  keyStride: i32,
): void {
  const stride = <usize>keyStride;
  const last = end - 1;
  for (let position = begin; position < end; position += 4) {
    const second = min(position + 1, last);
    const third = min(position + 2, last);
    const fourth = min(position + 3, last);
    const sums = dotQuad<T>(
      keys + <usize>position * stride,
      keys + <usize>second * stride,
      keys + <usize>third * stride,
      keys + <usize>fourth * stride,
      query,
      headSize,
    );
    v128.store32_lane(scores + ((<usize>(position - begin)) << 2), sums, 0);
    v128.store32_lane(scores + ((<usize>(second - begin)) << 2), sums, 1);
    v128.store32_lane(scores + ((<usize>(third - begin)) << 2), sums, 2);
    v128.store32_lane(scores + ((<usize>(fourth - begin)) << 2), sums, 3);
  }
}

/** `output = sum over p of weights[p - begin] * value p`, in the order of p. */
function mixValues<T>(
  weights: usize,
  values: usize,
  output: usize,
  valueSize: i32,
  begin: i32,
  end: i32,
  valueStride: i32,
): void {
  memory.fill(output, 0, (<usize>valueSize) << 2);
  const stride = <usize>valueStride;
  let value = values + <usize>begin * stride;
  let position = begin;
  // Four positions per pass save three of four trips of the output through memory.
  for (; position < end - 3; position += 4, weights += 16, value += 4 * stride) {
    addFour<T>(weights, value, stride, output, valueSize);
  }
  for (; position < end; position++, weights += 4, value += stride) {
    addOne<T>(weights, value, output, valueSize);
  }
}

function addFour<T>(
  weights: usize,
  value0: usize,
  stride: usize,
  output: usize,
  valueSize: i32,
): void {
  const weight0 = v128.load32_splat(weights, 0);
  const weight1 = v128.load32_splat(weights, 4);
  const weight2 = v128.load32_splat(weights, 8);
  const weight3 = v128.load32_splat(weights, 12);
  const value1 = value0 + stride;
  const value2 = value1 + stride;
  const value3 = value2 + stride;
  const whole = valueSize & ~3;
  for (let column = 0; column < whole; column += 4) {
    const at = <usize>column * sizeof<T>();
    const place = output + ((<usize>column) << 2);
    let sum = v128.load(place);
    sum = f32x4.add(sum, f32x4.mul(loadFour<T>(value0 + at), weight0));
    sum = f32x4.add(sum, f32x4.mul(loadFour<T>(value1 + at), weight1));
    sum = f32x4.add(sum, f32x4.mul(loadFour<T>(value2 + at), weight2));
    sum = f32x4.add(sum, f32x4.mul(loadFour<T>(value3 + at), weight3));
    v128.store(place, sum);
  }
  for (let column = whole; column < valueSize; column++) {
    const at = <usize>column * sizeof<T>();
    const place = output + ((<usize>column) << 2);
    let sum = v128.load32_splat(place);
    sum = f32x4.add(sum, f32x4.mul(loadOne<T>(value0 + at), weight0));
    sum = f32x4.add(sum, f32x4.mul(loadOne<T>(value1 + at), weight1));
    sum = f32x4.add(sum, f32x4.mul(loadOne<T>(value2 + at), weight2));
    sum = f32x4.add(sum, f32x4.mul(loadOne<T>(value3 + at), weight3));
    v128.store32_lane(place, sum, 0);
  }
}

function addOne<T>(weights: usize, value: usize, output: usize, valueSize: i32): void {
  const weight = v128.load32_splat(weights);
  const whole = valueSize & ~3;
  for (let column = 0; column < whole; column += 4) {
    const place = output + ((<usize>column) << 2);
    const product = f32x4.mul(loadFour<T>(value + <usize>column * sizeof<T>()), weight);
    v128.store(place, f32x4.add(v128.load(place), product));
  }
  for (let column = whole; column < valueSize; column++) {
    const place = output + ((<usize>column) << 2);
    const product = f32x4.mul(loadOne<T>(value + <usize>column * sizeof<T>()), weight);
    v128.store32_lane(place, f32x4.add(v128.load32_splat(place), product), 0);
  }
}
