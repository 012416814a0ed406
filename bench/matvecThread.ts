/** A thread of `matvec.ts`: multiplies its share of the rows, by our kernel or by ggml's. */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import {
  instantiateKernels,
  type KernelName,
  type WasmKernels,
} from "../src/compute/cpu/wasmKernels.ts";
import { type GgmlAddon, type GgmlPlace, openAddon } from "./native/ggml.ts";

/** What a thread needs to make kernels of its own. */
export interface ThreadSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly ggml: GgmlPlace | undefined;
}

/** Rows `[begin, end)`, `passes` times, with the vectors of some tokens. */
export interface Share {
  readonly by: "ours" | "ggml";
  readonly kernel: KernelName;
  readonly ggmlType: number;
  readonly matrix: number;
  readonly rowBytes: number;
  readonly columns: number;
  /** Of the matrix: results of the next token lie this far behind. */
  readonly rows: number;
  readonly begin: number;
  readonly end: number;
  /** Address of the first vector, encoded for the one or the other. */
  readonly activations: number;
  /** From one of ggml's vectors to the next. */
  readonly ggmlStride: number;
  readonly tokens: number;
  readonly output: number;
  readonly scratch: number;
  readonly passes: number;
}

export class Multiplicand {
  readonly #kernels: WasmKernels;
  readonly #bytes: Uint8Array;
  readonly #addon: GgmlAddon | undefined;

  constructor({ module, memory, ggml }: ThreadSetup) {
    this.#kernels = instantiateKernels(module, memory);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#addon = ggml === undefined ? undefined : openAddon(ggml);
  }

  /** Does the share; returns milliseconds, of this thread's CPU time where that can be had. */
  run(share: Share): number {
    const { matrix, columns, begin, end, activations, output, scratch, passes } = share;
    const { tokens, rows } = share;
    const kernel = this.#kernels[share.kernel];
    const start = this.#now();
    for (let pass = 0; pass < passes; pass++) {
      if (share.by === "ours") {
        kernel(matrix, activations, output, columns, begin, end, tokens, rows, scratch);
      } else {
        for (let token = 0; token < tokens; token++) this.#multiplyByGgml(share, token);
      }
    }
    return this.#now() - start;
  }

  /** llama.cpp too calls its dot products row by row, unless it has rearranged the weights. */
  #multiplyByGgml(share: Share, token: number): void {
    const { ggmlType, matrix, rowBytes, columns, begin, end, rows } = share;
    this.#addon?.multiply(
      this.#bytes,
      ggmlType,
      matrix + begin * rowBytes,
      end - begin,
      columns,
      share.activations + token * share.ggmlStride,
      share.output + 4 * (token * rows + begin),
    );
  }

  #now(): number {
    return this.#addon?.threadMs() ?? performance.now();
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const multiplicand = new Multiplicand(workerData as ThreadSetup);
  port.on("message", (share: Share) => port.postMessage(multiplicand.run(share)));
}
