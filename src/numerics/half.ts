/**
 * The small floating-point encodings of model files, to and from ordinary numbers. Narrowing rounds
 * to nearest, ties to even; subnormals, infinities and NaN (not its payload) survive both ways.
 * Sources: f16 is IEEE 754 binary16; bf16 is the upper half of a binary32; E8M0 is the shared
 * exponent of OCP Microscaling Formats 1.0, section 5.4.1.
 */
const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);
const half = new Float16Array(1);
const halfBits = new Uint16Array(half.buffer);

/** Every f16 there is, by its bits: built on first use, 256 KiB. */
let halves: Float32Array | undefined;

function everyHalf(): Float32Array {
  return Float32Array.from(
    new Float16Array(Uint16Array.from({ length: 0x10000 }, (_, i) => i).buffer),
  );
}

/** The value of 16 bits read as f16. */
export function halfToFloat(bits: number): number {
  halves ??= everyHalf();
  return halves[bits];
}

/** The bits of the f16 nearest to `value`; from 65520 upwards that is infinity. */
export function floatToHalf(value: number): number {
  half[0] = value;
  return halfBits[0];
}

/** The value of 16 bits read as bf16. */
export function brainToFloat(bits: number): number {
  singleBits[0] = bits << 16;
  return single[0];
}

/** The bits of the bf16 nearest to the f32 nearest to `value`. */
export function floatToBrain(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0; // the carry of rounding could turn it into infinity or zero
  single[0] = value;
  const bits = singleBits[0];
  const lastKeptBit = (bits >>> 16) & 1;
  return (bits + 0x7fff + lastKeptBit) >>> 16;
}

/**
 * The power of two that 8 bits stand for as E8M0. The standard reserves 255 for NaN; ggml carries on
 * counting, and so do we: 2^128, more than an f32 can hold but not a number.
 */
export function e8m0ToNumber(bits: number): number {
  return 2 ** (bits - 127);
}
