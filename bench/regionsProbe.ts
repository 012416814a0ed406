/**
 * Preloaded (`node --import`) into every thread of `regionsDecode.ts`: puts a clock around every
 * export of every WebAssembly instance, so that the time in kernels is known without a word in the
 * engine. The threads' sums lie in shared memory, a row per thread, the first that of the caller.
 */
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

const key = "sluice-bench-probe";
const threadLimit = 64;
const kernelLimit = 128;

interface Sums {
  /** Threads seen so far. */
  readonly threads: Int32Array<SharedArrayBuffer>;
  /** Milliseconds, `[threadLimit, kernelLimit]`. */
  readonly ms: Float64Array<SharedArrayBuffer>;
}

if (isMainThread) {
  const sums: Sums = {
    threads: new Int32Array(new SharedArrayBuffer(4)),
    ms: new Float64Array(new SharedArrayBuffer(threadLimit * kernelLimit * 8)),
  };
  setEnvironmentData(key, sums as never);
}
const { threads, ms } = getEnvironmentData(key) as unknown as Sums;
const firstOfThread = Atomics.add(threads, 0, 1) * kernelLimit;
const names: string[] = [];
/** Of this thread. */
let sum = 0;

WebAssembly.Instance = class extends WebAssembly.Instance {
  override readonly exports: WebAssembly.Exports;

  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    this.exports = Object.fromEntries(
      Object.entries(super.exports).map(([name, value]) => {
        return [name, typeof value === "function" ? clocked(name, value as Kernel) : value];
      }),
    );
  }
};

type Kernel = (...parameters: number[]) => number | undefined;

function clocked(name: string, kernel: Kernel): Kernel {
  if (!names.includes(name)) names.push(name);
  const at = firstOfThread + names.indexOf(name);
  return (...parameters) => {
    const begin = performance.now();
    const result = kernel(...parameters);
    const time = performance.now() - begin;
    ms[at] = ms[at] + time;
    sum += time;
    return result;
  };
}

/** Milliseconds in kernels so far, of the thread that asks. */
export function ownKernelMs(): number {
  return sum;
}

/** Milliseconds in kernels so far: of every thread, and of the caller by kernel. */
export function kernelTimes(): {
  readonly threads: readonly number[];
  readonly kernels: Readonly<Record<string, number>>;
} {
  const row = (thread: number) => ms.subarray(thread * kernelLimit, (thread + 1) * kernelLimit);
  return {
    threads: Array.from({ length: Atomics.load(threads, 0) }, (_, thread) =>
      row(thread).reduce((a, b) => a + b, 0),
    ),
    kernels: Object.fromEntries(names.map((name, index) => [name, row(0)[index]])),
  };
}
