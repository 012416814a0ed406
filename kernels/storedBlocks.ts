/**
 * Rows of f32 to Q8_0 blocks as files have them, and back: how a key-value cache can store keys and values.
 * Rounded as activations are (activations.ts), which is what ggml's CPU backend stores too.
 *
 *   Q8_0 34 B: d @0 (f16), i8[32] @2                     value = d * q
 */

import { encode16, largestMagnitude } from "./activations";
import { narrowHalves, widenHalves } from "./half";

export const Q8_0_STORED_BYTES: usize = 34;

/** Stores `count` f32, a multiple of 32. A block with an infinity or a NaN reads as NaN. */
export function storeQ8_0(x: usize, output: usize, count: i32): void {
  for (const end = x + ((<usize>count) << 2); x < end; x += 128, output += Q8_0_STORED_BYTES) {
    const largest = largestMagnitude(x, 32);
    const inverse = f32x4.splat(largest !== 0 ? 127 / largest : 0);
    encode16(x, output + 2, inverse);
    encode16(x + 64, output + 18, inverse);
    v128.store16_lane(output, narrowHalves(f32x4.splat(largest / 127)), 0);
  }
}

/** Reads `count` values, a multiple of 32, as f32. Every product is exact. */
export function widenQ8_0Row(block: usize, output: usize, count: i32): void {
  for (const end = output + ((<usize>count) << 2); output < end; block += Q8_0_STORED_BYTES) {
    const d = widenHalves(v128.load16_splat(block));
    for (let quants = block + 2; quants !== block + Q8_0_STORED_BYTES; quants += 8, output += 32) {
      const eight = v128.load8x8_s(quants);
      const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight));
      const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight));
      v128.store(output, f32x4.mul(low, d), 0);
      v128.store(output, f32x4.mul(high, d), 16);
    }
  }
}
