/**
 * The IQ1 formats: 256 values, eight at a time an entry of a codebook of ternary vectors, shifted by
 * a small δ = ±1/8 so that zeros are not quite zero.
 *
 *     IQ1_S  d | indices[32] | 8 x u16 (index bits 8-10 of four octets, s, sign of δ)
 *            s and δ per 32 values
 *     IQ1_M  indices[32] | 32 nibbles (index bits 8-10, sign of δ) | 4 x u16 (four s, a nibble of d)
 *            s per 16 values, δ per 8
 *
 * Values are (d (2s + 1)) (grid + δ). Rounding: see simple.ts; the widest product has 11 + 4 + 4 bits.
 *
 * Source: ggml, `ggml-quants.c` and `ggml-common.h`, MIT; llama.cpp pull requests 5453 and 6302.
 */
import { halfToFloat } from "../half.ts";
import type { BlockFormat } from "./blockFormat.ts";
import { iq1sGrid } from "./iQuantTables.ts";
import { readHalf, readU16 } from "./littleEndian.ts";

export const IQ1_S: BlockFormat = {
  name: "IQ1_S",
  ggmlType: 19,
  blockElements: 256,
  blockBytes: 50,
  activation: "Q8_K",
  dequantise: dequantiseIQ1_S,
};

export const IQ1_M: BlockFormat = {
  name: "IQ1_M",
  ggmlType: 29,
  blockElements: 256,
  blockBytes: 56,
  activation: "Q8_K",
  dequantise: dequantiseIQ1_M,
};

const SHIFT = 0.125;

function dequantiseIQ1_S(blocks: Uint8Array, output: Float32Array): void {
  const grid = iq1sGrid();
  for (let block = 0, out = 0; block < blocks.length; block += 50, out += 256) {
    const d = readHalf(blocks, block);
    for (let octet = 0; octet < 32; octet++) {
      const fields = readU16(blocks, block + 34 + 2 * (octet >> 2));
      const high = (fields >> (3 * (octet & 3))) & 7;
      const entry = 8 * (blocks[block + 2 + octet] | (high << 8));
      const scale = d * (2 * ((fields >> 12) & 7) + 1);
      const shift = fields >> 15 === 1 ? -SHIFT : SHIFT;
      for (let j = 0; j < 8; j++) output[out + 8 * octet + j] = scale * (grid[entry + j] + shift);
    }
  }
}

function dequantiseIQ1_M(blocks: Uint8Array, output: Float32Array): void {
  const grid = iq1sGrid();
  for (let block = 0, out = 0; block < blocks.length; block += 56, out += 256) {
    const d = gatherScale(blocks, block + 48);
    for (let octet = 0; octet < 32; octet++) {
      const highAndShift = (blocks[block + 32 + (octet >> 1)] >> (4 * (octet & 1))) & 15;
      const entry = 8 * (blocks[block + octet] | ((highAndShift & 7) << 8));
      const scaleFields = readU16(blocks, block + 48 + 2 * (octet >> 3));
      const scale = d * (2 * ((scaleFields >> (3 * ((octet >> 1) & 3))) & 7) + 1);
      const shift = highAndShift >> 3 === 1 ? -SHIFT : SHIFT;
      for (let j = 0; j < 8; j++) output[out + 8 * octet + j] = scale * (grid[entry + j] + shift);
    }
  }
}

/** The f16 whose four nibbles, lowest first, are the top nibbles of four u16. */
function gatherScale(blocks: Uint8Array, at: number): number {
  return halfToFloat(
    (blocks[at + 1] >> 4) |
      (blocks[at + 3] & 0xf0) |
      ((blocks[at + 5] & 0xf0) << 4) |
      ((blocks[at + 7] & 0xf0) << 8),
  );
}
