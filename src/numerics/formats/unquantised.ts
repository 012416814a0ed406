/**
 * The three formats that store each value by itself: F32, F16 and BF16, little-endian.
 */
import type { BlockFormat } from "./blockFormat.ts";
import { readHalf, readU16 } from "./littleEndian.ts";

export const F32: BlockFormat = {
  name: "F32",
  ggmlType: 0,
  blockElements: 1,
  blockBytes: 4,
  activation: "F32",
  dequantise: copyFloats,
};

export const F16: BlockFormat = {
  name: "F16",
  ggmlType: 1,
  blockElements: 1,
  blockBytes: 2,
  activation: "F16",
  dequantise: widenHalves,
};

export const BF16: BlockFormat = {
  name: "BF16",
  ggmlType: 30,
  blockElements: 1,
  blockBytes: 2,
  activation: "BF16",
  dequantise: widenBrains,
};

/** A copy of bytes, because `blocks` may begin at an address no `Float32Array` can. */
function copyFloats(blocks: Uint8Array, output: Float32Array): void {
  new Uint8Array(output.buffer, output.byteOffset, output.byteLength).set(blocks);
}

function widenHalves(blocks: Uint8Array, output: Float32Array): void {
  const count = blocks.length / F16.blockBytes;
  for (let i = 0; i < count; i++) output[i] = readHalf(blocks, 2 * i);
}

function widenBrains(blocks: Uint8Array, output: Float32Array): void {
  const bits = new Uint32Array(output.buffer, output.byteOffset, output.length);
  const count = blocks.length / BF16.blockBytes;
  for (let i = 0; i < count; i++) bits[i] = readU16(blocks, 2 * i) << 16;
}
