/**
 * Superblocks with one scale for each 16 values, as the classes of runFormats.ts describe them.
 *
 * Q2_K, Q3_K and Q6_K scatter their bits alike. A half of a superblock is four runs of 32 values, and one
 * byte serves several runs: bit pair r of byte j is for value j of run r. So 16 bytes give 64 values, 16
 * of each run: a step. Four steps make a superblock, two to a half.
 *
 * Where a format has `placeBits`, its weights stay where their bits lie: those of runs 0 to 3 come too
 * large by 1, 4, 16 and 16. Scales times 16, 4, 1 and 1 even that out, and the whole sum, then 16 times
 * too large, is shifted back: exactly.
 *
 * Where values have an offset, it comes off through the activations' sums of 16.
 */

import { Q8_K_BYTES, Q8_K_SCALE, Q8_K_SUMS_16 } from "./activations";
import { widenHalves } from "./half";
import { dotPairs, gatherHalves, gatherWords, pick, sumEach } from "./lanes";
import { PANEL_FACTORS, PANEL_SCALES, spreadLanes, storeD, storeDAndDmin } from "./panels";
import { PLACE_FACTORS, SPREAD_LANE } from "./tables";

/** Four rows of superblocks, up to the end of the activations: one in each lane. */
export function dotFourRuns<F>(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  x: usize,
  end: usize,
): v128 {
  const format = changetype<F>(0);
  const steps = changetype<Steps<F>>(0);
  let result = f32x4.splat(0);
  let resultMinima = result;
  do {
    const scales0 = format.scales(row0);
    const scales1 = format.scales(row1);
    const scales2 = format.scales(row2);
    const scales3 = format.scales(row3);
    let sum0 = offsetSum<F>(scales0, x);
    let sum1 = offsetSum<F>(scales1, x);
    let sum2 = offsetSum<F>(scales2, x);
    let sum3 = offsetSum<F>(scales3, x);
    let half0 = placedScales<F>(i16x8.extend_low_i8x16_s(scales0));
    let half1 = placedScales<F>(i16x8.extend_low_i8x16_s(scales1));
    let half2 = placedScales<F>(i16x8.extend_low_i8x16_s(scales2));
    let half3 = placedScales<F>(i16x8.extend_low_i8x16_s(scales3));
    let x0 = v128.load(x, 0);
    let x1 = v128.load(x, 32);
    let x2 = v128.load(x, 64);
    let x3 = v128.load(x, 96);
    sum0 = steps.add(sum0, row0, 0, x0, x1, x2, x3, half0);
    sum1 = steps.add(sum1, row1, 0, x0, x1, x2, x3, half1);
    sum2 = steps.add(sum2, row2, 0, x0, x1, x2, x3, half2);
    sum3 = steps.add(sum3, row3, 0, x0, x1, x2, x3, half3);
    x0 = v128.load(x, 16);
    x1 = v128.load(x, 48);
    x2 = v128.load(x, 80);
    x3 = v128.load(x, 112);
    sum0 = steps.add(sum0, row0, 1, x0, x1, x2, x3, half0);
    sum1 = steps.add(sum1, row1, 1, x0, x1, x2, x3, half1);
    sum2 = steps.add(sum2, row2, 1, x0, x1, x2, x3, half2);
    sum3 = steps.add(sum3, row3, 1, x0, x1, x2, x3, half3);
    half0 = placedScales<F>(i16x8.extend_high_i8x16_s(scales0));
    half1 = placedScales<F>(i16x8.extend_high_i8x16_s(scales1));
    half2 = placedScales<F>(i16x8.extend_high_i8x16_s(scales2));
    half3 = placedScales<F>(i16x8.extend_high_i8x16_s(scales3));
    x0 = v128.load(x, 128);
    x1 = v128.load(x, 160);
    x2 = v128.load(x, 192);
    x3 = v128.load(x, 224);
    sum0 = steps.add(sum0, row0, 2, x0, x1, x2, x3, half0);
    sum1 = steps.add(sum1, row1, 2, x0, x1, x2, x3, half1);
    sum2 = steps.add(sum2, row2, 2, x0, x1, x2, x3, half2);
    sum3 = steps.add(sum3, row3, 2, x0, x1, x2, x3, half3);
    x0 = v128.load(x, 144);
    x1 = v128.load(x, 176);
    x2 = v128.load(x, 208);
    x3 = v128.load(x, 240);
    sum0 = steps.add(sum0, row0, 3, x0, x1, x2, x3, half0);
    sum1 = steps.add(sum1, row1, 3, x0, x1, x2, x3, half1);
    sum2 = steps.add(sum2, row2, 3, x0, x1, x2, x3, half2);
    sum3 = steps.add(sum3, row3, 3, x0, x1, x2, x3, half3);
    const sums = sumEach(sum0, sum1, sum2, sum3);
    const whole = f32x4.convert_i32x4_s(i32x4.shr_s(sums, format.placeBits));
    const at = format.scaleAt;
    const scale = v128.load32_splat(x, Q8_K_SCALE);
    const halves = format.hasMinima
      ? gatherWords(row0 + at, row1 + at, row2 + at, row3 + at)
      : gatherHalves(row0 + at, row1 + at, row2 + at, row3 + at);
    result = f32x4.add(result, f32x4.mul(whole, f32x4.mul(widenHalves(halves), scale)));
    if (format.hasMinima) {
      const minima = sumEach(
        timesSums(format.minima(row0), x),
        timesSums(format.minima(row1), x),
        timesSums(format.minima(row2), x),
        timesSums(format.minima(row3), x),
      );
      const outer = f32x4.mul(widenHalves(i32x4.shr_u(halves, 16)), scale);
      resultMinima = f32x4.add(resultMinima, f32x4.mul(f32x4.convert_i32x4_s(minima), outer));
    }
    row0 += format.blockBytes;
    row1 += format.blockBytes;
    row2 += format.blockBytes;
    row3 += format.blockBytes;
    x += Q8_K_BYTES;
  } while (x !== end);
  return format.hasMinima ? f32x4.sub(result, resultMinima) : result;
}

class Steps<F> {
  /** Adds a step: 16 values of each of four runs. The scales are the half's. */
  @inline
  add(
    sum: v128,
    block: usize,
    step: usize,
    x0: v128,
    x1: v128,
    x2: v128,
    x3: v128,
    scales: v128,
  ): v128 {
    const format = changetype<F>(0);
    const a = format.first(block, step);
    const b = format.second(block, step);
    const c = format.third(block, step);
    sum = addTimes(sum, x0, format.run0(a, b, c), scales, step, 0);
    sum = addTimes(sum, x1, format.run1(a, b, c), scales, step, 1);
    sum = addTimes(sum, x2, format.run2(a, b, c), scales, step, 2);
    return addTimes(sum, x3, format.run3(a, b, c), scales, step, 3);
  }
}

/** A superblock to its place in a panel. */
export function unpackRuns<F>(block: usize, panel: usize): void {
  const format = changetype<F>(0);
  for (let step: usize = 0; step < 4; step++) {
    const a = format.first(block, step);
    const b = format.second(block, step);
    const c = format.third(block, step);
    const at = panel + 16 * step + 48 * (step & 2);
    v128.store(at, format.run0(a, b, c), 0);
    v128.store(at, format.run1(a, b, c), 32);
    v128.store(at, format.run2(a, b, c), 64);
    v128.store(at, format.run3(a, b, c), 96);
  }
  const scales = format.scales(block);
  const early = i16x8.extend_low_i8x16_s(scales);
  const late = i16x8.extend_high_i8x16_s(scales);
  spreadLanes(placedScales<F>(early), panel + PANEL_SCALES);
  spreadLanes(placedScales<F>(late), panel + PANEL_SCALES + 128);
  if (format.hasMinima) {
    const minima = format.minima(block);
    v128.store(panel, i16x8.extend_low_i8x16_s(minima), PANEL_FACTORS);
    v128.store(panel, i16x8.extend_high_i8x16_s(minima), PANEL_FACTORS + 16);
    storeDAndDmin(block + format.scaleAt, panel);
  } else {
    const bits = format.offsetBits + format.placeBits;
    v128.store(panel, i16x8.neg(i16x8.shl(early, bits)), PANEL_FACTORS);
    v128.store(panel, i16x8.neg(i16x8.shl(late, bits)), PANEL_FACTORS + 16);
    storeD(block + format.scaleAt, panel);
  }
}

/** Sixteen i8 with the activations' sums of 16. */
function timesSums(factors: v128, activations: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(factors), v128.load(activations, Q8_K_SUMS_16)),
    i32x4.dot_i16x8_s(
      i16x8.extend_high_i8x16_s(factors),
      v128.load(activations, Q8_K_SUMS_16 + 16),
    ),
  );
}

/** What the offset takes away: negative, and added to the products. */
function offsetSum<F>(scales: v128, activations: usize): v128 {
  const format = changetype<F>(0);
  if (format.hasMinima) return i32x4.splat(0);
  const bits = format.offsetBits + format.placeBits;
  return i32x4.neg(i32x4.shl(timesSums(scales, activations), bits));
}

/** 16 values of a run with 16 activations, times the scale: each run has two in a half. */
function addTimes(sum: v128, x: v128, weights: v128, scales: v128, step: usize, run: usize): v128 {
  const scale = pick(scales, v128.load(SPREAD_LANE + 32 * run + 16 * (step & 1)));
  return i32x4.add(sum, i32x4.dot_i16x8_s(dotPairs(x, weights), scale));
}

/** The scales of a half: two for each run. */
function placedScales<F>(scales: v128): v128 {
  if (changetype<F>(0).placeBits === 0) return scales;
  return i16x8.mul(scales, v128.load(PLACE_FACTORS));
}
