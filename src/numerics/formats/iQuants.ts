/**
 * The IQ2 and IQ3 formats: superblocks of 256 values coded by vector quantisation. Eight (IQ2) or
 * four (IQ3) magnitudes at a time are an entry of a fixed codebook, the "grid"; signs are kept apart;
 * each group of 16 or 32 values has a four-bit scale s.
 *
 *     IQ2_XXS  d | 8 x (grid indices[4], signs and s[4])            ((d (½ + s)) ¼) grid sign
 *     IQ2_XS   d | 32 x u16 (index, signs) | s[8]                   as IQ2_XXS, s per 16 values
 *     IQ2_S    d | indices[32] | signs[32] | index bits 8-9[8] | s[8]       as IQ2_XS
 *     IQ3_XXS  d | indices[64] | 8 x (signs and s[4])               ((d (½ + s)) ½) grid sign
 *     IQ3_S    d | indices[64] | index bit 8[8] | signs[32] | s[4]  (d (1 + 2s)) grid sign
 *
 * Rounding: see simple.ts; the widest product has 11 + 5 + 6 bits.
 *
 * Source: ggml, `ggml-quants.c` and `ggml-common.h`, MIT; llama.cpp pull requests 4773, 4856, 5196,
 * 5676 and 5721. The idea of a lattice codebook: Tseng et al., QuIP#, arXiv:2402.04396.
 */
import type { BlockFormat } from "./blockFormat.ts";
import { iq2sGrid, iq2xsGrid, iq2xxsGrid, iq3sGrid, iq3xxsGrid } from "./iQuantTables.ts";
import { readBits32, readHalf, readU16 } from "./littleEndian.ts";

export const IQ2_XXS: BlockFormat = {
  name: "IQ2_XXS",
  ggmlType: 16,
  blockElements: 256,
  blockBytes: 66,
  activation: "Q8_K",
  dequantise: dequantiseIQ2_XXS,
};

export const IQ2_XS: BlockFormat = {
  name: "IQ2_XS",
  ggmlType: 17,
  blockElements: 256,
  blockBytes: 74,
  activation: "Q8_K",
  dequantise: dequantiseIQ2_XS,
};

export const IQ2_S: BlockFormat = {
  name: "IQ2_S",
  ggmlType: 22,
  blockElements: 256,
  blockBytes: 82,
  activation: "Q8_K",
  dequantise: dequantiseIQ2_S,
};

export const IQ3_XXS: BlockFormat = {
  name: "IQ3_XXS",
  ggmlType: 18,
  blockElements: 256,
  blockBytes: 98,
  activation: "Q8_K",
  dequantise: dequantiseIQ3_XXS,
};

export const IQ3_S: BlockFormat = {
  name: "IQ3_S",
  ggmlType: 21,
  blockElements: 256,
  blockBytes: 110,
  activation: "Q8_K",
  dequantise: dequantiseIQ3_S,
};

function dequantiseIQ2_XXS(blocks: Uint8Array, output: Float32Array): void {
  const grid = iq2xxsGrid();
  for (let block = 0, out = 0; block < blocks.length; block += 66, out += 256) {
    const d = readHalf(blocks, block);
    for (let group = 0; group < 8; group++) {
      const indices = block + 2 + 8 * group;
      const signsAndScale = readBits32(blocks, indices + 4);
      const scale = d * (0.5 + (signsAndScale >>> 28)) * 0.25;
      for (let l = 0; l < 4; l++) {
        const entry = 8 * blocks[indices + l];
        const signs = evenSigns((signsAndScale >>> (7 * l)) & 127);
        writeSigned(grid, entry, 8, signs, scale, output, out + 32 * group + 8 * l);
      }
    }
  }
}

function dequantiseIQ2_XS(blocks: Uint8Array, output: Float32Array): void {
  const grid = iq2xsGrid();
  for (let block = 0, out = 0; block < blocks.length; block += 74, out += 256) {
    const d = readHalf(blocks, block);
    for (let octet = 0; octet < 32; octet++) {
      const indexAndSigns = readU16(blocks, block + 2 + 2 * octet);
      const scale = d * (0.5 + nibble(blocks, block + 66, octet >> 1)) * 0.25;
      const entry = 8 * (indexAndSigns & 511);
      writeSigned(grid, entry, 8, evenSigns(indexAndSigns >> 9), scale, output, out + 8 * octet);
    }
  }
}

function dequantiseIQ2_S(blocks: Uint8Array, output: Float32Array): void {
  const grid = iq2sGrid();
  for (let block = 0, out = 0; block < blocks.length; block += 82, out += 256) {
    const d = readHalf(blocks, block);
    for (let octet = 0; octet < 32; octet++) {
      const low = blocks[block + 2 + octet];
      const high = (blocks[block + 66 + (octet >> 2)] >> (2 * (octet & 3))) & 3;
      const signs = blocks[block + 34 + octet];
      const scale = d * (0.5 + nibble(blocks, block + 74, octet >> 1)) * 0.25;
      writeSigned(grid, 8 * (low | (high << 8)), 8, signs, scale, output, out + 8 * octet);
    }
  }
}

function dequantiseIQ3_XXS(blocks: Uint8Array, output: Float32Array): void {
  const grid = iq3xxsGrid();
  for (let block = 0, out = 0; block < blocks.length; block += 98, out += 256) {
    const d = readHalf(blocks, block);
    for (let group = 0; group < 8; group++) {
      const indices = block + 2 + 8 * group;
      const signsAndScale = readBits32(blocks, block + 66 + 4 * group);
      const scale = d * (0.5 + (signsAndScale >>> 28)) * 0.5;
      for (let l = 0; l < 4; l++) {
        const signs = evenSigns((signsAndScale >>> (7 * l)) & 127);
        const at = out + 32 * group + 8 * l;
        writeSigned(grid, 4 * blocks[indices + 2 * l], 4, signs, scale, output, at);
        writeSigned(grid, 4 * blocks[indices + 2 * l + 1], 4, signs >> 4, scale, output, at + 4);
      }
    }
  }
}

function dequantiseIQ3_S(blocks: Uint8Array, output: Float32Array): void {
  const grid = iq3sGrid();
  for (let block = 0, out = 0; block < blocks.length; block += 110, out += 256) {
    const d = readHalf(blocks, block);
    for (let quad = 0; quad < 64; quad++) {
      const low = blocks[block + 2 + quad];
      const high = (blocks[block + 66 + (quad >> 3)] >> (quad & 7)) & 1;
      const signs = nibble(blocks, block + 74, quad);
      const scale = d * (1 + 2 * nibble(blocks, block + 106, quad >> 3));
      writeSigned(grid, 4 * (low | (high << 8)), 4, signs, scale, output, out + 4 * quad);
    }
  }
}

/** Nibble `index` of the bytes from `at` on, low halves first. */
function nibble(blocks: Uint8Array, at: number, index: number): number {
  return (blocks[at + (index >> 1)] >> (4 * (index & 1))) & 15;
}

/**
 * Eight signs from seven bits: the format allows only even numbers of minus signs, so bit 7 is the
 * parity of the others (the encoder flips the least important sign where it must).
 */
function evenSigns(index: number): number {
  let parity = index ^ (index >> 4);
  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return index | ((parity & 1) << 7);
}

/** Writes `count` values from `grid[entry]` on, scaled; bit j of `signs` negates value j. */
function writeSigned(
  grid: Int8Array,
  entry: number,
  count: number,
  signs: number,
  scale: number,
  output: Float32Array,
  out: number,
): void {
  for (let j = 0; j < count; j++) {
    const sign = 1 - 2 * ((signs >> j) & 1);
    output[out + j] = scale * (sign * grid[entry + j]);
  }
}
