/**
 * Superblocks with one scale for each 16 values, as the classes of runFormats.ts describe them.
 *
 * Q2_K, Q3_K and Q6_K scatter their bits alike. A half of a superblock is four runs of 32 values, and one
 * byte serves several runs: bit pair r of byte j is for value j of run r. So 16 bytes give 64 values, 16
 * of each run: a step. Four steps make a superblock, two to a half.
 *
 * Where values have an offset, it comes off through the activations' sums of 16.
 */

import { Q8_K_BYTES, Q8_K_SUMS_16 } from "./activations";
import { dotPairs, pick } from "./lanes";
import { PANEL_FACTORS, PANEL_SCALES, spreadLanes, storeD, storeDAndDmin } from "./panels";
import { addSums, addSumsAndMinima, sumsLessMinima } from "./superblocks";
import { SPREAD_LANE } from "./tables";

/** Two rows of superblocks, up to the end of the activations. */
export function dotTwoRuns<F>(row0: usize, row1: usize, x: usize, end: usize): v128 {
  const format = changetype<F>(0);
  const steps = changetype<Steps<F>>(0);
  let result = f32x4.splat(0);
  do {
    const scales0 = format.scales(row0);
    const scales1 = format.scales(row1);
    const early0 = i16x8.extend_low_i8x16_s(scales0);
    const early1 = i16x8.extend_low_i8x16_s(scales1);
    let sum0 = offsetSum<F>(scales0, x);
    let sum1 = offsetSum<F>(scales1, x);
    let x0 = v128.load(x, 0);
    let x1 = v128.load(x, 32);
    let x2 = v128.load(x, 64);
    let x3 = v128.load(x, 96);
    sum0 = steps.add(sum0, row0, 0, x0, x1, x2, x3, early0);
    sum1 = steps.add(sum1, row1, 0, x0, x1, x2, x3, early1);
    x0 = v128.load(x, 16);
    x1 = v128.load(x, 48);
    x2 = v128.load(x, 80);
    x3 = v128.load(x, 112);
    sum0 = steps.add(sum0, row0, 1, x0, x1, x2, x3, early0);
    sum1 = steps.add(sum1, row1, 1, x0, x1, x2, x3, early1);
    const late0 = i16x8.extend_high_i8x16_s(scales0);
    const late1 = i16x8.extend_high_i8x16_s(scales1);
    x0 = v128.load(x, 128);
    x1 = v128.load(x, 160);
    x2 = v128.load(x, 192);
    x3 = v128.load(x, 224);
    sum0 = steps.add(sum0, row0, 2, x0, x1, x2, x3, late0);
    sum1 = steps.add(sum1, row1, 2, x0, x1, x2, x3, late1);
    x0 = v128.load(x, 144);
    x1 = v128.load(x, 176);
    x2 = v128.load(x, 208);
    x3 = v128.load(x, 240);
    sum0 = steps.add(sum0, row0, 3, x0, x1, x2, x3, late0);
    sum1 = steps.add(sum1, row1, 3, x0, x1, x2, x3, late1);
    if (format.hasMinima) {
      const minima0 = timesSums(format.minima(row0), x);
      const minima1 = timesSums(format.minima(row1), x);
      result = addSumsAndMinima(
        result,
        sum0,
        minima0,
        sum1,
        minima1,
        row0,
        row1,
        format.scaleAt,
        x,
      );
    } else {
      result = addSums(result, sum0, sum1, row0, row1, format.scaleAt, x);
    }
    row0 += format.blockBytes;
    row1 += format.blockBytes;
    x += Q8_K_BYTES;
  } while (x !== end);
  return format.hasMinima ? sumsLessMinima(result) : result;
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
  spreadLanes(early, panel + PANEL_SCALES);
  spreadLanes(late, panel + PANEL_SCALES + 128);
  if (format.hasMinima) {
    const minima = format.minima(block);
    v128.store(panel, i16x8.extend_low_i8x16_s(minima), PANEL_FACTORS);
    v128.store(panel, i16x8.extend_high_i8x16_s(minima), PANEL_FACTORS + 16);
    storeDAndDmin(block + format.scaleAt, panel);
  } else {
    v128.store(panel, i16x8.neg(i16x8.shl(early, format.offsetBits)), PANEL_FACTORS);
    v128.store(panel, i16x8.neg(i16x8.shl(late, format.offsetBits)), PANEL_FACTORS + 16);
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
  return i32x4.neg(i32x4.shl(timesSums(scales, activations), format.offsetBits));
}

/** 16 values of a run with 16 activations, times the scale: each run has two in a half. */
function addTimes(sum: v128, x: v128, weights: v128, scales: v128, step: usize, run: usize): v128 {
  const scale = pick(scales, v128.load(SPREAD_LANE + 32 * run + 16 * (step & 1)));
  return i32x4.add(sum, i32x4.dot_i16x8_s(dotPairs(x, weights), scale));
}
