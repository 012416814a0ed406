/**
 * Matrix times vector, one export per format. All multiply rows `[rowBegin, rowEnd)` with `tokens`
 * vectors:
 *   matrix        address of row 0; rows are whole blocks, back to back, at any alignment
 *   activations   address of token 0's encoded row; the other tokens' follow directly
 *   output        f32 of (token, row) goes to `output + 4 * (token * outputStride + row)`
 *   columns       values of a row: positive, whole blocks
 */

import {
  BF16,
  F16,
  F32,
  multiplyPairs,
  multiplyQuads,
  Q4_0,
  Q4_1,
  Q4_K,
  Q5_0,
  Q5_1,
  Q5_K,
  Q6_K,
  Q8_0,
} from "./rowStreams";

export function matvecF32(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
): void {
  multiplyQuads(F32, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
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
): void {
  multiplyQuads(F16, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
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
): void {
  multiplyQuads(BF16, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
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
): void {
  multiplyQuads(Q8_0, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
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
): void {
  multiplyQuads(Q4_0, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
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
): void {
  multiplyQuads(Q4_1, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
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
): void {
  multiplyQuads(Q5_0, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
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
): void {
  multiplyQuads(Q5_1, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
}

export function matvecQ4_K(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
): void {
  multiplyPairs(Q4_K, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
}

export function matvecQ5_K(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
): void {
  multiplyPairs(Q5_K, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
}

export function matvecQ6_K(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
): void {
  multiplyPairs(Q6_K, matrix, activations, output, columns, rowBegin, rowEnd, tokens, outputStride);
}
