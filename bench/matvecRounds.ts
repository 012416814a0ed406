/** The rounds of `matvec.ts`: one memory with weights, one or two threads, ours and ggml's in turns. */
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  instantiateKernels,
  type KernelName,
  matvecKernels,
  type WasmKernels,
} from "../src/compute/cpu/wasmKernels.ts";
import { tableBytes } from "../src/memory/arena.ts";
import type { FormatName } from "../src/numerics/formats/blockFormat.ts";
import { formats } from "../src/numerics/formats/index.ts";
import { seededRandom } from "../src/numerics/random.ts";
import { randomFloats, randomWeights } from "../test/kernels/randomRows.ts";
import { Multiplicand, type Share, type ThreadSetup } from "./matvecThread.ts";
import type { Ggml } from "./native/ggml.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** A sample lasts at least this long: passes over a small matrix are repeated. */
const SAMPLE_MS = 4;
const WARM_UP_MS = 100;
/** Rows of random weights, repeated through the matrix: more than any cache's worth of patterns. */
const POOL_BYTES = 2 ** 21;
/** f32 rounding aside, ours and ggml's are the same sums. */
const TOLERANCE = 1e-5;

export interface RoundsOptions {
  readonly module: WebAssembly.Module;
  readonly ggml: Ggml | undefined;
  readonly columns: number;
  /** Vectors multiplied at once. */
  readonly tokens: number;
  /** Of the largest matrix. */
  readonly matrixBytes: number;
}

export interface Case {
  readonly format: FormatName;
  readonly bytes: number;
  readonly threads: 1 | 2;
  readonly rounds: number;
}

export interface CaseResult {
  readonly format: FormatName;
  readonly name: string;
  /** Nanoseconds per 256 weights and token, all threads together. */
  readonly ours: Spread;
  readonly ggml: Spread | undefined;
  /** ggml's time over ours. */
  readonly ratio: Spread | undefined;
  readonly bytesPer256: number;
}

export class MatvecRounds implements AsyncDisposable {
  readonly #options: RoundsOptions;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: WasmKernels;
  readonly #here: Multiplicand;
  readonly #there: Worker;
  readonly #places: Readonly<
    Record<"source" | "ours" | "ggml" | "scratch" | "matrix" | "output", number>
  >;

  constructor(options: RoundsOptions) {
    this.#options = options;
    const { columns, tokens, matrixBytes, module } = options;
    const rowBytes = 4 * columns; // encoded rows are smaller
    const source = tableBytes;
    const scratch = source + 3 * tokens * rowBytes; // one for each thread
    const matrix = scratch + 2 * rowBytes;
    // The smallest format takes 50 bytes for 256 weights.
    const outputBytes = 4 * tokens * Math.ceil((matrixBytes / 50) * (256 / columns));
    const output = Math.ceil((matrix + matrixBytes) / 64) * 64;
    const pages = Math.ceil((output + 2 * outputBytes) / 65536);
    this.#places = {
      source,
      ours: source + tokens * rowBytes,
      ggml: source + 2 * tokens * rowBytes,
      scratch,
      matrix,
      output,
    };
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.#kernels = instantiateKernels(module, this.#memory);
    const setup: ThreadSetup = { module, memory: this.#memory, ggml: options.ggml?.place };
    this.#here = new Multiplicand(setup);
    this.#there = new Worker(new URL("matvecThread.ts", import.meta.url), { workerData: setup });
  }

  /** Random weights of `format` through the whole matrix, and vectors encoded for both sides. */
  fill(format: FormatName): void {
    const { columns, tokens, matrixBytes } = this.#options;
    const random = seededRandom(1);
    const rows = Math.ceil(POOL_BYTES / rowBytesOf(format, columns));
    const pool = weightsOf(random, format, rows, columns);
    const weights = new Uint8Array(this.#memory.buffer, this.#places.matrix, matrixBytes);
    for (let at = 0; at < weights.length; at += pool.length) {
      weights.set(pool.subarray(0, weights.length - at), at);
    }
    const { source, ours, ggml } = this.#places;
    const x = randomFloats(random, tokens * columns);
    new Float32Array(this.#memory.buffer, source, x.length).set(x);
    encodeForUs(this.#kernels, format, source, ours, columns, tokens);
    const bytes = new Uint8Array(this.#memory.buffer);
    const { ggmlType } = formats[format];
    for (let at = 0; at < 4 * columns * tokens; at += 4 * columns) {
      this.#options.ggml?.addon.encode(bytes, ggmlType, source + at, ggml + at, columns);
    }
  }

  /** Rounds of one format, which `fill` has written, after a check that both compute the same. */
  async measure(name: string, given: Case): Promise<CaseResult> {
    const { columns, tokens } = this.#options;
    const { format, threads } = given;
    const rowBytes = rowBytesOf(format, columns);
    const rows = Math.floor(given.bytes / rowBytes) & ~1;
    const blocks = (tokens * rows * columns) / 256;
    const kernel = matvecKernels[format]?.name;
    if (kernel === undefined) throw new RangeError(`no kernel multiplies ${format}`);
    const share = (by: Share["by"], passes: number): Share => ({
      by,
      kernel: kernel as KernelName,
      ggmlType: formats[format].ggmlType,
      matrix: this.#places.matrix,
      rowBytes,
      columns,
      rows,
      begin: 0,
      end: rows,
      activations: by === "ours" ? this.#places.ours : this.#places.ggml,
      ggmlStride: 4 * columns,
      tokens,
      output: this.#places.output,
      scratch: this.#places.scratch,
      passes,
    });
    if (this.#options.ggml !== undefined) this.#compare(share("ours", 1), share("ggml", 1));
    await this.#warmUp(share("ours", 1));
    const passes = Math.max(1, Math.ceil(SAMPLE_MS / this.#here.run(share("ours", 1))));
    const samples = { ours: [] as number[], ggml: [] as number[] };
    for (let round = 0; round < given.rounds; round++) {
      const sides: Share["by"][] = this.#options.ggml === undefined ? ["ours"] : ["ours", "ggml"];
      for (const by of round % 2 === 0 ? sides : sides.toReversed()) {
        const ms = await this.#time(share(by, passes), threads);
        samples[by].push((ms * 1e6) / (passes * blocks));
      }
    }
    const { ours, ggml } = samples;
    const beside = ggml.length > 0;
    return {
      format,
      name,
      ours: spreadOf(ours),
      ggml: beside ? spreadOf(ggml) : undefined,
      ratio: beside ? spreadOf(ggml.map((time, round) => time / ours[round])) : undefined,
      bytesPer256: rowBytesOf(format, 256),
    };
  }

  /** Until V8 has compiled the kernel with its optimising compiler, which it does meanwhile. */
  async #warmUp(share: Share): Promise<void> {
    for (
      const end = performance.now() + WARM_UP_MS;
      performance.now() < end;
      await setImmediate()
    ) {
      this.#here.run(share);
    }
  }

  /** Milliseconds for the share, alone or cut in halves. */
  async #time(share: Share, threads: 1 | 2): Promise<number> {
    if (threads === 1) return this.#here.run(share);
    const middle = share.end / 2;
    const scratch = share.scratch + 4 * share.columns;
    this.#there.postMessage({ ...share, begin: middle, scratch });
    const here = this.#here.run({ ...share, end: middle });
    const [there] = await once(this.#there, "message");
    return (here + there) / 2;
  }

  /** A fast wrong kernel is not worth timing. */
  #compare(ours: Share, ggml: Share): void {
    const results = [ours, ggml].map((share) => {
      this.#here.run(share);
      return new Float32Array(this.#memory.buffer, share.output, share.tokens * share.rows).slice();
    });
    const largest = results[1].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let row = 0; row < results[0].length; row++) {
      if (Math.abs(results[0][row] - results[1][row]) <= TOLERANCE * largest) continue;
      throw new Error(
        `${ours.kernel}: row ${row} is ${results[0][row]}, ggml's ${results[1][row]}`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#there.terminate();
  }
}

function rowBytesOf(format: FormatName, columns: number): number {
  const { blockElements, blockBytes } = formats[format];
  return (columns / blockElements) * blockBytes;
}

/** As the tests make them, but with f16 and MXFP4 of ordinary size: subnormal f32 are slow and rare. */
function weightsOf(
  random: () => number,
  format: FormatName,
  rows: number,
  columns: number,
): Uint8Array {
  if (format === "F16") {
    return new Uint8Array(Float16Array.from(randomFloats(random, rows * columns)).buffer);
  }
  const weights = randomWeights(random, format, rows, columns);
  if (format === "NVFP4") {
    // Where ggml, unlike our format, has a sign: bit 7 of a scale.
    for (let block = 0; block < weights.length; block += 36) {
      for (let part = block; part < block + 4; part++) weights[part] = 40 + (weights[part] & 15);
    }
  }
  if (format === "MXFP4") {
    for (let block = 0; block < weights.length; block += 17) weights[block] = 118 + (block & 7);
  }
  return weights;
}

function encodeForUs(
  kernels: WasmKernels,
  format: FormatName,
  source: number,
  output: number,
  columns: number,
  tokens: number,
): void {
  const activation = matvecKernels[format]?.activation;
  if (activation === "q8_0") kernels.encodeQ8_0(source, output, columns, tokens);
  else if (activation === "q8_k") kernels.encodeQ8_K(source, output, columns, tokens);
  else if (format === "F16") kernels.roundF16(source, output, columns * tokens);
  else if (format === "BF16") kernels.roundBF16(source, output, columns * tokens);
  else kernels.scale(source, 1, output, columns * tokens);
}
