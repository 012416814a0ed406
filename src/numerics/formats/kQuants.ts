/**
 * The K-quants: superblocks of 256 values in groups of 16 or 32, each group with its own small integer
 * scale (and minimum), those scaled in turn by one f16 d (and dmin) of the superblock.
 *
 *     Q2_K  scales[16] | low bits[64] | d | dmin             (d sc) q - (dmin mn), groups of 16
 *     Q3_K  high bits[32] | low bits[64] | scales[12] | d    (d (sc - 32)) q,      groups of 16
 *     Q4_K  d | dmin | scales[12] | nibbles[128]             (d sc) q - (dmin mn), groups of 32
 *     Q5_K  d | dmin | scales[12] | fifth bits[32] | nibbles[128]            as Q4_K
 *     Q6_K  low nibbles[128] | high bits[64] | scales[16] | d  (d sc) (q - 32),    groups of 16
 *
 * Bits of one value lie far apart: a byte serves values of several groups ("runs" of 32 values), so
 * that SIMD code unpacks with one shift and one mask. Rounding: see simple.ts; the widest product
 * here has 23 bits.
 *
 * Source: ggml, `ggml-quants.c` and `ggml-common.h`, MIT; introduced in llama.cpp pull request 1684.
 */
import type { BlockFormat } from "./blockFormat.ts";
import { readHalf } from "./littleEndian.ts";

export const Q2_K: BlockFormat = {
  name: "Q2_K",
  ggmlType: 10,
  blockElements: 256,
  blockBytes: 84,
  activation: "Q8_K",
  dequantise: dequantiseQ2_K,
};

export const Q3_K: BlockFormat = {
  name: "Q3_K",
  ggmlType: 11,
  blockElements: 256,
  blockBytes: 110,
  activation: "Q8_K",
  dequantise: dequantiseQ3_K,
};

export const Q4_K: BlockFormat = {
  name: "Q4_K",
  ggmlType: 12,
  blockElements: 256,
  blockBytes: 144,
  activation: "Q8_K",
  dequantise: dequantiseQ4_K,
};

export const Q5_K: BlockFormat = {
  name: "Q5_K",
  ggmlType: 13,
  blockElements: 256,
  blockBytes: 176,
  activation: "Q8_K",
  dequantise: dequantiseQ5_K,
};

export const Q6_K: BlockFormat = {
  name: "Q6_K",
  ggmlType: 14,
  blockElements: 256,
  blockBytes: 210,
  activation: "Q8_K",
  dequantise: dequantiseQ6_K,
};

function dequantiseQ2_K(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 84, out += 256) {
    const d = readHalf(blocks, block + 80);
    const dmin = readHalf(blocks, block + 82);
    for (let group = 0; group < 16; group++) {
      const packedScale = blocks[block + group];
      const scale = d * (packedScale & 15);
      const minimum = dmin * (packedScale >> 4);
      const half = group >> 3;
      const shift = group & 6; // twice the run's number, 0..3
      const quants = block + 16 + 32 * half + 16 * (group & 1);
      for (let j = 0; j < 16; j++) {
        output[out + 16 * group + j] = scale * ((blocks[quants + j] >> shift) & 3) - minimum;
      }
    }
  }
}

function dequantiseQ3_K(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 110, out += 256) {
    const d = readHalf(blocks, block + 108);
    for (let group = 0; group < 16; group++) {
      const scale = d * (sixBitScaleQ3_K(blocks, block + 96, group) - 32);
      const half = group >> 3;
      const run = group >> 1; // 0..7: which bit of the high-bit bytes is its
      const shift = group & 6;
      const highBits = block + 16 * (group & 1);
      const lowBits = block + 32 + 32 * half + 16 * (group & 1);
      for (let j = 0; j < 16; j++) {
        const low = (blocks[lowBits + j] >> shift) & 3;
        const high = (blocks[highBits + j] >> run) & 1;
        output[out + 16 * group + j] = scale * ((low | (high << 2)) - 4);
      }
    }
  }
}

/** Sixteen scales in twelve bytes: eight bytes of low nibbles, then four of high bit pairs. */
function sixBitScaleQ3_K(blocks: Uint8Array, scales: number, group: number): number {
  const low = (blocks[scales + (group & 7)] >> (group < 8 ? 0 : 4)) & 15;
  const high = (blocks[scales + 8 + (group & 3)] >> (2 * (group >> 2))) & 3;
  return low | (high << 4);
}

function dequantiseQ4_K(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 144, out += 256) {
    const d = readHalf(blocks, block);
    const dmin = readHalf(blocks, block + 2);
    for (let group = 0; group < 8; group++) {
      const scale = d * sixBitScale(blocks, block + 4, group);
      const minimum = dmin * sixBitMinimum(blocks, block + 4, group);
      const nibbles = block + 16 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      for (let j = 0; j < 32; j++) {
        output[out + 32 * group + j] = scale * ((blocks[nibbles + j] >> shift) & 15) - minimum;
      }
    }
  }
}

function dequantiseQ5_K(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 176, out += 256) {
    const d = readHalf(blocks, block);
    const dmin = readHalf(blocks, block + 2);
    for (let group = 0; group < 8; group++) {
      const scale = d * sixBitScale(blocks, block + 4, group);
      const minimum = dmin * sixBitMinimum(blocks, block + 4, group);
      const fifthBits = block + 16;
      const nibbles = block + 48 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      for (let j = 0; j < 32; j++) {
        const low = (blocks[nibbles + j] >> shift) & 15;
        const high = (blocks[fifthBits + j] >> group) & 1;
        output[out + 32 * group + j] = scale * (low | (high << 4)) - minimum;
      }
    }
  }
}

/**
 * Q4_K and Q5_K keep eight scales and eight minima, six bits each, in twelve bytes: the first four
 * of each in the low bits of bytes 0-3 and 4-7, the last four as nibbles of bytes 8-11 with their
 * upper two bits in what the first left over.
 */
function sixBitScale(blocks: Uint8Array, scales: number, group: number): number {
  if (group < 4) return blocks[scales + group] & 63;
  return (blocks[scales + group + 4] & 15) | ((blocks[scales + group - 4] >> 6) << 4);
}

function sixBitMinimum(blocks: Uint8Array, scales: number, group: number): number {
  if (group < 4) return blocks[scales + group + 4] & 63;
  return (blocks[scales + group + 4] >> 4) | ((blocks[scales + group] >> 6) << 4);
}

function dequantiseQ6_K(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 210, out += 256) {
    const d = readHalf(blocks, block + 208);
    for (let group = 0; group < 16; group++) {
      const signedScale = (blocks[block + 192 + group] << 24) >> 24;
      const scale = d * signedScale;
      const half = group >> 3;
      const run = (group >> 1) & 3; // runs 0 and 1 are low nibbles, 2 and 3 the high ones above them
      const lowNibbles = block + 64 * half + 32 * (run & 1) + 16 * (group & 1);
      const highBits = block + 128 + 32 * half + 16 * (group & 1);
      for (let j = 0; j < 16; j++) {
        const low = (blocks[lowNibbles + j] >> (4 * (run >> 1))) & 15;
        const high = (blocks[highBits + j] >> (2 * run)) & 3;
        output[out + 16 * group + j] = scale * ((low | (high << 4)) - 32);
      }
    }
  }
}
