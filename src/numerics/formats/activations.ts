/**
 * What `fast` arithmetic does to activations before they meet quantised weights: rounding to eight
 * bits in blocks, as llama.cpp's CPU backend does, so that dot products become integer arithmetic.
 * This is the readable reference; the WASM kernels have their own.
 *
 *     Q8_0  32 values: f16 scale a/127, a the largest magnitude; q = round(x (127/a))
 *     Q8_1  the same, and f16 of (a/127) times the sum of q
 *     Q8_K  256 values: f32 scale, and the integer sums of each 16 values of q
 *
 * Every intermediate is an f32, hence `Math.fround`; `round` takes halves to even. (ggml's encoder for
 * model files differs: it rounds halves away from zero.)
 *
 * A block that holds a NaN or an infinity encodes as quants of 0 under a scale that is not finite, so
 * all of it decodes to NaN: a fault upstream stays visible.
 *
 * Source: llama.cpp, `ggml-cpu/arch/x86/quants.c` (AVX2 `quantize_row_q8_0` and `_q8_1`) and
 * `ggml-quants.c` (`quantize_row_q8_K_ref`), MIT.
 */
import { brainToFloat, floatToBrain } from "../half.ts";
import type { ActivationFormat } from "./blockFormat.ts";

const { abs, f16round, fround, max } = Math;

export interface Q8_0Row {
  /** `[blocks]`: f16 values. */
  readonly scales: Float32Array;
  /** `[blocks * 32]` */
  readonly quants: Int8Array;
}

export interface Q8_1Row extends Q8_0Row {
  /** `[blocks]`: scale times the sum of the quants, rounded to f16 after the multiplication. */
  readonly sums: Float32Array;
}

export interface Q8_KRow {
  /** `[blocks]`: f32 values, negative where the extreme value is positive. */
  readonly scales: Float32Array;
  /** `[blocks * 256]` */
  readonly quants: Int8Array;
  /** `[blocks * 16]`: the sum of each 16 quants. */
  readonly sums: Int16Array;
}

/** Encodes a row of whole blocks of 32. Throws `RangeError` for another length. */
export function encodeQ8_0(x: Float32Array): Q8_0Row {
  const { scales, quants } = encodeQ8_1(x);
  return { scales, quants };
}

/** Encodes a row of whole blocks of 32. Throws `RangeError` for another length. */
export function encodeQ8_1(x: Float32Array): Q8_1Row {
  const scales = new Float32Array(blockCount(x, 32));
  const quants = new Int8Array(x.length);
  const sums = new Float32Array(scales.length);
  for (let block = 0; block < scales.length; block++) {
    const begin = 32 * block;
    const end = begin + 32;
    let largest = 0;
    for (let i = begin; i < end; i++) largest = max(largest, abs(x[i])); // NaN stays NaN
    const scale = fround(largest / 127);
    const inverse = largest === 0 ? 0 : fround(127 / largest);
    let sum = 0;
    for (let i = begin; i < end; i++) {
      quants[i] = roundHalfToEven(fround(x[i] * inverse));
      sum += quants[i];
    }
    scales[block] = f16round(scale);
    sums[block] = f16round(fround(scale * sum));
  }
  return { scales, quants, sums };
}

/** Encodes a row of whole blocks of 256. Throws `RangeError` for another length. */
export function encodeQ8_K(x: Float32Array): Q8_KRow {
  const scales = new Float32Array(blockCount(x, 256));
  const quants = new Int8Array(x.length);
  const sums = new Int16Array(x.length / 16);
  for (let block = 0; block < scales.length; block++) {
    const begin = 256 * block;
    const end = begin + 256;
    // The first value of largest magnitude, with its sign: it becomes -127 exactly.
    let extreme = 0;
    for (let i = begin; i < end; i++) {
      if (abs(x[i]) > abs(extreme) || Number.isNaN(x[i])) extreme = x[i];
    }
    if (extreme === 0) continue;
    const inverse = fround(-127 / extreme);
    for (let i = begin; i < end; i++) {
      quants[i] = roundHalfToEven(fround(x[i] * inverse));
      sums[i >> 4] += quants[i];
    }
    scales[block] = 1 / inverse;
  }
  return { scales, quants, sums };
}

/**
 * Replaces each value of `x` by the one that its encoding stands for.
 *
 * @param x a row of whole blocks, changed in place; throws `RangeError` for another length
 */
export function roundActivations(format: ActivationFormat, x: Float32Array): void {
  switch (format) {
    case "F32":
      break;
    case "F16":
      for (let i = 0; i < x.length; i++) x[i] = f16round(x[i]);
      break;
    case "BF16":
      for (let i = 0; i < x.length; i++) x[i] = brainToFloat(floatToBrain(x[i]));
      break;
    case "Q8_0":
    case "Q8_1":
      decode(encodeQ8_0(x), 32, x);
      break;
    case "Q8_K":
      decode(encodeQ8_K(x), 256, x);
      break;
    default:
      format satisfies never;
  }
}

function decode({ scales, quants }: Q8_0Row, blockElements: number, output: Float32Array): void {
  for (let block = 0, i = 0; block < scales.length; block++) {
    const scale = scales[block];
    for (const end = i + blockElements; i < end; i++) output[i] = quants[i] * scale;
  }
}

function blockCount(x: Float32Array, blockElements: number): number {
  const count = x.length / blockElements;
  if (Number.isInteger(count)) return count;
  throw new RangeError(`${x.length} activations are no whole number of blocks of ${blockElements}`);
}

/** Doubles of this size are 1 apart, so adding it rounds a small number to an integer, ties to even. */
const INTEGERS_ONLY = 1.5 * 2 ** 52;

function roundHalfToEven(value: number): number {
  return value + INTEGERS_ONLY - INTEGERS_ONLY;
}
