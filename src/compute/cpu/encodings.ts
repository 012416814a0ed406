/**
 * What the activations become before a weight matrix meets them: plain f32 (`exact`), rounded f32,
 * or blocks for an integer kernel (`fast`, as llama.cpp rounds them).
 */
import type { ActivationFormat, BlockFormat } from "../../numerics/formats/blockFormat.ts";
import { encodedBytes, matvecKernels, type WasmKernels } from "./wasmKernels.ts";

/** `exact`: dequantised weights times f32 activations. `fast`: activations rounded as llama.cpp does. */
export type Arithmetic = "exact" | "fast";

export type EncodingName = keyof typeof encodings;

/** Bytes of an encoded row. `rounded*` are f32 values that the encoding stands for. */
export const encodings = {
  f32: { rowBytes: (columns: number): number => columns * 4 },
  roundedF16: { rowBytes: (columns: number): number => columns * 4 },
  roundedBF16: { rowBytes: (columns: number): number => columns * 4 },
  roundedQ8_0: { rowBytes: (columns: number): number => columns * 4 },
  roundedQ8_K: { rowBytes: (columns: number): number => columns * 4 },
  blocksQ8_0: { rowBytes: (columns: number): number => encodedBytes("q8_0", columns) },
  blocksQ8_K: { rowBytes: (columns: number): number => encodedBytes("q8_k", columns) },
} as const;

/** Encodings by a number that fits a job. */
export const encodingNames: readonly EncodingName[] = Object.keys(encodings) as EncodingName[];

/** How a matrix of `format` is multiplied: by which encoding, and by a kernel or row by row decoded. */
export interface Multiplication {
  readonly encoding: EncodingName;
  readonly byKernel: boolean;
}

export function multiplicationOf(format: BlockFormat, arithmetic: Arithmetic): Multiplication {
  const kernel = matvecKernels[format.name];
  if (kernel === undefined) {
    return {
      encoding: arithmetic === "exact" ? "f32" : roundedAs(format.activation),
      byKernel: false,
    };
  }
  switch (kernel.activation) {
    case "f32":
      return {
        encoding: arithmetic === "exact" ? "f32" : roundedAs(format.activation),
        byKernel: true,
      };
    case "q8_0":
      return arithmetic === "exact"
        ? { encoding: "f32", byKernel: false }
        : { encoding: "blocksQ8_0", byKernel: true };
    case "q8_k":
      return arithmetic === "exact"
        ? { encoding: "f32", byKernel: false }
        : { encoding: "blocksQ8_K", byKernel: true };
  }
}

export function runEncoding(
  kernels: WasmKernels,
  name: EncodingName,
  source: number,
  output: number,
  columns: number,
  tokens: number,
): void {
  switch (name) {
    case "f32":
      throw new Error("f32 activations are used as they are");
    case "roundedF16":
      kernels.roundF16(source, output, columns * tokens);
      break;
    case "roundedBF16":
      kernels.roundBF16(source, output, columns * tokens);
      break;
    case "roundedQ8_0":
      kernels.roundQ8_0(source, output, columns, tokens);
      break;
    case "roundedQ8_K":
      kernels.roundQ8_K(source, output, columns, tokens);
      break;
    case "blocksQ8_0":
      kernels.encodeQ8_0(source, output, columns, tokens);
      break;
    case "blocksQ8_K":
      kernels.encodeQ8_K(source, output, columns, tokens);
      break;
  }
}

function roundedAs(activation: ActivationFormat): EncodingName {
  switch (activation) {
    case "F32":
      return "f32";
    case "F16":
      return "roundedF16";
    case "BF16":
      return "roundedBF16";
    case "Q8_0":
    case "Q8_1":
      return "roundedQ8_0";
    case "Q8_K":
      return "roundedQ8_K";
  }
}
