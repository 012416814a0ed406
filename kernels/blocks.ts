/**
 * Formats of 32-value blocks against Q8_0 activations, four rows at a time.
 *
 * A block's products are summed exactly as integers; each row then adds, block after block,
 * `f32(integer sum) * (weight scale * activation scale)`. Q4_1 and Q5_1 also add
 * `minimum * sum term` after it. Four rows fill the four lanes of one f32 vector, so a row's
 * result does not depend on the lane it was given.
 *
 * A format is a class without fields, and `F` below one of them. There are no instances: its methods
 * are called on a null reference and compile to plain functions of their parameters. Each has
 *   blockBytes
 *   dot(block, x0, x1)                    four partial sums of 32 products with 32 i8 activations
 *   offset(activations)                   what `dot` leaves out, the same for all rows: i32x4
 *   add(result, sums, row0..row3, activations)   adds a block's sums, times the scales
 */

import { Q8_0_BYTES, Q8_0_SCALE } from "./activations";
import { widenHalves } from "./half";
import { gatherHalves, sumEach } from "./lanes";

/** The format `F` as the row streams take it. */
export class Blocks<F> {
  rowBytes(columns: i32): usize {
    return <usize>(columns >> 5) * changetype<F>(0).blockBytes;
  }

  encodedBytes(columns: i32): usize {
    return <usize>(columns >> 5) * Q8_0_BYTES;
  }

  /** Dot products of four rows (by address) with one encoded row, one row in each lane. */
  dotFour(row0: usize, row1: usize, row2: usize, row3: usize, x: usize, columns: i32): v128 {
    const format = changetype<F>(0);
    const end = x + this.encodedBytes(columns);
    let result = f32x4.splat(0);
    do {
      const x0 = v128.load(x, 0);
      const x1 = v128.load(x, 16);
      const sums = sumEach(
        format.dot(row0, x0, x1),
        format.dot(row1, x0, x1),
        format.dot(row2, x0, x1),
        format.dot(row3, x0, x1),
      );
      const whole = f32x4.convert_i32x4_s(i32x4.add(sums, format.offset(x)));
      result = format.add(result, whole, row0, row1, row2, row3, x);
      row0 += format.blockBytes;
      row1 += format.blockBytes;
      row2 += format.blockBytes;
      row3 += format.blockBytes;
      x += Q8_0_BYTES;
    } while (x !== end);
    return result;
  }
}

/** `result + sums * (d * activation scale)` with the f16 d that each block begins with. */
export function addTimesHalf(
  result: v128,
  sums: v128,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  activations: usize,
): v128 {
  const halves = gatherHalves(row0, row1, row2, row3);
  return f32x4.add(result, f32x4.mul(sums, timesHalves(halves, activations, Q8_0_SCALE)));
}

/** The f16 in the low half of each lane times an f32 of the activation block. */
export function timesHalves(halves: v128, activations: usize, field: usize): v128 {
  return f32x4.mul(widenHalves(halves), v128.load32_splat(activations + field));
}
