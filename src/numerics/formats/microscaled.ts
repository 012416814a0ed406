/**
 * The four-bit floating-point formats of recent hardware: E2M1 values (±0, ½, 1, 1½, 2, 3, 4, 6)
 * under a shared scale that is itself a tiny float.
 *
 *     MXFP4  scale[1] as E8M0 | 16 bytes of nibbles                      32 values
 *     NVFP4  scale[4] as unsigned E4M3, one per 16 values | 32 bytes     64 values
 *
 * Byte j of a sub-block of n values holds value j in its low nibble and value j + n/2 in its high one.
 * Products are powers of two or have at most 8 significant bits, so nothing rounds. NVFP4 models also
 * carry a scale per tensor, which is not part of the block.
 *
 * Sources: OCP Microscaling Formats 1.0, section 5; NVIDIA, "Introducing NVFP4" (2025); layouts from
 * ggml, `ggml-quants.c` and `ggml-common.h`, MIT.
 */
import { e8m0ToNumber } from "../half.ts";
import type { BlockFormat } from "./blockFormat.ts";

export const MXFP4: BlockFormat = {
  name: "MXFP4",
  ggmlType: 39,
  blockElements: 32,
  blockBytes: 17,
  activation: "Q8_0",
  dequantise: dequantiseMXFP4,
};

export const NVFP4: BlockFormat = {
  name: "NVFP4",
  ggmlType: 40,
  blockElements: 64,
  blockBytes: 36,
  activation: "Q8_0",
  dequantise: dequantiseNVFP4,
};

/** Twice the E2M1 values, which makes them integers. Code 8 is +0: ggml has no negative zero. */
const doubledE2M1 = Int8Array.of(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

function dequantiseMXFP4(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 17, out += 32) {
    const scale = e8m0ToNumber(blocks[block]) / 2;
    for (let j = 0; j < 16; j++) {
      const pair = blocks[block + 1 + j];
      output[out + j] = scale * doubledE2M1[pair & 15];
      output[out + j + 16] = scale * doubledE2M1[pair >> 4];
    }
  }
}

function dequantiseNVFP4(blocks: Uint8Array, output: Float32Array): void {
  for (let block = 0, out = 0; block < blocks.length; block += 36, out += 64) {
    for (let part = 0; part < 4; part++) {
      const scale = e4m3ToNumber(blocks[block + part]) / 2;
      for (let j = 0; j < 8; j++) {
        const pair = blocks[block + 4 + 8 * part + j];
        output[out + 16 * part + j] = scale * doubledE2M1[pair & 15];
        output[out + 16 * part + j + 8] = scale * doubledE2M1[pair >> 4];
      }
    }
  }
}

/** Four bits of exponent, three of mantissa; the top bit counts as exponent, for there is no sign. */
function e4m3ToNumber(bits: number): number {
  if (bits === 0x7f) return 0; // the standard's NaN, which ggml reads as "no scale"
  const exponent = bits >> 3;
  const mantissa = bits & 7;
  return exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10);
}
