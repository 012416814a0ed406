/**
 * Rows of superblocks against several tokens: a row is unpacked once, to bytes that `dotPairs` takes
 * as they are, and then meets four tokens at a time. The integer sums and the f32 steps are those
 * of `Superblocks.dotTwo`, so a token's results have the same bits in whatever company it comes.
 *
 * A superblock of the unpacked row, the panel, takes 560 bytes:
 *   u8[256] weights @0, each 0..127, in the order of the activations; with their scales they make sums
 *           too large by 1 << `placeBits`
 *   i16[8] times 16: each scale spread over a vector @256; of formats with groups of 32 only 8
 *   i16[16] factors of the activations' sums of 16 @512: the minima, or what the offset takes away
 *   f32 d @544, f32 dmin @548
 */

import { Q8_K_BYTES, Q8_K_SCALE, Q8_K_SUMS_16 } from "./activations";
import { widenHalves } from "./half";
import { dotPairs, pick, sumBoth, sumEach } from "./lanes";
import { SPREAD_LANE } from "./tables";

export const PANEL_BYTES: usize = 560;
export const PANEL_SCALES: usize = 256;
export const PANEL_FACTORS: usize = 512;
export const PANEL_D: usize = 544;
const PANEL_DMIN: usize = 548;

/** What `grids.ts` adds to signed weights. */
export const LIFT: i8 = 64;

/** What `dotFourTokens` wants to know of the formats in grids.ts: all have panels of one kind. */
export class Lifted {
  get hasMinima(): bool {
    return false;
  }

  get placeBits(): i32 {
    return 0;
  }

  get groupElements(): i32 {
    return 16;
  }
}

/** One row times four tokens, one in each lane. */
export function dotFourTokens<F>(
  panel: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  superblocks: usize,
): v128 {
  const format = changetype<F>(0);
  const end = panel + superblocks * PANEL_BYTES;
  let result = f32x4.splat(0);
  let resultMinima = result;
  do {
    const factors0 = v128.load(panel, PANEL_FACTORS);
    const factors1 = v128.load(panel, PANEL_FACTORS + 16);
    let sum0 = timesSums(factors0, factors1, x0);
    let sum1 = timesSums(factors0, factors1, x1);
    let sum2 = timesSums(factors0, factors1, x2);
    let sum3 = timesSums(factors0, factors1, x3);
    const scales = scalesOf(x0, x1, x2, x3);
    if (format.hasMinima) {
      const minima = f32x4.convert_i32x4_s(sumEach(sum0, sum1, sum2, sum3));
      const outer = f32x4.mul(v128.load32_splat(panel, PANEL_DMIN), scales);
      resultMinima = f32x4.add(resultMinima, f32x4.mul(minima, outer));
      sum0 = i32x4.splat(0);
      sum1 = sum0;
      sum2 = sum0;
      sum3 = sum0;
    }
    let weights = panel;
    let scale = panel + PANEL_SCALES;
    do {
      let w0 = v128.load(weights, 0);
      let w1 = v128.load(weights, 16);
      if (format.groupElements === 32) {
        let both = v128.load(scale, 0);
        sum0 = i32x4.add(sum0, timesGroup(v128.load(x0, 0), v128.load(x0, 16), w0, w1, both));
        sum1 = i32x4.add(sum1, timesGroup(v128.load(x1, 0), v128.load(x1, 16), w0, w1, both));
        sum2 = i32x4.add(sum2, timesGroup(v128.load(x2, 0), v128.load(x2, 16), w0, w1, both));
        sum3 = i32x4.add(sum3, timesGroup(v128.load(x3, 0), v128.load(x3, 16), w0, w1, both));
        w0 = v128.load(weights, 32);
        w1 = v128.load(weights, 48);
        both = v128.load(scale, 16);
        sum0 = i32x4.add(sum0, timesGroup(v128.load(x0, 32), v128.load(x0, 48), w0, w1, both));
        sum1 = i32x4.add(sum1, timesGroup(v128.load(x1, 32), v128.load(x1, 48), w0, w1, both));
        sum2 = i32x4.add(sum2, timesGroup(v128.load(x2, 32), v128.load(x2, 48), w0, w1, both));
        sum3 = i32x4.add(sum3, timesGroup(v128.load(x3, 32), v128.load(x3, 48), w0, w1, both));
        weights += 64;
        scale += 32;
        x0 += 64;
        x1 += 64;
        x2 += 64;
        x3 += 64;
      } else {
        const first = v128.load(scale, 0);
        const second = v128.load(scale, 16);
        sum0 = addTwoGroups(sum0, v128.load(x0, 0), v128.load(x0, 16), w0, w1, first, second);
        sum1 = addTwoGroups(sum1, v128.load(x1, 0), v128.load(x1, 16), w0, w1, first, second);
        sum2 = addTwoGroups(sum2, v128.load(x2, 0), v128.load(x2, 16), w0, w1, first, second);
        sum3 = addTwoGroups(sum3, v128.load(x3, 0), v128.load(x3, 16), w0, w1, first, second);
        weights += 32;
        scale += 32;
        x0 += 32;
        x1 += 32;
        x2 += 32;
        x3 += 32;
      }
    } while (weights !== panel + 256);
    let sums = sumEach(sum0, sum1, sum2, sum3);
    if (format.placeBits !== 0) sums = i32x4.shr_s(sums, format.placeBits);
    const outer = f32x4.mul(v128.load32_splat(panel, PANEL_D), scales);
    result = f32x4.add(result, f32x4.mul(f32x4.convert_i32x4_s(sums), outer));
    panel += PANEL_BYTES;
    x0 += Q8_K_BYTES - 256;
    x1 += Q8_K_BYTES - 256;
    x2 += Q8_K_BYTES - 256;
    x3 += Q8_K_BYTES - 256;
  } while (panel !== end);
  return format.hasMinima ? f32x4.sub(result, resultMinima) : result;
}

/** One row of lifted weights times one token, with the bits of `dotFourTokens`. */
export function dotOneToken(panel: usize, x: usize, superblocks: usize): f32 {
  const end = panel + superblocks * PANEL_BYTES;
  let result: f32 = 0;
  do {
    const factors0 = v128.load(panel, PANEL_FACTORS);
    const factors1 = v128.load(panel, PANEL_FACTORS + 16);
    let sum = timesSums(factors0, factors1, x);
    let second = i32x4.splat(0);
    for (let at: usize = 0; at < 256; at += 32) {
      const scale = panel + PANEL_SCALES + at;
      const products0 = dotPairs(v128.load(x + at, 0), v128.load(panel + at, 0));
      const products1 = dotPairs(v128.load(x + at, 16), v128.load(panel + at, 16));
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(products0, v128.load(scale, 0)));
      second = i32x4.add(second, i32x4.dot_i16x8_s(products1, v128.load(scale, 16)));
    }
    const whole = i32x4.extract_lane(sumBoth(i32x4.add(sum, second), second), 0);
    result += <f32>whole * (load<f32>(panel, PANEL_D) * load<f32>(x, Q8_K_SCALE));
    panel += PANEL_BYTES;
    x += Q8_K_BYTES;
  } while (panel !== end);
  return result;
}

/** Sixteen i16 with the activations' sums of 16. */
function timesSums(factors0: v128, factors1: v128, x: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(factors0, v128.load(x, Q8_K_SUMS_16)),
    i32x4.dot_i16x8_s(factors1, v128.load(x, Q8_K_SUMS_16 + 16)),
  );
}

/** 32 weights of at most 31 with 32 activations, times their scale. */
function timesGroup(x0: v128, x1: v128, w0: v128, w1: v128, scale: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.add(dotPairs(x0, w0), dotPairs(x1, w1)), scale);
}

/** Twice 16 weights with 16 activations, times their scales. */
function addTwoGroups(
  sum: v128,
  x0: v128,
  x1: v128,
  w0: v128,
  w1: v128,
  scale0: v128,
  scale1: v128,
): v128 {
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(dotPairs(x0, w0), scale0));
  return i32x4.add(sum, i32x4.dot_i16x8_s(dotPairs(x1, w1), scale1));
}

/** The scales of four tokens' superblocks. */
function scalesOf(x0: usize, x1: usize, x2: usize, x3: usize): v128 {
  const two = v128.load32_lane(x1, v128.load32_zero(x0, Q8_K_SCALE), 1, Q8_K_SCALE);
  return v128.load32_lane(x3, v128.load32_lane(x2, two, 2, Q8_K_SCALE), 3, Q8_K_SCALE);
}

/** Stores eight vectors, each with one 16-bit lane in all lanes: for `unpack`. */
export function spreadLanes(lanes: v128, output: usize): void {
  for (let at: usize = 0; at < 128; at += 16) {
    v128.store(output + at, pick(lanes, v128.load(SPREAD_LANE + at)));
  }
}

/** Stores an f16 as d. */
export function storeD(half: usize, panel: usize): void {
  const d = widenHalves(v128.load16_lane(half, i32x4.splat(0), 0));
  v128.store32_lane(panel, d, 0, PANEL_D);
}

/** Stores two neighbouring f16 as d and dmin. */
export function storeDAndDmin(halves: usize, panel: usize): void {
  const both = i32x4.extend_low_i16x8_u(v128.load32_zero(halves));
  v128.store64_lane(panel, widenHalves(both), 0, PANEL_D);
}

/** Stores the scale of 16 lifted weights, and what the lift of these takes away. */
export function storeLiftedScale(panel: usize, group: usize, scale: u32): void {
  v128.store(panel + 16 * group, i16x8.splat(<i16>scale), PANEL_SCALES);
  store<i16>(panel + 2 * group, <i16>(-LIFT * <i32>scale), PANEL_FACTORS);
}
