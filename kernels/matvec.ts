/**
 * Matrix times vector, one export per format: here those of values on their own and of small blocks, in
 * matvecWide.ts those of wider ones, in matvecK.ts and matvecGrids.ts those of superblocks. All
 * multiply rows `[rowBegin, rowEnd)` with `tokens` vectors:
 *   matrix        address of row 0; rows are whole blocks, back to back, at any alignment
 *   activations   address of token 0's encoded row; the other tokens' follow directly
 *   output        f32 of (token, row) goes to `output + 4 * (token * outputStride + row)`
 *   columns       values of a row: positive, whole blocks
 *   scratch       4 * columns bytes for the kernel's own use
 */

import { Blocks } from "./blocks";
import { Floats } from "./floats";
import { multiplyHalves } from "./halves";
import { IQ4_NL, MXFP4 } from "./levels";
import { multiplyQuads } from "./rowStreams";
import { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 } from "./simple";

export function matvecF32(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  _scratch: usize,
): void {
  multiplyQuads<Floats<f32>>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
  );
}

export function matvecF16(
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
  multiplyHalves<u16>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
    scratch,
  );
}

export function matvecBF16(
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
  multiplyHalves<i16>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
    scratch,
  );
}

export function matvecQ8_0(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  _scratch: usize,
): void {
  multiplyQuads<Blocks<Q8_0>>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
  );
}

export function matvecQ4_0(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  _scratch: usize,
): void {
  multiplyQuads<Blocks<Q4_0>>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
  );
}

export function matvecQ4_1(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  _scratch: usize,
): void {
  multiplyQuads<Blocks<Q4_1>>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
  );
}

export function matvecQ5_0(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  _scratch: usize,
): void {
  multiplyQuads<Blocks<Q5_0>>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
  );
}

export function matvecQ5_1(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  _scratch: usize,
): void {
  multiplyQuads<Blocks<Q5_1>>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
  );
}

export function matvecIQ4_NL(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  _scratch: usize,
): void {
  multiplyQuads<Blocks<IQ4_NL>>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
  );
}

export function matvecMXFP4(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  _scratch: usize,
): void {
  multiplyQuads<Blocks<MXFP4>>(
    matrix,
    activations,
    output,
    columns,
    rowBegin,
    rowEnd,
    tokens,
    outputStride,
  );
}
