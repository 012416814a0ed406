/**
 * How fast one thread multiplies a matrix of each format with one token's vector.
 *
 *     node bench/matvec.ts [--size 256MiB] [--columns 2048] [--format Q4_K,Q6_K] [--json]
 *
 * `--size` is the matrix: 256 MiB lies in DRAM, 256KiB in a core's L2. The two builds take turns, so
 * that a busy machine slows both; the medians are over all turns.
 */

import { parseArgs } from "node:util";
import { Bench } from "tinybench";
import {
  compileKernels,
  encodedBytes,
  instantiateKernels,
  type KernelBuild,
  matvecKernels,
  type WasmKernels,
} from "../src/compute/cpu/wasmKernels.ts";
import { tableBytes } from "../src/memory/arena.ts";
import type { FormatName } from "../src/numerics/formats/blockFormat.ts";
import { dotRow } from "../src/numerics/formats/dotRow.ts";
import { formats } from "../src/numerics/formats/index.ts";
import { seededRandom } from "../src/numerics/random.ts";
import { machineLine } from "./machine.ts";

const TURNS = 3;
const TURN_MS = 250;
/** Per turn; tinybench's default of 64 would take minutes with matrices in DRAM. */
const LEAST_SAMPLES = 7;

const benchOptions = {
  time: TURN_MS,
  iterations: LEAST_SAMPLES,
  warmupTime: TURN_MS / 5,
  warmupIterations: 1,
  retainSamples: true,
};

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "256MiB" },
    columns: { type: "string", default: "2048" },
    format: { type: "string", default: Object.keys(matvecKernels).join() },
    json: { type: "boolean", default: false },
  },
});

interface Row {
  readonly kernel: string;
  readonly build: KernelBuild;
  readonly medianMs: number;
  readonly GiBps: number;
  readonly nsPer256Weights: number;
  /** Speed of the relaxed build over that of the plain one. */
  readonly relaxedToPlain: number;
  readonly samples: number;
}

const columns = Number(options.columns);
const matrixBytes = parseBytes(options.size);
const activationBytes = columns * 4 * 4;
const matrix = tableBytes + activationBytes;
const outputBytes = (matrixBytes / columns) * 32; // Q4_0, the smallest: 18 bytes for 32 weights
const memory = sharedMemory(matrix + matrixBytes + outputBytes);
const output = matrix + Math.ceil(matrixBytes / 16) * 16;
const builds: Record<KernelBuild, WasmKernels> = {
  relaxed: await loadBuild("relaxed"),
  plain: await loadBuild("plain"),
};

fillWeights();
const rows: Row[] = [];
for (const name of options.format.split(",")) rows.push(...(await measure(name as FormatName)));

const head = `one thread, ${options.size} of weights, rows of ${columns}; ${machineLine()}`;
if (options.json) {
  console.log(JSON.stringify({ machine: head, rows }, undefined, 2));
} else {
  console.log(head);
  console.table(
    rows.map((row) => ({
      kernel: row.kernel,
      build: row.build,
      "median ms": row.medianMs.toPrecision(4),
      "GiB/s": row.GiBps.toFixed(2),
      "ns / 256 weights": row.nsPer256Weights.toFixed(2),
      "relaxed / plain": row.relaxedToPlain.toFixed(2),
      samples: row.samples,
    })),
  );
}

/** Both builds on one format, in turns. */
async function measure(name: FormatName): Promise<Row[]> {
  const kernel = matvecKernels[name];
  if (kernel === undefined) throw new RangeError(`no kernel multiplies ${name}`);
  const { blockElements, blockBytes } = formats[name];
  const rowBytes = (columns / blockElements) * blockBytes;
  const rowCount = Math.floor(matrixBytes / rowBytes);
  const activations = encodeActivations(kernel.activation);
  const runs = { relaxed: run("relaxed"), plain: run("plain") };
  check(name, rowBytes, runs);

  const samples: Record<KernelBuild, number[]> = { relaxed: [], plain: [] };
  for (let turn = 0; turn < TURNS; turn++) {
    const bench = new Bench(benchOptions);
    bench.add("relaxed", runs.relaxed).add("plain", runs.plain);
    for (const { name: build, result } of await bench.run()) {
      if (result.state !== "completed") throw new Error(`${name} ${build}: ${result.state}`);
      samples[build as KernelBuild].push(...(result.latency.samples ?? []));
    }
  }
  const relaxedToPlain = median(samples.plain) / median(samples.relaxed);
  return (["relaxed", "plain"] as const).map((build) => {
    const medianMs = median(samples[build]);
    return {
      kernel: name,
      build,
      medianMs,
      GiBps: (rowCount * rowBytes) / (medianMs / 1e3) / 2 ** 30,
      nsPer256Weights: (medianMs * 1e6) / ((rowCount * columns) / 256),
      relaxedToPlain,
      samples: samples[build].length,
    };
  });

  function run(build: KernelBuild): () => void {
    const multiply = builds[build][(kernel as NonNullable<typeof kernel>).name];
    return () => multiply(matrix, activations, output, columns, 0, rowCount, 1, rowCount);
  }
}

/** Row 0 by both builds against the formula: a fast wrong kernel is not worth timing. */
function check(name: FormatName, rowBytes: number, runs: Record<KernelBuild, () => void>): void {
  const blocks = new Uint8Array(memory.buffer, matrix, rowBytes).slice();
  const expected = dotRow(formats[name], blocks, activationRow());
  for (const [build, run] of Object.entries(runs)) {
    run();
    const actual = new Float32Array(memory.buffer, output, 1)[0];
    if (Math.abs(actual - expected) > 1e-4 * Math.abs(expected)) {
      throw new Error(`${name} ${build}: row 0 is ${actual}, should be ${expected}`);
    }
  }
}

/** Encodes the activations with 16 bytes per column to spare; returns their address. */
function encodeActivations(activation: "f32" | "q8_0" | "q8_k"): number {
  const source = tableBytes;
  const encoded = source + columns * 4;
  if (encodedBytes(activation, columns) > activationBytes - columns * 4) throw new RangeError();
  new Float32Array(memory.buffer, source, columns).set(activationRow());
  if (activation === "f32") return source;
  const encode = activation === "q8_0" ? builds.plain.encodeQ8_0 : builds.plain.encodeQ8_K;
  encode(source, encoded, columns, 1);
  return encoded;
}

/** Positive, so that row 0's sum does not cancel; exact in f16 and bf16. */
function activationRow(): Float32Array {
  return Float32Array.from({ length: columns }, (_, i) => 1 + (i % 64) / 64);
}

/** Bytes 0x30 to 0x3f: ordinary numbers whether a format reads them as f16, bf16, f32 or quants. */
function fillWeights(): void {
  const random = seededRandom(1);
  const pattern = Uint8Array.from({ length: 65521 }, () => 0x30 + Math.floor(random() * 16));
  const weights = new Uint8Array(memory.buffer, matrix, matrixBytes);
  for (let at = 0; at < weights.length; at += pattern.length) {
    weights.set(pattern.subarray(0, weights.length - at), at);
  }
}

async function loadBuild(build: KernelBuild): Promise<WasmKernels> {
  return instantiateKernels((await compileKernels({ build })).module, memory);
}

function sharedMemory(byteLength: number): WebAssembly.Memory {
  const pages = Math.ceil(byteLength / 65536) + 1;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** "256MiB" in bytes. */
function parseBytes(text: string): number {
  const [, number, prefix] = /^(\d+)([KMG])iB$/.exec(text) ?? [];
  if (number === undefined) throw new RangeError(`--size ${text}: such as 256KiB or 256MiB`);
  return Number(number) * 1024 ** ("KMG".indexOf(prefix) + 1);
}
