/**
 * Q2_K, Q3_K and Q6_K. Layouts (d, dmin: f16):
 *   Q2_K  84 B: scale and minimum nibbles [16] @0, bit pairs [64] @16, d @80, dmin @82
 *               value = d * scale * q - dmin * minimum
 *   Q3_K 110 B: third bits [32] @0, bit pairs [64] @32, six-bit scales [12] @96, d @108
 *               value = d * (scale - 32) * (q - 4)
 *   Q6_K 210 B: low nibbles [128] @0, upper bit pairs [64] @128, i8 scales [16] @192, d @208
 *               value = d * scale * (q - 32)
 * How their bits lie: runs.ts.
 */

import { dotFourRuns, unpackRuns } from "./runs";
import {
  BIT_2,
  BIT_4,
  BIT_6,
  BITS_2_AND_3,
  BITS_4_AND_5,
  LIFT_BYTES_BIT_PAIRS,
  LOW_NIBBLE,
  LOW_TWO_BITS,
} from "./tables";

/**
 * What the three formats differ in. A step's bytes are loaded by `first`, `second` and `third`; from
 * these `run0` to `run3` make 16 weights of each run. `scales` gives sixteen i8. Without minima, weights
 * come too large by 1 << `offsetBits`.
 */
export class Q2_K {
  get blockBytes(): usize {
    return 84;
  }

  get scaleAt(): usize {
    return 80;
  }

  get hasMinima(): bool {
    return true;
  }

  get offsetBits(): i32 {
    return 0;
  }

  get placeBits(): i32 {
    return 4;
  }

  get groupElements(): i32 {
    return 16;
  }

  dotFour(row0: usize, row1: usize, row2: usize, row3: usize, x: usize, end: usize): v128 {
    return dotFourRuns<Q2_K>(row0, row1, row2, row3, x, end);
  }

  unpack(block: usize, panel: usize): void {
    unpackRuns<Q2_K>(block, panel);
  }

  scales(block: usize): v128 {
    return v128.and(v128.load(block), v128.load(LOW_NIBBLE));
  }

  minima(block: usize): v128 {
    return v128.and(i16x8.shr_u(v128.load(block), 4), v128.load(LOW_NIBBLE));
  }

  first(block: usize, step: usize): v128 {
    return v128.load(block + 16 * step, 16);
  }

  second(_block: usize, _step: usize): v128 {
    return i32x4.splat(0);
  }

  third(_block: usize, _step: usize): v128 {
    return i32x4.splat(0);
  }

  run0(bits: v128, _: v128, __: v128): v128 {
    return v128.and(bits, v128.load(LOW_TWO_BITS));
  }

  run1(bits: v128, _: v128, __: v128): v128 {
    return v128.and(bits, v128.load(BITS_2_AND_3));
  }

  run2(bits: v128, _: v128, __: v128): v128 {
    return v128.and(bits, v128.load(BITS_4_AND_5));
  }

  /** Bits 6 and 7 would make bytes above 127. */
  run3(bits: v128, _: v128, __: v128): v128 {
    return v128.and(i16x8.shr_u(bits, 2), v128.load(BITS_4_AND_5));
  }
}

export class Q3_K {
  get blockBytes(): usize {
    return 110;
  }

  get scaleAt(): usize {
    return 108;
  }

  get hasMinima(): bool {
    return false;
  }

  get offsetBits(): i32 {
    return 2;
  }

  get placeBits(): i32 {
    return 4;
  }

  get groupElements(): i32 {
    return 16;
  }

  dotFour(row0: usize, row1: usize, row2: usize, row3: usize, x: usize, end: usize): v128 {
    return dotFourRuns<Q3_K>(row0, row1, row2, row3, x, end);
  }

  unpack(block: usize, panel: usize): void {
    unpackRuns<Q3_K>(block, panel);
  }

  /** In the file: low nibbles of eight scales, with those of the other eight above, then bit pairs. */
  scales(block: usize): v128 {
    const nibbles = v128.load64_zero(block, 96);
    const later = i16x8.shr_u(nibbles, 4);
    const low = v128.and(v128.shuffle<i64>(nibbles, later, 0, 2), v128.load(LOW_NIBBLE));
    const pairs = i32x4.mul(v128.load32_splat(block, 104), v128.load(LIFT_BYTES_BIT_PAIRS));
    const high = v128.and(i16x8.shr_u(pairs, 2), v128.load(BITS_4_AND_5));
    return i8x16.sub(v128.or(low, high), i8x16.splat(32));
  }

  minima(_block: usize): v128 {
    return i32x4.splat(0);
  }

  first(block: usize, step: usize): v128 {
    return v128.load(block + 16 * step, 32);
  }

  /** The third bits of a half's four runs, at bits 2 to 5 of each byte. */
  second(block: usize, step: usize): v128 {
    const bits = v128.load(block + 16 * (step & 1));
    return step < 2 ? i16x8.shl(bits, 2) : i16x8.shr_u(bits, 2);
  }

  third(_block: usize, _step: usize): v128 {
    return i32x4.splat(0);
  }

  run0(bits: v128, upper: v128, _: v128): v128 {
    return v128.or(v128.and(bits, v128.load(LOW_TWO_BITS)), v128.and(upper, v128.load(BIT_2)));
  }

  run1(bits: v128, upper: v128, _: v128): v128 {
    const third = v128.and(i16x8.shl(upper, 1), v128.load(BIT_4));
    return v128.or(v128.and(bits, v128.load(BITS_2_AND_3)), third);
  }

  run2(bits: v128, upper: v128, _: v128): v128 {
    const third = v128.and(i16x8.shl(upper, 2), v128.load(BIT_6));
    return v128.or(v128.and(bits, v128.load(BITS_4_AND_5)), third);
  }

  run3(bits: v128, upper: v128, _: v128): v128 {
    const third = v128.and(i16x8.shl(upper, 1), v128.load(BIT_6));
    return v128.or(v128.and(i16x8.shr_u(bits, 2), v128.load(BITS_4_AND_5)), third);
  }
}

export class Q6_K {
  get blockBytes(): usize {
    return 210;
  }

  get scaleAt(): usize {
    return 208;
  }

  get hasMinima(): bool {
    return false;
  }

  get offsetBits(): i32 {
    return 5;
  }

  get placeBits(): i32 {
    return 0;
  }

  get groupElements(): i32 {
    return 16;
  }

  dotFour(row0: usize, row1: usize, row2: usize, row3: usize, x: usize, end: usize): v128 {
    return dotFourRuns<Q6_K>(row0, row1, row2, row3, x, end);
  }

  unpack(block: usize, panel: usize): void {
    unpackRuns<Q6_K>(block, panel);
  }

  scales(block: usize): v128 {
    return v128.load(block, 192);
  }

  minima(_block: usize): v128 {
    return i32x4.splat(0);
  }

  /** Low nibbles of runs 0 and 2. */
  first(block: usize, step: usize): v128 {
    return v128.load(block + 16 * step + 16 * (step & 2));
  }

  /** Low nibbles of runs 1 and 3. */
  second(block: usize, step: usize): v128 {
    return v128.load(block + 16 * step + 16 * (step & 2), 32);
  }

  /** Upper bit pairs of all runs. */
  third(block: usize, step: usize): v128 {
    return v128.load(block + 16 * step, 128);
  }

  run0(nibbles: v128, _: v128, bits: v128): v128 {
    return sixBits(nibbles, i16x8.shl(bits, 4));
  }

  run1(_: v128, nibbles: v128, bits: v128): v128 {
    return sixBits(nibbles, i16x8.shl(bits, 2));
  }

  run2(nibbles: v128, _: v128, bits: v128): v128 {
    return sixBits(i16x8.shr_u(nibbles, 4), bits);
  }

  run3(_: v128, nibbles: v128, bits: v128): v128 {
    return sixBits(i16x8.shr_u(nibbles, 4), i16x8.shr_u(bits, 2));
  }
}

/** The low four bits of one and bits 4 and 5 of the other. */
function sixBits(low: v128, high: v128): v128 {
  return v128.or(v128.and(low, v128.load(LOW_NIBBLE)), v128.and(high, v128.load(BITS_4_AND_5)));
}
