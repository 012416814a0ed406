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
import { dotFourTokens, dotOneToken, Lifted, PANEL_BYTES } from "./panels";
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

/**
 * As `multiplyPairs`, but tokens meet rows unpacked in `scratch`, a panel for each superblock, four
 * at a time. Of those left over three are treated as four; for one or two that does not pay.
 */
export function multiplySuperblocks<F>(
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
  const byFours = (tokens + 1) & ~3;
  const first = activations + <usize>byFours * <usize>(columns >> 8) * Q8_K_BYTES;
  const together = min(byFours, tokens);
  if (together > 0) {
    multiplyPanels<F>(
      matrix,
      activations,
      output,
      columns,
      rowBegin,
      rowEnd,
      together,
      outputStride,
      scratch,
    );
  }
  if (together < tokens) {
    const rest = output + ((<usize>byFours * <usize>outputStride) << 2);
    multiplyPairs<Superblocks<F>>(
      matrix,
      first,
      rest,
      columns,
      rowBegin,
      rowEnd,
      tokens - byFours,
      outputStride,
    );
  }
}

function multiplyPanels<F>(
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
  const format = changetype<F>(0);
  const superblocks = <usize>(columns >> 8);
  const tokenBytes = superblocks * Q8_K_BYTES;
  const stride = (<usize>outputStride) << 2;
  const last = <usize>(tokens - 1);
  let block = matrix + <usize>rowBegin * superblocks * format.blockBytes;
  for (let row = rowBegin; row < rowEnd; row++) {
    block = unpackRow<F>(block, superblocks, scratch);
    const base = output + ((<usize>row) << 2);
    for (let token: usize = 0; token <= last; token += 4) {
      // Where the tokens do not divide, the last is computed and stored again.
      const second = min(token + 1, last);
      const third = min(token + 2, last);
      const fourth = min(token + 3, last);
      const sums = dotFourTokens<F>(
        scratch,
        activations + token * tokenBytes,
        activations + second * tokenBytes,
        activations + third * tokenBytes,
        activations + fourth * tokenBytes,
        superblocks,
      );
      v128.store32_lane(base + token * stride, sums, 0);
      v128.store32_lane(base + second * stride, sums, 1);
      v128.store32_lane(base + third * stride, sums, 2);
      v128.store32_lane(base + fourth * stride, sums, 3);
    }
  }
}

/** Formats that always are unpacked to panels, of lifted weights: row after row. */
export function multiplyUnpacked<F>(
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
  const superblocks = <usize>(columns >> 8);
  const tokenBytes = superblocks * Q8_K_BYTES;
  const stride = (<usize>outputStride) << 2;
  let block = matrix + <usize>rowBegin * superblocks * changetype<F>(0).blockBytes;
  for (let row = rowBegin; row < rowEnd; row++) {
    block = unpackRow<F>(block, superblocks, scratch);
    let x = activations;
    let place = output + ((<usize>row) << 2);
    let token = 0;
    for (; token < tokens - 3; token += 4, x += 4 * tokenBytes, place += 4 * stride) {
      const x1 = x + tokenBytes;
      const x2 = x1 + tokenBytes;
      const sums = dotFourTokens<Lifted>(scratch, x, x1, x2, x2 + tokenBytes, superblocks);
      v128.store32_lane(place, sums, 0);
      v128.store32_lane(place + stride, sums, 1);
      v128.store32_lane(place + 2 * stride, sums, 2);
      v128.store32_lane(place + 3 * stride, sums, 3);
    }
    for (; token < tokens; token++, x += tokenBytes, place += stride) {
      store<f32>(place, dotOneToken(scratch, x, superblocks));
    }
  }
}

/** Unpacks a row of blocks to panels; returns where the next row begins. */
function unpackRow<F>(block: usize, superblocks: usize, panels: usize): usize {
  const format = changetype<F>(0);
  const end = panels + superblocks * PANEL_BYTES;
  for (let panel = panels; panel !== end; panel += PANEL_BYTES) {
    format.unpack(block, panel);
    block += format.blockBytes;
  }
  return block;
}
