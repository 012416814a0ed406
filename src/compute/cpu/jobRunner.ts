/** Runs one chunk of one job, on whichever thread claimed it. */
import type { BlockFormat } from "../../numerics/formats/blockFormat.ts";
import { formats } from "../../numerics/formats/index.ts";
import { type EncodingName, encodings, runEncoding } from "./encodings.ts";
import { jobCode, jobField, jobWords } from "./jobList.ts";
import {
  instantiateKernels,
  type KernelName,
  matvecKernels,
  type WasmKernels,
} from "./wasmKernels.ts";

/** Formats by a number that fits a job. */
export const formatList: readonly BlockFormat[] = Object.values(formats);

type Matvec = WasmKernels[KernelName];

/** One thread's view of one arena. */
interface Bench {
  readonly kernels: WasmKernels;
  readonly matvecs: readonly (Matvec | undefined)[];
  readonly buffer: ArrayBufferLike;
  readonly bytes: Uint8Array;
  readonly floats: Float32Array;
}

export class JobRunner {
  /** By arena index; 0 is the hub, where all activations live. */
  readonly #benches: Bench[] = [];
  readonly #module: WebAssembly.Module;
  /** This thread's scratch, at the same address in every arena. */
  readonly #scratch: number;

  constructor(module: WebAssembly.Module, scratch: number) {
    this.#module = module;
    this.#scratch = scratch;
  }

  /** Takes notice of arenas opened since the last call. */
  attach(memories: readonly WebAssembly.Memory[]): void {
    for (let index = this.#benches.length; index < memories.length; index++) {
      const memory = memories[index];
      if (memory === undefined) continue;
      const kernels = instantiateKernels(this.#module, memory);
      this.#benches.push({
        kernels,
        matvecs: formatList.map(({ name }) => {
          const kernel = matvecKernels[name];
          return kernel === undefined ? undefined : kernels[kernel.name];
        }),
        buffer: memory.buffer,
        bytes: new Uint8Array(memory.buffer),
        floats: new Float32Array(memory.buffer),
      });
    }
  }

  /** Runs chunk `chunk` of the round whose jobs start at `jobs[base]`. */
  run(jobs: Int32Array, floats: Float32Array, base: number, jobCount: number, chunk: number): void {
    const at = base + findJob(jobs, base, jobCount, chunk) * jobWords;
    const items = word(jobs, at + jobField.items);
    const itemsPerChunk = word(jobs, at + jobField.itemsPerChunk);
    const begin = (chunk - word(jobs, at + jobField.firstChunk)) * itemsPerChunk;
    const end = Math.min(items, begin + itemsPerChunk);
    const bench = this.#bench(word(jobs, at + jobField.arena));
    const p = at + jobField.parameters;
    switch (word(jobs, at)) {
      case jobCode.matvec:
        this.#matvec(bench, jobs, p, begin, end);
        break;
      case jobCode.decodedMatvec:
        this.#decodedMatvec(bench, jobs, p, begin, end);
        break;
      case jobCode.encode:
        encode(bench, jobs, p, begin, end);
        break;
      case jobCode.rmsNorm:
        rmsNorm(bench, jobs, floats, p, begin, end);
        break;
      case jobCode.rotate:
        rotate(bench, jobs, p, begin, end);
        break;
      case jobCode.remember:
        this.#remember(bench, jobs, p, begin, end);
        break;
      case jobCode.attend:
        this.#attend(bench, jobs, floats, p, begin, end);
        break;
      case jobCode.swiglu:
        swiglu(bench, jobs, p, begin, end);
        break;
      case jobCode.mix:
        mix(bench, jobs, p, begin, end);
        break;
      default:
        throw new Error(`no job has the code ${jobs[at]}`);
    }
  }

  #bench(arena: number): Bench {
    const bench = this.#benches[arena];
    if (bench === undefined) throw new Error(`arena ${arena} is not attached`);
    return bench;
  }

  /** Parameters: format, matrix, activations, output, columns, tokens, output stride, hub output or 0. */
  #matvec(bench: Bench, jobs: Int32Array, p: number, begin: number, end: number): void {
    const kernel = bench.matvecs[word(jobs, p)];
    if (kernel === undefined) throw new Error(`no kernel for ${formatList[word(jobs, p)]?.name}`);
    const output = word(jobs, p + 3) >>> 0;
    const tokens = word(jobs, p + 5);
    const stride = word(jobs, p + 6);
    kernel(
      word(jobs, p + 1),
      word(jobs, p + 2),
      output,
      word(jobs, p + 4),
      begin,
      end,
      tokens,
      stride,
    );
    const hubOutput = word(jobs, p + 7) >>> 0;
    if (hubOutput === 0) return;
    const hub = this.#bench(0).floats;
    for (let token = 0; token < tokens; token++) {
      const row = token * stride;
      hub.set(
        bench.floats.subarray(output / 4 + row + begin, output / 4 + row + end),
        hubOutput / 4 + row + begin,
      );
    }
  }

  /** Parameters as `#matvec`; activations and output lie in the hub, the matrix in `bench`. */
  #decodedMatvec(bench: Bench, jobs: Int32Array, p: number, begin: number, end: number): void {
    const format = formatList[word(jobs, p)];
    if (format === undefined) throw new Error("no such format");
    const hub = this.#bench(0);
    const columns = word(jobs, p + 4);
    const rowBytes = (columns / format.blockElements) * format.blockBytes;
    const matrix = word(jobs, p + 1) >>> 0;
    const decoded = hub.floats.subarray(this.#scratch / 4, this.#scratch / 4 + columns);
    for (let row = begin; row < end; row++) {
      const start = matrix + row * rowBytes;
      format.dequantise(bench.bytes.subarray(start, start + rowBytes), decoded);
      const output = (word(jobs, p + 3) >>> 0) + row * 4;
      hub.kernels.matvecF32(
        this.#scratch,
        word(jobs, p + 2),
        output,
        columns,
        0,
        1,
        word(jobs, p + 5),
        word(jobs, p + 6),
      );
    }
  }

  /**
   * Parameters: source, cache region, f16?, heads, head size, capacity, first position. The items
   * are tokens; the cache is `[head][position][head size]`.
   */
  #remember(bench: Bench, jobs: Int32Array, p: number, begin: number, end: number): void {
    const hub = this.#bench(0);
    const source = word(jobs, p) >>> 0;
    const target = word(jobs, p + 1) >>> 0;
    const half = word(jobs, p + 2) === 1;
    const heads = word(jobs, p + 3);
    const headSize = word(jobs, p + 4);
    const rowBytes = headSize * (half ? 2 : 4);
    const capacity = word(jobs, p + 5);
    for (let token = begin; token < end; token++) {
      const position = word(jobs, p + 6) + token;
      for (let head = 0; head < heads; head++) {
        const from = source + (token * heads + head) * headSize * 4;
        const to = target + (head * capacity + position) * rowBytes;
        const row = hub.floats.subarray(from / 4, from / 4 + headSize);
        if (half) {
          // storeHalf reads and writes one memory, so a row bound for another arena goes by its scratch.
          bench.floats.set(row, this.#scratch / 4);
          bench.kernels.storeHalf(this.#scratch, to, headSize);
        } else {
          bench.floats.set(row, to / 4);
        }
      }
    }
  }

  /**
   * Parameters: queries and output (hub), keys, values, f16?, heads, heads per key-value head,
   * head size | value size << 16, capacity, first position, scale. The items are (token, head).
   */
  #attend(
    bench: Bench,
    jobs: Int32Array,
    floats: Float32Array,
    p: number,
    begin: number,
    end: number,
  ): void {
    const hub = this.#bench(0);
    const half = word(jobs, p + 4) === 1;
    const heads = word(jobs, p + 5);
    const headSize = word(jobs, p + 7) & 0xffff;
    const valueSize = word(jobs, p + 7) >>> 16;
    const keyBytes = headSize * (half ? 2 : 4);
    const valueBytes = valueSize * (half ? 2 : 4);
    const capacity = word(jobs, p + 8);
    const scale = floats[p + 10] ?? 0;
    const attendHead = half ? bench.kernels.attendF16 : bench.kernels.attendF32;
    // The query and the result pass through this thread's scratch in the cache's arena.
    const query = this.#scratch;
    const output = query + headSize * 4;
    const scores = output + valueSize * 4;
    for (let item = begin; item < end; item++) {
      const token = Math.floor(item / heads);
      const head = item % heads;
      const keyValueHead = Math.floor(head / word(jobs, p + 6));
      const from = (word(jobs, p) >>> 0) / 4 + item * headSize;
      const to = (word(jobs, p + 1) >>> 0) / 4 + item * valueSize;
      const keys = (word(jobs, p + 2) >>> 0) + keyValueHead * capacity * keyBytes;
      const values = (word(jobs, p + 3) >>> 0) + keyValueHead * capacity * valueBytes;
      const positions = word(jobs, p + 9) + token + 1;
      bench.floats.set(hub.floats.subarray(from, from + headSize), query / 4);
      attendHead(
        query,
        keys,
        values,
        scores,
        output,
        headSize,
        valueSize,
        0,
        positions,
        keyBytes,
        valueBytes,
        scale,
      );
      hub.floats.set(bench.floats.subarray(output / 4, output / 4 + valueSize), to);
    }
  }
}

/** Parameters: encoding, source, output, columns. The items are tokens. */
function encode({ kernels }: Bench, jobs: Int32Array, p: number, begin: number, end: number): void {
  const name = Object.keys(encodings)[word(jobs, p)] as EncodingName;
  const columns = word(jobs, p + 3);
  const source = (word(jobs, p + 1) >>> 0) + begin * columns * 4;
  const output = (word(jobs, p + 2) >>> 0) + begin * encodings[name].rowBytes(columns);
  runEncoding(kernels, name, source, output, columns, end - begin);
}

/** Parameters: source, gain, output, width, epsilon. The items are rows. */
function rmsNorm(
  { kernels }: Bench,
  jobs: Int32Array,
  floats: Float32Array,
  p: number,
  begin: number,
  end: number,
): void {
  const width = word(jobs, p + 3);
  const offset = begin * width * 4;
  const epsilon = floats[p + 4] ?? 0;
  kernels.rmsNorm(
    (word(jobs, p) >>> 0) + offset,
    word(jobs, p + 1),
    (word(jobs, p + 2) >>> 0) + offset,
    width,
    end - begin,
    epsilon,
  );
}

/** Parameters: x, angles, head size, rotary size, heads, NeoX?. The items are tokens. */
function rotate({ kernels }: Bench, jobs: Int32Array, p: number, begin: number, end: number): void {
  const headSize = word(jobs, p + 2);
  const rotarySize = word(jobs, p + 3);
  const heads = word(jobs, p + 4);
  const x = (word(jobs, p) >>> 0) + begin * heads * headSize * 4;
  const angles = (word(jobs, p + 1) >>> 0) + begin * rotarySize * 4;
  const turn = word(jobs, p + 5) === 1 ? kernels.rotateNeox : kernels.rotateNorm;
  turn(x, angles, headSize, rotarySize, heads, end - begin);
}

/** Parameters: gate, up, output, width. The items are rows. */
function swiglu({ kernels }: Bench, jobs: Int32Array, p: number, begin: number, end: number): void {
  const width = word(jobs, p + 3);
  const offset = begin * width * 4;
  const at = (index: number) => (word(jobs, p + index) >>> 0) + offset;
  kernels.swiglu(at(0), at(1), at(2), (end - begin) * width);
}

/**
 * Parameters: address of `[tokens, k]` row addresses, of `[tokens, k]` weights, output, width, k.
 * The items are tokens; the experts are added in list order, each product rounded to f32 first.
 */
function mix(
  { kernels, buffer, floats }: Bench,
  jobs: Int32Array,
  p: number,
  begin: number,
  end: number,
): void {
  const width = word(jobs, p + 3);
  const k = word(jobs, p + 4);
  const rows = new Uint32Array(buffer, word(jobs, p) >>> 0, end * k);
  const weights = (word(jobs, p + 1) >>> 0) / 4;
  for (let token = begin; token < end; token++) {
    const output = (word(jobs, p + 2) >>> 0) + token * width * 4;
    floats.fill(0, output / 4, output / 4 + width);
    for (let slot = token * k; slot < (token + 1) * k; slot++) {
      kernels.addScaled(rows[slot] ?? 0, floats[weights + slot] ?? 0, output, width);
    }
  }
}

/** The job that chunk `chunk` belongs to: the last whose first chunk is not above it. */
function findJob(jobs: Int32Array, base: number, jobCount: number, chunk: number): number {
  let low = 0;
  let high = jobCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (word(jobs, base + middle * jobWords + jobField.firstChunk) <= chunk) low = middle;
    else high = middle - 1;
  }
  return low;
}

function word(jobs: Int32Array, index: number): number {
  return jobs[index] as number;
}
