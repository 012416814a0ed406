/** Matrix times vector for blocks of 64 and 128 values. The parameters: matvec.ts. */

import { multiplyQuads } from "./rowStreams";
import { NVFP4, Q1_0, Q2_0, WideBlocks } from "./wideBlocks";

export function matvecNVFP4(
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
  multiplyQuads<NVFP4>(
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

export function matvecQ1_0(
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
  multiplyQuads<WideBlocks<Q1_0>>(
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

export function matvecQ2_0(
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
  multiplyQuads<WideBlocks<Q2_0>>(
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
