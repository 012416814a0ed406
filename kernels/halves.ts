/**
 * Matrices of F16 or BF16. With one or two tokens four rows are multiplied side by side; with more a row
 * is widened to f32 once and then meets four tokens at a time. The summation order is that of
 * floats.ts either way, and so are the bits.
 *
 * WebAssembly cannot convert an f16. Moved into the places of an f32's exponent and fraction it is worth
 * 2^-112 of itself, so the activations are multiplied by 2^112 instead: the same products, and the
 * weights need no multiplication. That is exact below 2^16; larger activations, and weights that
 * are infinite or NaN, go the longer way of `widenManyHalves`.
 */

import { dotQuad, Floats } from "./floats";
import {
  hasSpecial,
  highScaledHalves,
  largestHalves,
  lowScaledHalves,
  widenBrainRow,
  widenHalfRow,
} from "./half";
import { sumEachF32 } from "./lanes";
import { multiplyQuads } from "./rowStreams";
import {
  FLOAT_MAGNITUDE,
  HALF_OVERFLOW,
  HALF_SIGN_AND_REST,
  TWO_TO_112,
  TWO_TO_MINUS_112,
} from "./tables";

/** `T` is u16 for F16, i16 for BF16, as in floats.ts. */
export function multiplyHalves<T>(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  scratch: usize,
): void {
  const tokenBytes = (<usize>columns) << 2;
  const stride = (<usize>outputStride) << 2;
  // Of those left over three are treated as four.
  const together = min((tokens + 1) & ~3, tokens);
  if (together > 0) {
    multiplyWidened<T>(
      matrix,
      activations,
      output,
      columns,
      rowBegin,
      rowEnd,
      together,
      outputStride,
      scratch,
    );
  }
  for (let token = together; token < tokens; token++) {
    const x = activations + <usize>token * tokenBytes;
    const place = output + <usize>token * stride;
    if (!isSigned<T>() && scaledUp(x, scratch, columns)) {
      multiplyQuads<ScaledHalves>(matrix, scratch, place, columns, rowBegin, rowEnd, 1, 0);
    } else {
      multiplyQuads<Floats<T>>(matrix, x, place, columns, rowBegin, rowEnd, 1, 0);
    }
  }
}

/** Multiplies by 2^112; false if that is too much for an f32, or the columns do not go by eights. */
function scaledUp(x: usize, output: usize, columns: i32): bool {
  if ((columns & 7) !== 0) return false;
  const largest = scale(x, output, columns, TWO_TO_112);
  return v128.all_true<i32>(f32x4.lt(largest, v128.load(HALF_OVERFLOW)));
}

/** Row after row; where the tokens do not divide by four, the last is computed and stored again. */
function multiplyWidened<T>(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  scratch: usize,
): void {
  const tokenBytes = (<usize>columns) << 2;
  const stride = (<usize>outputStride) << 2;
  const last = <usize>(tokens - 1);
  for (let row = rowBegin; row < rowEnd; row++) {
    const weights = matrix + <usize>row * ((<usize>columns) << 1);
    if (isSigned<T>()) widenBrainRow(weights, scratch, columns);
    else widenHalfRow(weights, scratch, columns);
    const base = output + ((<usize>row) << 2);
    for (let token: usize = 0; token <= last; token += 4) {
      const second = min(token + 1, last);
      const third = min(token + 2, last);
      const fourth = min(token + 3, last);
      const sums = dotQuad<f32>(
        activations + token * tokenBytes,
        activations + second * tokenBytes,
        activations + third * tokenBytes,
        activations + fourth * tokenBytes,
        scratch,
        columns,
      );
      v128.store32_lane(base + token * stride, sums, 0);
      v128.store32_lane(base + second * stride, sums, 1);
      v128.store32_lane(base + third * stride, sums, 2);
      v128.store32_lane(base + fourth * stride, sums, 3);
    }
  }
}

/** Rows of f16 as the row streams take them, against activations times 2^112 that may be changed. */
class ScaledHalves {
  rowBytes(columns: i32): usize {
    return (<usize>columns) << 1;
  }

  encodedBytes(columns: i32): usize {
    return (<usize>columns) << 2;
  }

  @inline
  dotFour(row0: usize, row1: usize, row2: usize, row3: usize, x: usize, columns: i32): v128 {
    const bytes = (<usize>columns) << 1;
    const mask = v128.load(HALF_SIGN_AND_REST);
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    let largest = sum0;
    const end = x + ((<usize>columns) << 2);
    for (let at = x; at !== end; at += 32) {
      const x0 = v128.load(at, 0);
      const x1 = v128.load(at, 16);
      let halves = v128.load(row0);
      largest = largestHalves(largest, halves);
      sum0 = f32x4.add(sum0, f32x4.mul(lowScaledHalves(halves, mask), x0));
      sum0 = f32x4.add(sum0, f32x4.mul(highScaledHalves(halves, mask), x1));
      halves = v128.load(row1);
      largest = largestHalves(largest, halves);
      sum1 = f32x4.add(sum1, f32x4.mul(lowScaledHalves(halves, mask), x0));
      sum1 = f32x4.add(sum1, f32x4.mul(highScaledHalves(halves, mask), x1));
      halves = v128.load(row2);
      largest = largestHalves(largest, halves);
      sum2 = f32x4.add(sum2, f32x4.mul(lowScaledHalves(halves, mask), x0));
      sum2 = f32x4.add(sum2, f32x4.mul(highScaledHalves(halves, mask), x1));
      halves = v128.load(row3);
      largest = largestHalves(largest, halves);
      sum3 = f32x4.add(sum3, f32x4.mul(lowScaledHalves(halves, mask), x0));
      sum3 = f32x4.add(sum3, f32x4.mul(highScaledHalves(halves, mask), x1));
      row0 += 16;
      row1 += 16;
      row2 += 16;
      row3 += 16;
    }
    if (!hasSpecial(largest)) return sumEachF32(sum0, sum1, sum2, sum3);
    scale(x, x, columns, TWO_TO_MINUS_112);
    const sums = dotQuad<u16>(row0 - bytes, row1 - bytes, row2 - bytes, row3 - bytes, x, columns);
    scale(x, x, columns, TWO_TO_112);
    return sums;
  }
}

/** Multiplies `columns` f32 (a multiple of 4) by the factor in a table; returns the largest magnitudes. */
function scale(x: usize, output: usize, columns: i32, factor: usize): v128 {
  let largest = f32x4.splat(0);
  for (const end = x + ((<usize>columns) << 2); x < end; x += 16, output += 16) {
    const values = v128.load(x);
    largest = f32x4.max(largest, v128.and(values, v128.load(FLOAT_MAGNITUDE)));
    v128.store(output, f32x4.mul(values, v128.load(factor)));
  }
  return largest;
}
