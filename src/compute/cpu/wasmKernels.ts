/**
 * The typed twin of `kernels/index.ts`: finds, compiles and instantiates the WASM module. This file
 * has the one cast from what WebAssembly exports to what TypeScript believes of it.
 *
 * One compiled module serves all threads; each thread makes one instance per memory. Instances hold
 * no state, so any number may work in the same shared memory. The first `tableBytes` of a memory
 * belong to the kernels' tables; `instantiateKernels` fills them.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { FormatName } from "../../numerics/formats/blockFormat.ts";
import { SluiceError } from "../../support/errors.ts";
import type { KeyValueFormat } from "../keyValueCache.ts";
import { writeCodebooks } from "./codebooks.ts";

/**
 * Multiplies matrix rows `[rowBegin, rowEnd)` with `tokens` encoded vectors. The result for one
 * (row, token) has the same bits whatever else is in the call, and in both builds.
 *
 * @param matrix       row 0; rows are whole blocks, back to back, at any alignment
 * @param activations  token 0's encoded row (`encodedBytes` long); the others follow directly
 * @param output       f32 of (token, row) goes to `output + 4 * (token * outputStride + row)`
 * @param columns      values of a row: positive, whole blocks
 * @param scratch      `4 * columns` bytes that no other thread uses meanwhile
 */
export type Matvec = (
  matrix: number,
  activations: number,
  output: number,
  columns: number,
  rowBegin: number,
  rowEnd: number,
  tokens: number,
  outputStride: number,
  scratch: number,
) => void;

/** `tokens` rows of `columns` f32 (whole blocks) at `x`, to blocks or to f32 at `output`. */
type Encode = (x: number, output: number, columns: number, tokens: number) => void;

/** `count` values from `x` to `output`, which may be the same unless the sizes differ. */
type Convert = (x: number, output: number, count: number) => void;

/** Element by element; `output` may be an input. */
type Combine = (a: number, b: number, output: number, count: number) => void;

/** `x` is `[tokens][heads][headSize]`, turned in place; `angles` as `ropeAngles` writes them. */
type Rotate = (
  x: number,
  angles: number,
  headSize: number,
  rotarySize: number,
  heads: number,
  tokens: number,
) => void;

/**
 * `count` query heads that share keys and values, over the cached positions that each of them sees.
 *
 * @param format       how keys and values are stored: see `storageOf`
 * @param queries      f32 `[count, headSize]`
 * @param windows      for each query two i32: it sees the positions `[begin, end)`, end above begin
 * @param keys         rows of `headSize` values, one for each position, back to back
 * @param values       rows of `valueSize` values
 * @param output       f32 `[count, valueSize]`
 * @param scratch      `16 * max(headSize, valueSize)` f32, then `[count, weightStride]` f32: the
 *                     attention weights, those of the first position a query sees first
 * @param weightStride at least the positions that a query sees
 */
type Attend = (
  format: number,
  count: number,
  queries: number,
  windows: number,
  keys: number,
  values: number,
  output: number,
  headSize: number,
  valueSize: number,
  scale: number,
  scratch: number,
  weightStride: number,
) => void;

/** What `attend` calls a format of keys and values. */
export const storageOf: Readonly<Record<KeyValueFormat, number>> = { f32: 0, f16: 1, q8_0: 2 };

/** Every export. Addresses are byte offsets into the memory; f32 data is 16-byte aligned. */
export interface WasmKernels {
  /** Writes the tables (not the codebooks); `instantiateKernels` has done it. */
  readonly initialise: () => void;

  /** To Q8_0/Q8_1 activation blocks. */
  readonly encodeQ8_0: Encode;
  /** To Q8_K activation blocks. */
  readonly encodeQ8_K: Encode;
  /** To the f32 values that the Q8_0 encoding stands for. */
  readonly roundQ8_0: Encode;
  /** To the f32 values that the Q8_K encoding stands for. */
  readonly roundQ8_K: Encode;
  /** To the nearest f16, as f32. */
  readonly roundF16: Convert;
  /** To the nearest bfloat16, as f32. */
  readonly roundBF16: Convert;
  /** To the nearest f16, two bytes each. */
  readonly storeHalf: Convert;
  /** To Q8_0 blocks as files have them, 34 bytes for 32 values. */
  readonly storeQ8_0: Convert;

  readonly matvecF32: Matvec;
  readonly matvecF16: Matvec;
  readonly matvecBF16: Matvec;
  readonly matvecQ8_0: Matvec;
  readonly matvecQ4_0: Matvec;
  readonly matvecQ4_1: Matvec;
  readonly matvecQ5_0: Matvec;
  readonly matvecQ5_1: Matvec;
  readonly matvecIQ4_NL: Matvec;
  readonly matvecMXFP4: Matvec;
  readonly matvecNVFP4: Matvec;
  readonly matvecQ1_0: Matvec;
  readonly matvecQ2_0: Matvec;
  readonly matvecQ2_K: Matvec;
  readonly matvecQ3_K: Matvec;
  readonly matvecQ4_K: Matvec;
  readonly matvecQ5_K: Matvec;
  readonly matvecQ6_K: Matvec;
  readonly matvecIQ4_XS: Matvec;
  readonly matvecIQ1_S: Matvec;
  readonly matvecIQ1_M: Matvec;
  readonly matvecIQ2_XXS: Matvec;
  readonly matvecIQ2_XS: Matvec;
  readonly matvecIQ2_S: Matvec;
  readonly matvecIQ3_XXS: Matvec;
  readonly matvecIQ3_S: Matvec;
  readonly matvecTQ1_0: Matvec;
  readonly matvecTQ2_0: Matvec;
  /** The dot product of two f32 vectors, summed in `matvecF32`'s order. */
  readonly dotF32: (a: number, b: number, columns: number) => number;

  /** `rows` rows of `width` f32; a `gain` of 0 is none. `output` may be `x`. */
  readonly rmsNorm: (
    x: number,
    gain: number,
    output: number,
    width: number,
    rows: number,
    epsilon: number,
  ) => void;
  /** Pairs of neighbours. */
  readonly rotateNorm: Rotate;
  /** Pairs half the rotated size apart. */
  readonly rotateNeox: Rotate;
  /** In place; `count` is at least 1. A NaN, or nothing but -Infinity, makes every value NaN. */
  readonly softmax: (x: number, count: number) => void;
  /** `silu(a) * b` */
  readonly swiglu: Combine;
  /** `a + b` */
  readonly add: Combine;
  /** `output = x * factor` */
  readonly scale: (x: number, factor: number, output: number, count: number) => void;
  /** `output += x * factor`, the product rounded first. */
  readonly addScaled: (x: number, factor: number, output: number, count: number) => void;
  readonly attend: Attend;
}

/** What a matvec kernel takes its vectors as. */
export type KernelActivation = "f32" | "q8_0" | "q8_k";

/** The exports that multiply matrices. */
export type KernelName = Extract<keyof WasmKernels, `matvec${string}`>;

/** The kernel of each format that has one; the others are decoded row by row. */
export const matvecKernels: Partial<
  Record<FormatName, { readonly name: KernelName; readonly activation: KernelActivation }>
> = {
  F32: { name: "matvecF32", activation: "f32" },
  F16: { name: "matvecF16", activation: "f32" },
  BF16: { name: "matvecBF16", activation: "f32" },
  Q8_0: { name: "matvecQ8_0", activation: "q8_0" },
  Q4_0: { name: "matvecQ4_0", activation: "q8_0" },
  Q4_1: { name: "matvecQ4_1", activation: "q8_0" },
  Q5_0: { name: "matvecQ5_0", activation: "q8_0" },
  Q5_1: { name: "matvecQ5_1", activation: "q8_0" },
  IQ4_NL: { name: "matvecIQ4_NL", activation: "q8_0" },
  MXFP4: { name: "matvecMXFP4", activation: "q8_0" },
  NVFP4: { name: "matvecNVFP4", activation: "q8_0" },
  Q1_0: { name: "matvecQ1_0", activation: "q8_0" },
  Q2_0: { name: "matvecQ2_0", activation: "q8_0" },
  Q2_K: { name: "matvecQ2_K", activation: "q8_k" },
  Q3_K: { name: "matvecQ3_K", activation: "q8_k" },
  Q4_K: { name: "matvecQ4_K", activation: "q8_k" },
  Q5_K: { name: "matvecQ5_K", activation: "q8_k" },
  Q6_K: { name: "matvecQ6_K", activation: "q8_k" },
  IQ4_XS: { name: "matvecIQ4_XS", activation: "q8_k" },
  IQ1_S: { name: "matvecIQ1_S", activation: "q8_k" },
  IQ1_M: { name: "matvecIQ1_M", activation: "q8_k" },
  IQ2_XXS: { name: "matvecIQ2_XXS", activation: "q8_k" },
  IQ2_XS: { name: "matvecIQ2_XS", activation: "q8_k" },
  IQ2_S: { name: "matvecIQ2_S", activation: "q8_k" },
  IQ3_XXS: { name: "matvecIQ3_XXS", activation: "q8_k" },
  IQ3_S: { name: "matvecIQ3_S", activation: "q8_k" },
  TQ1_0: { name: "matvecTQ1_0", activation: "q8_k" },
  TQ2_0: { name: "matvecTQ2_0", activation: "q8_k" },
};

/** Bytes of one encoded row of `columns` values. */
export function encodedBytes(activation: KernelActivation, columns: number): number {
  switch (activation) {
    case "f32":
      return columns * 4;
    case "q8_0":
      return (columns / 32) * 48;
    case "q8_k":
      return (columns / 256) * 336;
  }
}

/** `relaxed` uses relaxed SIMD, up to twice as fast; both give the same bits. */
export type KernelBuild = "relaxed" | "plain";

export interface CompiledKernels {
  readonly module: WebAssembly.Module;
  readonly build: KernelBuild;
}

export interface CompileOptions {
  /** @default the relaxed build where the engine takes it */
  readonly build?: KernelBuild;
}

// The same relative path from src/compute/cpu and from dist/compute/cpu.
const files: Readonly<Record<KernelBuild, URL>> = {
  relaxed: new URL("../../../build/kernels.relaxed.wasm", import.meta.url),
  plain: new URL("../../../build/kernels.wasm", import.meta.url),
};

/**
 * Compiles the kernels. The module can be posted to other threads.
 *
 * Throws `SluiceError` "file-unreadable" if they were not built.
 */
export async function compileKernels(options: CompileOptions = {}): Promise<CompiledKernels> {
  if (options.build !== "plain") {
    const bytes = await readKernels("relaxed");
    if (options.build === "relaxed" || WebAssembly.validate(bytes)) {
      return { module: await WebAssembly.compile(bytes), build: "relaxed" };
    }
  }
  return { module: await WebAssembly.compile(await readKernels("plain")), build: "plain" };
}

async function readKernels(build: KernelBuild): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(files[build]);
  } catch (cause) {
    const path = fileURLToPath(files[build]);
    throw new SluiceError("file-unreadable", `cannot read ${path}: run "npm run kernels" first`, {
      cause,
    });
  }
}

/** Makes the kernels of one (thread, memory) and writes the memory's tables. */
export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): WasmKernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = instance.exports as unknown as WasmKernels;
  kernels.initialise();
  writeCodebooks(memory);
  return kernels;
}
