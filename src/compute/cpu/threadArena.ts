/** One thread's view of one arena: kernels instantiated on its memory, and the memory itself. */
import type { BlockFormat } from "../../numerics/formats/blockFormat.ts";
import { formats } from "../../numerics/formats/index.ts";
import { instantiateKernels, type Matvec, matvecKernels, type WasmKernels } from "./wasmKernels.ts";

/** Formats by a number that fits a job. */
export const formatList: readonly BlockFormat[] = Object.values(formats);

export interface ThreadArena {
  readonly kernels: WasmKernels;
  /** The kernel of each of `formatList`, where there is one. */
  readonly matvecs: readonly (Matvec | undefined)[];
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly floats: Float32Array;
}

export function openThreadArena(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): ThreadArena {
  const kernels = instantiateKernels(module, memory);
  const matvecs = formatList.map(({ name }) => {
    const kernel = matvecKernels[name];
    return kernel === undefined ? undefined : kernels[kernel.name];
  });
  const { buffer } = memory;
  return {
    kernels,
    matvecs,
    bytes: new Uint8Array(buffer),
    words: new Uint32Array(buffer),
    floats: new Float32Array(buffer),
  };
}
