/**
 * Formats whose blocks are wider than those of their activations, four rows at a time: a block of 64 or
 * 128 values meets two or four Q8_0 blocks of activations.
 *
 * Layouts (d: f16):
 *   Q1_0  18 B, 128 values: d @0, bits[16] @2, bit i % 8 of byte i / 8 for value i     d or -d
 *   Q2_0  18 B,  64 values: d @0, bit pairs[16] @2, pair i % 4 of byte i / 4          d * (q - 1)
 *   NVFP4 36 B,  64 values: a scale for each 16 values [4] @0 (unsigned E4M3), then as many times
 *                8 bytes: code j in the low, code j + 8 in the high nibble   scale / 2 * twice E2M1
 *
 * Products with 32 activations (NVFP4: with 16) are summed exactly as integers; each row then adds
 * `f32(integer sum) * (weight scale * activation scale)`, in turn.
 */

import { Q8_0_BYTES, Q8_0_SCALE, Q8_0_SUM } from "./activations";
import { widenHalves } from "./half";
import { dotPairs, gatherHalves, gatherWords, pick, sumEach } from "./lanes";
import {
  BIT_OF_BYTE,
  DOUBLED_E2M1,
  HALVED_E4M3,
  LOW_NIBBLE,
  LOW_TWO_BITS,
  ONES_I16,
  SPREAD_BYTES_0_1,
  SPREAD_BYTES_2_3,
  TWOS_I8,
} from "./tables";

/** A format with one f16 scale before its codes, as the row streams take it. */
export class WideBlocks<F> {
  rowBytes(columns: i32): usize {
    return (<usize>columns / (32 * changetype<F>(0).parts)) * changetype<F>(0).blockBytes;
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
      const d = widenHalves(gatherHalves(row0, row1, row2, row3));
      for (let part: usize = 0; part < format.parts; part++) {
        const x0 = v128.load(x, 0);
        const x1 = v128.load(x, 16);
        const sums = sumEach(
          format.dot(row0, part, x0, x1),
          format.dot(row1, part, x0, x1),
          format.dot(row2, part, x0, x1),
          format.dot(row3, part, x0, x1),
        );
        // Codes are one too large, in either format.
        const whole = f32x4.convert_i32x4_s(i32x4.sub(sums, v128.load32_splat(x, Q8_0_SUM)));
        const scales = f32x4.mul(d, v128.load32_splat(x, Q8_0_SCALE));
        result = f32x4.add(result, f32x4.mul(whole, scales));
        x += Q8_0_BYTES;
      }
      row0 += format.blockBytes;
      row1 += format.blockBytes;
      row2 += format.blockBytes;
      row3 += format.blockBytes;
    } while (x !== end);
    return result;
  }
}

export class Q1_0 {
  get blockBytes(): usize {
    return 18;
  }

  /** Parts of 32 values. */
  get parts(): usize {
    return 4;
  }

  /** Set bits count 2. */
  dot(block: usize, part: usize, x0: v128, x1: v128): v128 {
    const bits = v128.load32_splat(block + 4 * part, 2);
    const products = i16x8.add(
      dotPairs(x0, twosWhereSet(bits, SPREAD_BYTES_0_1)),
      dotPairs(x1, twosWhereSet(bits, SPREAD_BYTES_2_3)),
    );
    return i32x4.dot_i16x8_s(products, v128.load(ONES_I16));
  }
}

/** 2 in byte i where byte `spread[i]` of `bits` has bit `i % 8` set, else 0. */
function twosWhereSet(bits: v128, spread: usize): v128 {
  const bit = v128.load(BIT_OF_BYTE);
  const isSet = i8x16.eq(v128.and(pick(bits, v128.load(spread)), bit), bit);
  return v128.and(isSet, v128.load(TWOS_I8));
}

export class Q2_0 {
  get blockBytes(): usize {
    return 18;
  }

  get parts(): usize {
    return 2;
  }

  dot(block: usize, part: usize, x0: v128, x1: v128): v128 {
    const mask = v128.load(LOW_TWO_BITS);
    const bytes = v128.load64_zero(block + 8 * part, 2);
    const first = v128.and(bytes, mask);
    const second = v128.and(i16x8.shr_u(bytes, 2), mask);
    const third = v128.and(i16x8.shr_u(bytes, 4), mask);
    const fourth = v128.and(i16x8.shr_u(bytes, 6), mask);
    // Values 4 j and 4 j + 1, then the other two of each byte.
    const early = interleave(first, second);
    const late = interleave(third, fourth);
    const w0 = v128.shuffle<i16>(early, late, 0, 8, 1, 9, 2, 10, 3, 11);
    const w1 = v128.shuffle<i16>(early, late, 4, 12, 5, 13, 6, 14, 7, 15);
    const products = i16x8.add(dotPairs(x0, w0), dotPairs(x1, w1));
    return i32x4.dot_i16x8_s(products, v128.load(ONES_I16));
  }
}

/** The low eight bytes of two vectors, in turns. */
function interleave(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

export class NVFP4 {
  rowBytes(columns: i32): usize {
    return <usize>(columns >> 6) * 36;
  }

  encodedBytes(columns: i32): usize {
    return <usize>(columns >> 5) * Q8_0_BYTES;
  }

  dotFour(row0: usize, row1: usize, row2: usize, row3: usize, x: usize, columns: i32): v128 {
    const end = x + this.encodedBytes(columns);
    let result = f32x4.splat(0);
    do {
      for (let part: usize = 0; part < 4; part++) {
        const quants = v128.load(x + 16 * (part & 1));
        const minus = i8x16.lt_s(quants, i32x4.splat(0));
        const magnitudes = i8x16.abs(quants);
        const sums = sumEach(
          dotCodes(row0 + 8 * part, magnitudes, minus),
          dotCodes(row1 + 8 * part, magnitudes, minus),
          dotCodes(row2 + 8 * part, magnitudes, minus),
          dotCodes(row3 + 8 * part, magnitudes, minus),
        );
        const scales = f32x4.mul(
          gatherWords(
            scaleAt(row0 + part),
            scaleAt(row1 + part),
            scaleAt(row2 + part),
            scaleAt(row3 + part),
          ),
          v128.load32_splat(x, Q8_0_SCALE),
        );
        result = f32x4.add(result, f32x4.mul(f32x4.convert_i32x4_s(sums), scales));
        x += Q8_0_BYTES * (part & 1);
      }
      row0 += 36;
      row1 += 36;
      row2 += 36;
      row3 += 36;
    } while (x !== end);
    return result;
  }
}

/** 16 values, four bytes behind `codes`, with activations by magnitude and sign. */
function dotCodes(codes: usize, magnitudes: v128, minus: v128): v128 {
  const bytes = v128.load64_zero(codes, 4);
  const both = v128.shuffle<i64>(bytes, i16x8.shr_u(bytes, 4), 0, 2);
  const values = pick(v128.load(DOUBLED_E2M1), v128.and(both, v128.load(LOW_NIBBLE)));
  const signed = i8x16.sub(v128.xor(values, minus), minus);
  return i32x4.dot_i16x8_s(dotPairs(signed, magnitudes), v128.load(ONES_I16));
}

/** Where the scale lies that a byte stands for. */
function scaleAt(byte: usize): usize {
  return HALVED_E4M3 + ((<usize>load<u8>(byte)) << 2);
}
