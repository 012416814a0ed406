/** Rows of superblocks, each unpacked to panels (panels.ts) before tokens meet it. */

import { Q8_K_BYTES } from "./activations";
import { dotFourTokens, dotOneToken, Lifted, PANEL_BYTES } from "./panels";

/**
 * Tokens meet rows unpacked in `scratch`, a panel for each superblock, four at a time. Of those left over
 * three are treated as four; one or two, for which that does not pay, are left to the caller. Returns
 * how many are done.
 */
export function multiplyTogether<F>(
  matrix: usize,
  activations: usize,
  output: usize,
  columns: i32,
  rowBegin: i32,
  rowEnd: i32,
  tokens: i32,
  outputStride: i32,
  scratch: usize,
): i32 {
  const together = min((tokens + 1) & ~3, tokens);
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
  return together;
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
