/**
 * The sums of attention.ts: f32 rows of consecutive positions (keys, then values) meet one query or two.
 * Two share the loads of the rows; each gets the bits it would get alone.
 */

import { dotQuad } from "./floats";
import { sumEachF32 } from "./lanes";

/** `scores[p] = query . key p` for `count` keys, four at a time; the last may repeat. */
export function scoreForOne(
  query: usize,
  keys: usize,
  scores: usize,
  headSize: i32,
  count: i32,
): void {
  const stride = (<usize>headSize) << 2;
  const last = count - 1;
  for (let position = 0; position < count; position += 4) {
    const second = min(position + 1, last);
    const third = min(position + 2, last);
    const fourth = min(position + 3, last);
    const sums = dotQuad<f32>(
      keys + <usize>position * stride,
      keys + <usize>second * stride,
      keys + <usize>third * stride,
      keys + <usize>fourth * stride,
      query,
      headSize,
    );
    storeScores(scores, position, second, third, fourth, sums);
  }
}

/** For two queries, the one behind the other. `headSize` is a multiple of 4. */
export function scoreForTwo(
  queries: usize,
  keys: usize,
  scores0: usize,
  scores1: usize,
  headSize: i32,
  count: i32,
): void {
  const stride = (<usize>headSize) << 2;
  const last = count - 1;
  for (let position = 0; position < count; position += 4) {
    const second = min(position + 1, last);
    const third = min(position + 2, last);
    const fourth = min(position + 3, last);
    let key0 = keys + <usize>position * stride;
    let key1 = keys + <usize>second * stride;
    let key2 = keys + <usize>third * stride;
    let key3 = keys + <usize>fourth * stride;
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    let other0 = sum0;
    let other1 = sum0;
    let other2 = sum0;
    let other3 = sum0;
    let query1 = queries + stride;
    for (let query0 = queries; query0 !== queries + stride; query0 += 16, query1 += 16) {
      const x = v128.load(query0);
      const y = v128.load(query1);
      let key = v128.load(key0);
      sum0 = f32x4.add(sum0, f32x4.mul(key, x));
      other0 = f32x4.add(other0, f32x4.mul(key, y));
      key = v128.load(key1);
      sum1 = f32x4.add(sum1, f32x4.mul(key, x));
      other1 = f32x4.add(other1, f32x4.mul(key, y));
      key = v128.load(key2);
      sum2 = f32x4.add(sum2, f32x4.mul(key, x));
      other2 = f32x4.add(other2, f32x4.mul(key, y));
      key = v128.load(key3);
      sum3 = f32x4.add(sum3, f32x4.mul(key, x));
      other3 = f32x4.add(other3, f32x4.mul(key, y));
      key0 += 16;
      key1 += 16;
      key2 += 16;
      key3 += 16;
    }
    const sums = sumEachF32(sum0, sum1, sum2, sum3);
    const others = sumEachF32(other0, other1, other2, other3);
    storeScores(scores0, position, second, third, fourth, sums);
    storeScores(scores1, position, second, third, fourth, others);
  }
}

function storeScores(
  scores: usize,
  first: i32,
  second: i32,
  third: i32,
  fourth: i32,
  sums: v128,
): void {
  v128.store32_lane(scores + ((<usize>first) << 2), sums, 0);
  v128.store32_lane(scores + ((<usize>second) << 2), sums, 1);
  v128.store32_lane(scores + ((<usize>third) << 2), sums, 2);
  v128.store32_lane(scores + ((<usize>fourth) << 2), sums, 3);
}

/** `output += sum over p of weights[p] * value p`, in the order of p. */
export function mixForOne(
  weights: usize,
  value: usize,
  output: usize,
  valueSize: i32,
  count: i32,
): void {
  const stride = (<usize>valueSize) << 2;
  // Four positions per pass save three of four trips of the output through memory.
  for (; count > 3; count -= 4, weights += 16, value += 4 * stride) {
    addFour(weights, value, output, valueSize);
  }
  for (; count > 0; count--, weights += 4, value += stride) {
    addOne(weights, value, output, valueSize);
  }
}

/** For two outputs, the one behind the other. `valueSize` is a multiple of 4. */
export function mixForTwo(
  weights0: usize,
  weights1: usize,
  value: usize,
  outputs: usize,
  valueSize: i32,
  count: i32,
): void {
  const stride = (<usize>valueSize) << 2;
  for (; count > 3; count -= 4, weights0 += 16, weights1 += 16, value += 4 * stride) {
    addFourToTwo(weights0, weights1, value, outputs, valueSize);
  }
  for (; count > 0; count--, weights0 += 4, weights1 += 4, value += stride) {
    addOne(weights0, value, outputs, valueSize);
    addOne(weights1, value, outputs + stride, valueSize);
  }
}

function addFourToTwo(
  weights0: usize,
  weights1: usize,
  value0: usize,
  outputs: usize,
  valueSize: i32,
): void {
  const stride = (<usize>valueSize) << 2;
  const a0 = v128.load32_splat(weights0, 0);
  const a1 = v128.load32_splat(weights0, 4);
  const a2 = v128.load32_splat(weights0, 8);
  const a3 = v128.load32_splat(weights0, 12);
  const b0 = v128.load32_splat(weights1, 0);
  const b1 = v128.load32_splat(weights1, 4);
  const b2 = v128.load32_splat(weights1, 8);
  const b3 = v128.load32_splat(weights1, 12);
  let value1 = value0 + stride;
  let value2 = value1 + stride;
  let value3 = value2 + stride;
  let output1 = outputs + stride;
  for (let output0 = outputs; output0 !== outputs + stride; output0 += 16, output1 += 16) {
    let sum = v128.load(output0);
    let other = v128.load(output1);
    let value = v128.load(value0);
    sum = f32x4.add(sum, f32x4.mul(value, a0));
    other = f32x4.add(other, f32x4.mul(value, b0));
    value = v128.load(value1);
    sum = f32x4.add(sum, f32x4.mul(value, a1));
    other = f32x4.add(other, f32x4.mul(value, b1));
    value = v128.load(value2);
    sum = f32x4.add(sum, f32x4.mul(value, a2));
    other = f32x4.add(other, f32x4.mul(value, b2));
    value = v128.load(value3);
    sum = f32x4.add(sum, f32x4.mul(value, a3));
    other = f32x4.add(other, f32x4.mul(value, b3));
    v128.store(output0, sum);
    v128.store(output1, other);
    value0 += 16;
    value1 += 16;
    value2 += 16;
    value3 += 16;
  }
}

function addFour(weights: usize, value0: usize, output: usize, valueSize: i32): void {
  const stride = (<usize>valueSize) << 2;
  const weight0 = v128.load32_splat(weights, 0);
  const weight1 = v128.load32_splat(weights, 4);
  const weight2 = v128.load32_splat(weights, 8);
  const weight3 = v128.load32_splat(weights, 12);
  let value1 = value0 + stride;
  let value2 = value1 + stride;
  let value3 = value2 + stride;
  const end = output + stride;
  for (const vectors = end - (stride & 12); output < vectors; output += 16) {
    let sum = v128.load(output);
    sum = f32x4.add(sum, f32x4.mul(v128.load(value0), weight0));
    sum = f32x4.add(sum, f32x4.mul(v128.load(value1), weight1));
    sum = f32x4.add(sum, f32x4.mul(v128.load(value2), weight2));
    sum = f32x4.add(sum, f32x4.mul(v128.load(value3), weight3));
    v128.store(output, sum);
    value0 += 16;
    value1 += 16;
    value2 += 16;
    value3 += 16;
  }
  for (; output < end; output += 4) {
    let sum = load<f32>(output);
    sum += load<f32>(value0) * load<f32>(weights, 0);
    sum += load<f32>(value1) * load<f32>(weights, 4);
    sum += load<f32>(value2) * load<f32>(weights, 8);
    sum += load<f32>(value3) * load<f32>(weights, 12);
    store<f32>(output, sum);
    value0 += 4;
    value1 += 4;
    value2 += 4;
    value3 += 4;
  }
}

function addOne(weights: usize, value: usize, output: usize, valueSize: i32): void {
  const weight = v128.load32_splat(weights);
  const end = output + ((<usize>valueSize) << 2);
  for (const vectors = end - (((<usize>valueSize) << 2) & 12); output < vectors; output += 16) {
    v128.store(output, f32x4.add(v128.load(output), f32x4.mul(v128.load(value), weight)));
    value += 16;
  }
  for (; output < end; output += 4, value += 4) {
    store<f32>(output, load<f32>(output) + load<f32>(value) * load<f32>(weights));
  }
}
