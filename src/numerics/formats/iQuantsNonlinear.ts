/**
 * The IQ4 formats: four-bit codes into sixteen unevenly spaced levels, dense where weights are.
 *
 *     IQ4_NL  d | 16 bytes of nibbles                                    32 values, d T[q]
 *     IQ4_XS  d | scale bits 4-5[2] | scale bits 0-3[4] | nibbles[128]  256 values, (d (s - 32)) T[q]
 *
 * Within 32 values byte j holds value j in its low nibble and value j + 16 in its high one. Rounding:
 * see simple.ts; the widest product has 11 + 5 + 7 bits.
 *
 * Source: ggml, `ggml-quants.c` and `ggml-common.h` (`kvalues_iq4nl`), MIT; llama.cpp pull requests
 * 5590 and 5747.
 */
import type { BlockFormat } from "./blockFormat.ts";
import { readHalf, readU16 } from "./littleEndian.ts";

export const IQ4_NL: BlockFormat = {
  name: "IQ4_NL",
  ggmlType: 20,
  blockElements: 32,
  blockBytes: 18,
  activation: "Q8_0",
  dequantise: dequantiseIQ4_NL,
};

export const IQ4_XS: BlockFormat = {
  name: "IQ4_XS",
  ggmlType: 23,
  blockElements: 256,
  blockBytes: 136,
  activation: "Q8_K",
  dequantise: dequantiseIQ4_XS,
};

const levels = Int8Array.of(
  ...[-127, -104, -83, -65, -49, -35, -22, -10],
  ...[1, 13, 25, 38, 53, 69, 89, 113],
);

function dequantiseIQ4_NL(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 18, out += 32) {
    writeLevels(blocks, block + 2, readHalf(blocks, block), output, out);
  }
}

function dequantiseIQ4_XS(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 136, out += 256) {
    const d = readHalf(blocks, block);
    const highBits = readU16(blocks, block + 2);
    for (let group = 0; group < 8; group++) {
      const low = (blocks[block + 4 + (group >> 1)] >> (4 * (group & 1))) & 15;
      const high = (highBits >> (2 * group)) & 3;
      const scale = d * ((low | (high << 4)) - 32);
      writeLevels(blocks, block + 8 + 16 * group, scale, output, out + 32 * group);
    }
  }
}

/** Decodes 16 bytes of nibbles to 32 values. */
function writeLevels(
  blocks: Uint8Array,
  nibbles: number,
  scale: number,
  output: Float32Array,
  out: number,
): void {
  for (let j = 0; j < 16; j++) {
    const pair = blocks[nibbles + j];
    output[out + j] = scale * levels[pair & 15];
    output[out + j + 16] = scale * levels[pair >> 4];
  }
}
