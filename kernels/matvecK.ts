/** Matrix times vector for superblocks that have a dot product. The parameters: matvec.ts. */

import { IQ4_XS, Q4_K, Q5_K } from "./groups";
import { multiplyGroups, multiplyPairs, multiplyRuns } from "./rowStreams";
import { Q2_K, Q3_K, Q6_K } from "./runFormats";
import { Superblocks } from "./superblocks";

export function matvecQ2_K(
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
  multiplyRuns<Q2_K>(
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

export function matvecQ3_K(
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
  multiplyRuns<Q3_K>(
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

export function matvecQ4_K(
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
  multiplyGroups<Q4_K>(
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

export function matvecQ5_K(
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
  multiplyGroups<Q5_K>(
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

export function matvecQ6_K(
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
  multiplyRuns<Q6_K>(
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

export function matvecIQ4_XS(
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
  multiplyPairs<Superblocks<IQ4_XS>>(
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
