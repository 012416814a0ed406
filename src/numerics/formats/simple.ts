/**
 * ggml's first formats: 32 values share one f16 scale d and, in the `_1` formats, one f16 minimum m.
 *
 *     Q4_0  d | 16 bytes of nibbles                    (q - 8) d
 *     Q4_1  d | m | 16 bytes of nibbles                 q d + m
 *     Q5_0  d | 32 fifth bits | 16 bytes of nibbles    (q - 16) d
 *     Q5_1  d | m | 32 fifth bits | 16 bytes of nibbles q d + m
 *     Q8_0  d | 32 signed bytes                         q d
 *
 * Byte j of the nibbles holds value j in its low half and value j + 16 in its high half.
 *
 * On rounding, here and in the sibling files: ggml rounds each product to f32. A scale has 11
 * significant bits and the integers it meets are so small that every product fits f32's 24 bits
 * exactly, so the only rounding is that of the final sum: JavaScript's doubles, rounded once on the
 * store to `output`, give ggml's bits.
 *
 * Source: ggml, `ggml-quants.c` (`dequantize_row_q4_0` and so on) and `ggml-common.h`, MIT.
 */
import type { BlockFormat } from "./blockFormat.ts";
import { readBits32, readHalf } from "./littleEndian.ts";

export const Q4_0: BlockFormat = {
  name: "Q4_0",
  ggmlType: 2,
  blockElements: 32,
  blockBytes: 18,
  activation: "Q8_0",
  dequantise: dequantiseQ4_0,
};

export const Q4_1: BlockFormat = {
  name: "Q4_1",
  ggmlType: 3,
  blockElements: 32,
  blockBytes: 20,
  activation: "Q8_1",
  dequantise: dequantiseQ4_1,
};

export const Q5_0: BlockFormat = {
  name: "Q5_0",
  ggmlType: 6,
  blockElements: 32,
  blockBytes: 22,
  activation: "Q8_0",
  dequantise: dequantiseQ5_0,
};

export const Q5_1: BlockFormat = {
  name: "Q5_1",
  ggmlType: 7,
  blockElements: 32,
  blockBytes: 24,
  activation: "Q8_1",
  dequantise: dequantiseQ5_1,
};

export const Q8_0: BlockFormat = {
  name: "Q8_0",
  ggmlType: 8,
  blockElements: 32,
  blockBytes: 34,
  activation: "Q8_0",
  dequantise: dequantiseQ8_0,
};

function dequantiseQ4_0(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 18, out += 32) {
    const scale = readHalf(blocks, block);
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block + 2 + j];
      output[out + j] = ((pair & 15) - 8) * scale;
      output[out + j + 16] = ((pair >> 4) - 8) * scale;
    }
  }
}

function dequantiseQ4_1(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 20, out += 32) {
    const scale = readHalf(blocks, block);
    const minimum = readHalf(blocks, block + 2);
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block + 4 + j];
      output[out + j] = (pair & 15) * scale + minimum;
      output[out + j + 16] = (pair >> 4) * scale + minimum;
    }
  }
}

function dequantiseQ5_0(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 22, out += 32) {
    const scale = readHalf(blocks, block);
    const fifthBits = readBits32(blocks, block + 2);
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block + 6 + j];
      const low = (pair & 15) | (((fifthBits >>> j) & 1) << 4);
      const high = (pair >> 4) | (((fifthBits >>> (j + 16)) & 1) << 4);
      output[out + j] = (low - 16) * scale;
      output[out + j + 16] = (high - 16) * scale;
    }
  }
}

function dequantiseQ5_1(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 24, out += 32) {
    const scale = readHalf(blocks, block);
    const minimum = readHalf(blocks, block + 2);
    const fifthBits = readBits32(blocks, block + 4);
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block + 8 + j];
      const low = (pair & 15) | (((fifthBits >>> j) & 1) << 4);
      const high = (pair >> 4) | (((fifthBits >>> (j + 16)) & 1) << 4);
      output[out + j] = low * scale + minimum;
      output[out + j + 16] = high * scale + minimum;
    }
  }
}

function dequantiseQ8_0(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 34, out += 32) {
    const scale = readHalf(blocks, block);
    for (let j = 0; j < 32; j++) {
      const signed = (blocks[block + 2 + j] << 24) >> 24;
      output[out + j] = signed * scale;
    }
  }
}
