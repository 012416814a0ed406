/**
 * Which rows meet which tokens. The arithmetic is in floats.ts, simple.ts, kQuants.ts and q6K.ts.
 *
 * Rows go through in two or four streams at once (rows n, n + steps, n + 2 * steps, ...), each a
 * long sequential read: neighbouring rows side by side can defeat the CPU's prefetcher (30 instead
 * of 13 ns per 256 weights out of cache, on an EPYC Milan with Node 20). Where the rows do not
 * divide, a stream repeats the last row and stores the same value again. A row's bits never depend
 * on its stream.
 */

import { Q8_0_BYTES, Q8_K_BYTES } from "./activations";
import { dotQuad } from "./floats";
import { dotPairQ4_K, dotPairQ5_K, Q4_K_BLOCK, Q5_K_BLOCK } from "./kQuants";
import { dotPairQ6_K, Q6_K_BLOCK } from "./q6K";
import {
  dotQuadQ4_0,
  dotQuadQ4_1,
  dotQuadQ5_0,
  dotQuadQ5_1,
  dotQuadQ8_0,
  Q4_0_BLOCK,
  Q4_1_BLOCK,
  Q5_0_BLOCK,
  Q5_1_BLOCK,
  Q8_0_BLOCK,
} from "./simple";

// ggml's type numbers.
export const F32: i32 = 0;
export const F16: i32 = 1;
export const Q4_0: i32 = 2;
export const Q4_1: i32 = 3;
export const Q5_0: i32 = 6;
export const Q5_1: i32 = 7;
export const Q8_0: i32 = 8;
export const Q4_K: i32 = 12;
export const Q5_K: i32 = 13;
export const Q6_K: i32 = 14;
export const BF16: i32 = 30;

/** Four rows at a time; the inner loop is over tokens, so that the rows stay in cache. */
export function multiplyQuads(
  format: i32,
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
): void {
  const bytes = rowBytes(format, columns);
  const tokenBytes = encodedBytes(format, columns);
  const last = rowEnd - 1;
  const steps = (rowEnd - rowBegin + 3) >> 2;
  for (let step = 0; step < steps; step++) {
    const row0 = rowBegin + step; // a whole step is never beyond the last row
    const row1 = min(row0 + steps, last);
    const row2 = min(row0 + 2 * steps, last);
    const row3 = min(row0 + 3 * steps, last);
    const weights0 = matrix + <usize>row0 * bytes;
    const weights1 = matrix + <usize>row1 * bytes;
    const weights2 = matrix + <usize>row2 * bytes;
    const weights3 = matrix + <usize>row3 * bytes;
    for (let token = 0; token < tokens; token++) {
      const x = activations + <usize>token * tokenBytes;
      const sums = dotFour(format, weights0, weights1, weights2, weights3, x, columns);
      const base = output + ((<usize>token * <usize>outputStride) << 2);
      v128.store32_lane(base + ((<usize>row0) << 2), sums, 0);
      v128.store32_lane(base + ((<usize>row1) << 2), sums, 1);
      v128.store32_lane(base + ((<usize>row2) << 2), sums, 2);
      v128.store32_lane(base + ((<usize>row3) << 2), sums, 3);
    }
  }
}

/** As `multiplyQuads`, two rows at a time. */
export function multiplyPairs(
  format: i32,
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
): void {
  const bytes = rowBytes(format, columns);
  const tokenBytes = encodedBytes(format, columns);
  const steps = (rowEnd - rowBegin + 1) >> 1;
  for (let step = 0; step < steps; step++) {
    const row0 = rowBegin + step;
    const row1 = min(row0 + steps, rowEnd - 1);
    const weights0 = matrix + <usize>row0 * bytes;
    const weights1 = matrix + <usize>row1 * bytes;
    for (let token = 0; token < tokens; token++) {
      const x = activations + <usize>token * tokenBytes;
      const sums = dotTwo(format, weights0, weights1, x, columns);
      const base = output + ((<usize>token * <usize>outputStride) << 2);
      v128.store32_lane(base + ((<usize>row0) << 2), sums, 0);
      v128.store32_lane(base + ((<usize>row1) << 2), sums, 1);
    }
  }
}

function dotFour(
  format: i32,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  x: usize,
  columns: i32,
): v128 {
  const blocks = <usize>(columns >> 5);
  switch (format) {
    case F32:
      return dotQuad<f32>(row0, row1, row2, row3, x, columns);
    case F16:
      return dotQuad<u16>(row0, row1, row2, row3, x, columns);
    case BF16:
      return dotQuad<i16>(row0, row1, row2, row3, x, columns);
    case Q4_0:
      return dotQuadQ4_0(row0, row1, row2, row3, x, blocks);
    case Q4_1:
      return dotQuadQ4_1(row0, row1, row2, row3, x, blocks);
    case Q5_0:
      return dotQuadQ5_0(row0, row1, row2, row3, x, blocks);
    case Q5_1:
      return dotQuadQ5_1(row0, row1, row2, row3, x, blocks);
    default:
      return dotQuadQ8_0(row0, row1, row2, row3, x, blocks);
  }
}

function dotTwo(format: i32, row0: usize, row1: usize, x: usize, columns: i32): v128 {
  const superblocks = <usize>(columns >> 8);
  switch (format) {
    case Q4_K:
      return dotPairQ4_K(row0, row1, x, superblocks);
    case Q5_K:
      return dotPairQ5_K(row0, row1, x, superblocks);
    default:
      return dotPairQ6_K(row0, row1, x, superblocks);
  }
}

/** Bytes of one row of weights. */
function rowBytes(format: i32, columns: i32): usize {
  const blocks = <usize>(columns >> 5);
  const superblocks = <usize>(columns >> 8);
  switch (format) {
    case F32:
      return <usize>columns * 4;
    case F16:
    case BF16:
      return <usize>columns * 2;
    case Q4_0:
      return blocks * Q4_0_BLOCK;
    case Q4_1:
      return blocks * Q4_1_BLOCK;
    case Q5_0:
      return blocks * Q5_0_BLOCK;
    case Q5_1:
      return blocks * Q5_1_BLOCK;
    case Q8_0:
      return blocks * Q8_0_BLOCK;
    case Q4_K:
      return superblocks * Q4_K_BLOCK;
    case Q5_K:
      return superblocks * Q5_K_BLOCK;
    default:
      return superblocks * Q6_K_BLOCK;
  }
}

/** Bytes of one token's activations as the format wants them. */
function encodedBytes(format: i32, columns: i32): usize {
  switch (format) {
    case F32:
    case F16:
    case BF16:
      return <usize>columns * 4;
    case Q4_K:
    case Q5_K:
    case Q6_K:
      return <usize>(columns >> 8) * Q8_K_BYTES;
    default:
      return <usize>(columns >> 5) * Q8_0_BYTES;
  }
}
