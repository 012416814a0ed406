/**
 * Rows of F32, F16 or BF16 against f32 activations, four rows at a time.
 *
 * Summation order of one row, whatever its place among the four: lane j of four adds the products
 * of columns j, j + 4, j + 8, ... in turn; then `(lane0 + lane2) + (lane1 + lane3)`; then the
 * up to three columns after the last multiple of four, one by one. Every product is rounded.
 *
 * AssemblyScript has no half types: `T` is f32, u16 for an f16 or i16 for a bfloat16.
 */

import { highBrains, lowBrains, widenManyHalves } from "./half";
import { sumEachF32 } from "./lanes";

/** Four consecutive values of type `T` as f32. */
function loadFour<T>(address: usize): v128 {
  if (sizeof<T>() === 4) return v128.load(address);
  const halves = v128.load16x4_s(address);
  return isSigned<T>() ? i32x4.shl(halves, 16) : widenManyHalves(halves);
}

/** One value of type `T` in every lane. */
function loadOne<T>(address: usize): v128 {
  if (sizeof<T>() === 4) return v128.load32_splat(address);
  const halves = i32x4.splat(<i32>load<i16>(address));
  return isSigned<T>() ? i32x4.shl(halves, 16) : widenManyHalves(halves);
}

/** Adds the products of eight consecutive values. */
function addEight<T>(sum: v128, row: usize, x0: v128, x1: v128): v128 {
  if (isSigned<T>() && sizeof<T>() === 2) {
    const brains = v128.load(row);
    sum = f32x4.add(sum, f32x4.mul(lowBrains(brains), x0));
    return f32x4.add(sum, f32x4.mul(highBrains(brains), x1));
  }
  sum = f32x4.add(sum, f32x4.mul(loadFour<T>(row), x0));
  return f32x4.add(sum, f32x4.mul(loadFour<T>(row + 4 * sizeof<T>()), x1));
}

/** Dot products of four rows (by address) with one f32 vector, one row in each lane. */
export function dotQuad<T>(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
  columns: i32,
): v128 {
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  const eights = activations + ((<usize>(columns & ~7)) << 2);
  const end = activations + ((<usize>columns) << 2);
  for (; activations < eights; activations += 32) {
    const x0 = v128.load(activations, 0);
    const x1 = v128.load(activations, 16);
    sum0 = addEight<T>(sum0, row0, x0, x1);
    sum1 = addEight<T>(sum1, row1, x0, x1);
    sum2 = addEight<T>(sum2, row2, x0, x1);
    sum3 = addEight<T>(sum3, row3, x0, x1);
    row0 += 8 * sizeof<T>();
    row1 += 8 * sizeof<T>();
    row2 += 8 * sizeof<T>();
    row3 += 8 * sizeof<T>();
  }
  if (columns & 4) {
    const x = v128.load(activations);
    sum0 = f32x4.add(sum0, f32x4.mul(loadFour<T>(row0), x));
    sum1 = f32x4.add(sum1, f32x4.mul(loadFour<T>(row1), x));
    sum2 = f32x4.add(sum2, f32x4.mul(loadFour<T>(row2), x));
    sum3 = f32x4.add(sum3, f32x4.mul(loadFour<T>(row3), x));
    row0 += 4 * sizeof<T>();
    row1 += 4 * sizeof<T>();
    row2 += 4 * sizeof<T>();
    row3 += 4 * sizeof<T>();
    activations += 16;
  }
  return addRest<T>(sumEachF32(sum0, sum1, sum2, sum3), row0, row1, row2, row3, activations, end);
}

/** Adds the columns after the last multiple of four, one by one. */
function addRest<T>(
  sums: v128,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
  end: usize,
): v128 {
  for (; activations < end; activations += 4) {
    const column = inEachLane(
      loadOne<T>(row0),
      loadOne<T>(row1),
      loadOne<T>(row2),
      loadOne<T>(row3),
    );
    sums = f32x4.add(sums, f32x4.mul(column, v128.load32_splat(activations)));
    row0 += sizeof<T>();
    row1 += sizeof<T>();
    row2 += sizeof<T>();
    row3 += sizeof<T>();
  }
  return sums;
}

/** Lane 0 of `a`, lane 1 of `b`, lane 2 of `c`, lane 3 of `d`. */
function inEachLane(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = v128.shuffle<i32>(a, b, 0, 5, 2, 7);
  const cd = v128.shuffle<i32>(c, d, 0, 5, 2, 7);
  return v128.shuffle<i32>(ab, cd, 0, 1, 6, 7);
}

/** The dot product of two f32 vectors, in the order above. */
export function dotF32(a: usize, b: usize, columns: i32): f32 {
  return f32x4.extract_lane(dotQuad<f32>(a, a, a, a, b, columns), 0);
}

/** Rows of `T` as the row streams take them. */
export class Floats<T> {
  rowBytes(columns: i32): usize {
    return <usize>columns * sizeof<T>();
  }

  encodedBytes(columns: i32): usize {
    return (<usize>columns) << 2;
  }

  dotFour(row0: usize, row1: usize, row2: usize, row3: usize, x: usize, columns: i32): v128 {
    return dotQuad<T>(row0, row1, row2, row3, x, columns);
  }
}
