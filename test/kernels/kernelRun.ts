/** One matvec, from f32 activations to results, as an engine would run it. */
import {
  encodedBytes,
  type KernelActivation,
  matvecKernels,
  type WasmKernels,
} from "../../src/compute/cpu/wasmKernels.ts";
import type { FormatName } from "../../src/numerics/formats/blockFormat.ts";
import type { KernelBed } from "./kernelBed.ts";

export const kernelFormats = Object.keys(matvecKernels) as FormatName[];

/** A kernel's name and activations; every format of `kernelFormats` has one. */
export function kernelOf(format: FormatName): NonNullable<(typeof matvecKernels)[FormatName]> {
  const kernel = matvecKernels[format];
  if (kernel === undefined) throw new Error(`${format} has no kernel`);
  return kernel;
}

/** Encodes `tokens` rows as `format` wants them; returns token 0's address. */
export function encode(
  bed: KernelBed,
  kernels: WasmKernels,
  format: FormatName,
  x: Float32Array,
  tokens: number,
): number {
  const columns = x.length / tokens;
  const source = bed.put(x);
  const output = bed.allocate(tokens * encodedBytes(kernelOf(format).activation, columns));
  const run: Record<KernelActivation, () => void> = {
    f32: () => {
      if (format === "F16") kernels.roundF16(source, output, x.length);
      else if (format === "BF16") kernels.roundBF16(source, output, x.length);
      else kernels.scale(source, 1, output, x.length);
    },
    q8_0: () => kernels.encodeQ8_0(source, output, columns, tokens),
    q8_k: () => kernels.encodeQ8_K(source, output, columns, tokens),
  };
  run[kernelOf(format).activation]();
  return output;
}

export interface Product {
  readonly format: FormatName;
  readonly rows: number;
  readonly columns: number;
  readonly weights: Uint8Array;
  /** `[tokens, columns]` */
  readonly x: Float32Array;
  readonly tokens: number;
}

/** All rows with all tokens in one call: `[tokens, rows]`. */
export function multiply(bed: KernelBed, kernels: WasmKernels, product: Product): Float32Array {
  const { format, rows, columns, weights, x, tokens } = product;
  bed.clear();
  const matrix = bed.putBytes(weights, 2); // GGUF promises no alignment within a tensor
  const activations = encode(bed, kernels, format, x, tokens);
  const output = bed.allocate(4 * tokens * rows);
  const { name } = kernelOf(format);
  const scratch = bed.allocate(4 * columns);
  kernels[name](matrix, activations, output, columns, 0, rows, tokens, rows, scratch);
  return bed.floats(output, tokens * rows);
}
