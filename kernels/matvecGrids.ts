/** Matrix times vector for superblocks that are unpacked first. The parameters: matvec.ts. */

import { IQ1_M, IQ1_S, IQ2_S, IQ2_XS, IQ2_XXS, IQ3_S, IQ3_XXS, TQ1_0, TQ2_0 } from "./grids";
import { multiplyUnpacked } from "./panelRows";

export function matvecIQ1_S(
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
  multiplyUnpacked<IQ1_S>(
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

export function matvecIQ1_M(
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
  multiplyUnpacked<IQ1_M>(
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

export function matvecIQ2_XXS(
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
  multiplyUnpacked<IQ2_XXS>(
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

export function matvecIQ2_XS(
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
  multiplyUnpacked<IQ2_XS>(
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

export function matvecIQ2_S(
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
  multiplyUnpacked<IQ2_S>(
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

export function matvecIQ3_XXS(
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
  multiplyUnpacked<IQ3_XXS>(
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

export function matvecIQ3_S(
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
  multiplyUnpacked<IQ3_S>(
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

export function matvecTQ1_0(
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
  multiplyUnpacked<TQ1_0>(
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

export function matvecTQ2_0(
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
  multiplyUnpacked<TQ2_0>(
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
