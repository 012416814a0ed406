/**
 * Which rows meet which tokens. `F` says how a format's rows do: `Floats`, `Blocks` or `Superblocks`.
 *
 * Rows go through in two or four streams at once (rows n, n + steps, n + 2 * steps, ...), each a
 * long sequential read: neighbouring rows side by side can defeat the CPU's prefetcher (30 instead
 * of 13 ns per 256 weights out of cache, on an EPYC Milan with Node 20). Where the rows do not
 * divide, a stream repeats the last row and stores the same value again. A row's bits never depend
 * on its stream.
 */

import { Q8_K_BYTES } from "./activations";
import { multiplyTogether } from "./panelRows";
import { Superblocks } from "./superblocks";

/** Four rows at a time; the inner loop is over tokens, so that the rows stay in cache. */
export function multiplyQuads<F>(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
): void {
  const format = changetype<F>(0);
  const bytes = format.rowBytes(columns);
  const tokenBytes = format.encodedBytes(columns);
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
      const sums = format.dotFour(weights0, weights1, weights2, weights3, x, columns);
      const base = output + ((<usize>token * <usize>outputStride) << 2);
      v128.store32_lane(base + ((<usize>row0) << 2), sums, 0);
      v128.store32_lane(base + ((<usize>row1) << 2), sums, 1);
      v128.store32_lane(base + ((<usize>row2) << 2), sums, 2);
      v128.store32_lane(base + ((<usize>row3) << 2), sums, 3);
    }
  }
}

/** As `multiplyQuads`, two rows at a time. */
export function multiplyPairs<F>(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
): void {
  const format = changetype<F>(0);
  const bytes = format.rowBytes(columns);
  const tokenBytes = format.encodedBytes(columns);
  const steps = (rowEnd - rowBegin + 1) >> 1;
  touchStreams(
    matrix + <usize>rowBegin * bytes,
    <usize>steps * bytes,
    matrix + <usize>rowEnd * bytes,
  );
  for (let step = 0; step < steps; step++) {
    const row0 = rowBegin + step;
    const row1 = min(row0 + steps, rowEnd - 1);
    const weights0 = matrix + <usize>row0 * bytes;
    const weights1 = matrix + <usize>row1 * bytes;
    for (let token = 0; token < tokens; token++) {
      const x = activations + <usize>token * tokenBytes;
      const sums = format.dotTwo(weights0, weights1, x, columns);
      const base = output + ((<usize>token * <usize>outputStride) << 2);
      v128.store32_lane(base + ((<usize>row0) << 2), sums, 0);
      v128.store32_lane(base + ((<usize>row1) << 2), sums, 1);
    }
  }
}

/** Superblocks of groups: several tokens meet panels, one or two the rows as they are, in pairs. */
export function multiplyGroups<F>(
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
  const done = multiplyTogether<F>(
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
  if (done === tokens) return;
  multiplyPairs<Superblocks<F>>(
    matrix,
    activations + <usize>done * <usize>(columns >> 8) * Q8_K_BYTES,
    output + ((<usize>done * <usize>outputStride) << 2),
    columns,
    rowBegin,
    rowEnd,
    tokens - done,
    outputStride,
  );
}

/** Superblocks of runs: the same, but rows as they are by fours. */
export function multiplyRuns<F>(
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
  const done = multiplyTogether<F>(
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
  if (done === tokens) return;
  const rowBytes = <usize>(columns >> 8) * changetype<F>(0).blockBytes;
  const steps = (rowEnd - rowBegin + 3) >> 2;
  touchStreams(
    matrix + <usize>rowBegin * rowBytes,
    <usize>steps * rowBytes,
    matrix + <usize>rowEnd * rowBytes,
  );
  multiplyQuads<Superblocks<F>>(
    matrix,
    activations + <usize>done * <usize>(columns >> 8) * Q8_K_BYTES,
    output + ((<usize>done * <usize>outputStride) << 2),
    columns,
    rowBegin,
    rowEnd,
    tokens - done,
    outputStride,
  );
}

/** Bytes touched ahead of each stream, and of a cache line. */
const TOUCHED_BYTES: usize = 1024;
const LINE_BYTES: usize = 64;

/**
 * Reads the beginning of each stream, which start every `distance` bytes. The prefetcher follows a
 * stream only after some misses in a row, and the multiplication would wait for each; these do not wait
 * for one another. Saves 2 to 4 % where matrices lie here and there beyond the caches.
 */
function touchStreams(begin: usize, distance: usize, end: usize): void {
  let seen: u32 = 0;
  for (let stream = begin; stream < end; stream += distance) {
    const stop = min(end, stream + TOUCHED_BYTES);
    for (let line = stream; line < stop; line += LINE_BYTES) seen |= load<u8>(line);
  }
  if (seen > 0xff) unreachable(); // never, but it keeps the loads
}
