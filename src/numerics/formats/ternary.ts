/**
 * The formats of one to two bits: ternary weights (-1, 0, 1 times a scale, for BitNet-like models) and
 * plain one- and two-bit codes. One f16 scale d per block; nothing rounds.
 *
 *     TQ1_0  base-3 digits[48] | the same, shorter[4] | d    256 values, (digit - 1) d
 *     TQ2_0  bit pairs[64] | d                               256 values, (q - 1) d
 *     Q1_0   d | bits[16]                                    128 values, d or -d
 *     Q2_0   d | bit pairs[16]                                64 values, (q - 1) d
 *
 * Source: ggml, `ggml-quants.c` and `ggml-common.h`, MIT; the ternary ones from llama.cpp pull
 * request 8151.
 */
import type { BlockFormat } from "./blockFormat.ts";
import { readHalf } from "./littleEndian.ts";

export const TQ1_0: BlockFormat = {
  name: "TQ1_0",
  ggmlType: 34,
  blockElements: 256,
  blockBytes: 54,
  activation: "Q8_K",
  dequantise: dequantiseTQ1_0,
};

export const TQ2_0: BlockFormat = {
  name: "TQ2_0",
  ggmlType: 35,
  blockElements: 256,
  blockBytes: 66,
  activation: "Q8_K",
  dequantise: dequantiseTQ2_0,
};

export const Q1_0: BlockFormat = {
  name: "Q1_0",
  ggmlType: 41,
  blockElements: 128,
  blockBytes: 18,
  activation: "Q8_0",
  dequantise: dequantiseQ1_0,
};

export const Q2_0: BlockFormat = {
  name: "Q2_0",
  ggmlType: 42,
  blockElements: 64,
  blockBytes: 18,
  activation: "Q8_0",
  dequantise: dequantiseQ2_0,
};

const powersOf3 = Uint8Array.of(1, 3, 9, 27, 81);

function dequantiseTQ1_0(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 54, out += 256) {
    const scale = readHalf(blocks, block + 52);
    writeDigits(blocks, block, 32, 5, scale, output, out);
    writeDigits(blocks, block + 32, 16, 5, scale, output, out + 160);
    writeDigits(blocks, block + 48, 4, 4, scale, output, out + 240);
  }
}

/** Writes the first digit of each of `byteCount` bytes, then the second of each, and so on. */
function writeDigits(
  blocks: Uint8Array,
  bytes: number,
  byteCount: number,
  digitCount: number,
  scale: number,
  output: Float32Array,
  out: number,
): void {
  for (let n = 0; n < digitCount; n++) {
    for (let j = 0; j < byteCount; j++) {
      output[out + n * byteCount + j] = (ternaryDigit(blocks[bytes + j], n) - 1) * scale;
    }
  }
}

/**
 * Digit n of five in a byte. The byte is a fraction of 256 with the digits behind its point (rounded
 * up, so that they survive): multiplying by 3^n modulo 256 drops the first n of them, and one more
 * factor of 3 lifts the next above the point.
 */
function ternaryDigit(byte: number, n: number): number {
  return (((byte * powersOf3[n]) & 255) * 3) >> 8;
}

function dequantiseTQ2_0(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 66, out += 256) {
    const scale = readHalf(blocks, block + 64);
    for (let run = 0; run < 8; run++) {
      const pairs = block + 32 * (run >> 2);
      const shift = 2 * (run & 3);
      for (let j = 0; j < 32; j++) {
        output[out + 32 * run + j] = (((blocks[pairs + j] >> shift) & 3) - 1) * scale;
      }
    }
  }
}

function dequantiseQ1_0(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 18, out += 128) {
    const scale = readHalf(blocks, block);
    for (let j = 0; j < 128; j++) {
      const bit = (blocks[block + 2 + (j >> 3)] >> (j & 7)) & 1;
      output[out + j] = (2 * bit - 1) * scale;
    }
  }
}

function dequantiseQ2_0(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 18, out += 64) {
    const scale = readHalf(blocks, block);
    for (let j = 0; j < 64; j++) {
      const code = (blocks[block + 2 + (j >> 2)] >> (2 * (j & 3))) & 3;
      output[out + j] = (code - 1) * scale;
    }
  }
}
