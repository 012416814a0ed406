/** Random weights of every format that has a kernel: any quants, scales a model could have. */
import type { FormatName } from "../../src/numerics/formats/blockFormat.ts";
import { formats } from "../../src/numerics/formats/index.ts";

/** Where a block has its f16 numbers; the last of two is the minimum's. */
export const halfFields: Partial<Record<FormatName, readonly number[]>> = {
  Q8_0: [0],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  IQ4_NL: [0],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  IQ4_XS: [0],
  IQ1_S: [0],
  IQ2_XXS: [0],
  IQ2_XS: [0],
  IQ2_S: [0],
  IQ3_XXS: [0],
  IQ3_S: [0],
  TQ1_0: [52],
  TQ2_0: [64],
  Q1_0: [0],
  Q2_0: [0],
};

/** Numbers between -size and size. */
export function randomFloats(random: () => number, count: number, size = 1): Float32Array {
  return Float32Array.from({ length: count }, () => (2 * random() - 1) * size);
}

/** The bytes of `rows` rows of `columns` weights. A quarter of the scales are subnormal halves. */
export function randomWeights(
  random: () => number,
  name: FormatName,
  rows: number,
  columns: number,
): Uint8Array {
  const { blockElements, blockBytes } = formats[name];
  const count = rows * columns;
  if (name === "F32") return new Uint8Array(randomFloats(random, count).buffer);
  if (name === "F16") {
    const halves = Float16Array.from(randomFloats(random, count), (x) => x * randomScale(random));
    return new Uint8Array(halves.buffer);
  }
  if (name === "BF16") {
    const floats = new Uint32Array(randomFloats(random, count).buffer);
    return new Uint8Array(Uint16Array.from(floats, (word) => word >>> 16).buffer);
  }
  const bytes = new Uint8Array((count / blockElements) * blockBytes);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256;
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < bytes.length; block += blockBytes) {
    // Scales of MXFP4 are exponents: 2^-11 to 2^-4, and now and then the smallest there are.
    if (name === "MXFP4") bytes[block] = random() < 0.1 ? random() * 3 : 118 + random() * 8;
    // The scale of IQ1_M has a nibble at the top of each of four u16.
    if (name === "IQ1_M") spreadHalf(bytes, block + 48, randomScale(random));
    for (const field of halfFields[name] ?? []) {
      view.setFloat16(block + field, randomScale(random), true);
    }
  }
  return bytes;
}

function spreadHalf(bytes: Uint8Array, at: number, value: number): void {
  const [half] = new Uint16Array(Float16Array.of(value).buffer);
  for (let i = 0; i < 4; i++) {
    bytes[at + 2 * i + 1] = (bytes[at + 2 * i + 1] & 15) | (((half >> (4 * i)) & 15) << 4);
  }
}

/** Of either sign; f16 numbers below 6.1e-5 are subnormal. */
function randomScale(random: () => number): number {
  return (random() < 0.25 ? 6e-5 : 0.05) * (2 * random() - 1);
}

/**
 * The sum of the magnitudes of all that a dot product adds up: what its rounding errors are relative
 * to. `d * q` and `m` count apart, because the kernels sum them apart.
 */
export function sumOfTerms(name: FormatName, row: Uint8Array, x: Float32Array): number {
  const { dequantise, blockBytes } = formats[name];
  const whole = new Float32Array(x.length);
  dequantise(row, whole);
  const withoutMinimum = row.slice();
  const minimum = halfFields[name]?.[1];
  if (minimum !== undefined) {
    for (let at = minimum; at < row.length; at += blockBytes) withoutMinimum.fill(0, at, at + 2);
  }
  const products = new Float32Array(x.length);
  dequantise(withoutMinimum, products);
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    sum += (Math.abs(products[i]) + Math.abs(whole[i] - products[i])) * Math.abs(x[i]);
  }
  return sum;
}
