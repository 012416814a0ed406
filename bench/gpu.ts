/**
 * What a GPU's adapter can do: matrices of each format as a share of the bandwidth at which it copies,
 * what a dispatch and a readback cost, and how fast experts get to it.
 *
 *     node bench/gpu.ts [--gpu NAME] [--format Q4_K,Q6_K] [--mebibytes 64] [--rounds 10] [--json FILE]
 *
 * A time is that of a submission with `repeats` dispatches, until the queue is empty, less that of an
 * empty one. On an adapter that computes on the processor the figures say what the way to it costs,
 * and nothing about GPUs.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { encodings, multiplicationOf } from "../src/compute/cpu/encodings.ts";
import { selectAdapters } from "../src/compute/gpu/gpuAdapters.ts";
import { GpuBackend } from "../src/compute/gpu/gpuBackend.ts";
import { GpuDevice } from "../src/compute/gpu/gpuDevice.ts";
import { gpuFormats, matvecCall } from "../src/compute/gpu/matvecShaders.ts";
import { add } from "../src/compute/gpu/stepShaders.ts";
import type { FormatName } from "../src/numerics/formats/blockFormat.ts";
import { formats } from "../src/numerics/formats/index.ts";
import { machineLine } from "./machine.ts";
import { type Spread, spreadOf } from "./statistics.ts";

const { values: options } = parseArgs({
  options: {
    gpu: { type: "string", default: "auto" },
    format: { type: "string", default: gpuFormats.join() },
    mebibytes: { type: "string", default: "64" },
    rounds: { type: "string", default: "10" },
    json: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const bytes = Number(options.mebibytes) * 2 ** 20;
const columns = 2048;

const { devices, obstacle } = await selectAdapters(options.gpu);
const [chosen] = devices;
if (chosen === undefined) {
  console.log(`not run: ${obstacle?.message ?? "no GPU"}`);
  process.exit();
}
await using device = await GpuDevice.open({ name: chosen.name, backend: chosen.backend });
const breathe = async () => {};
const backend = new GpuBackend(device, { arithmetic: "fast", identity: {}, breathe });
await backend.settle();
console.log(`${chosen.label} (${chosen.type}); ${machineLine()}`);

const weights = await backend.createBufferChecked(bytes, "weights");
const copy = await backend.createBufferChecked(bytes, "copy");
const bandwidth = spreadOf(await sample(() => copyAll(4), 4 * 2 * bytes));
const results: object[] = [row("copy, read and written", bandwidth, "GB/s")];
for (const format of options.format.split(",") as FormatName[]) results.push(await matvec(format));
results.push(...(await costs()));
console.table(results);
if (options.json !== undefined) {
  const head = { bench: "gpu", adapter: chosen.label, machine: machineLine(), options };
  writeFileSync(options.json, `${JSON.stringify({ ...head, results }, undefined, 1)}\n`);
}

/** One token's vector times a matrix that fills the buffer. */
async function matvec(name: FormatName): Promise<object> {
  const format = formats[name];
  const rowBytes = (columns / format.blockElements) * format.blockBytes;
  const rows = Math.floor(bytes / rowBytes / 4) * 4;
  const { encoding } = multiplicationOf(format, "fast");
  const input = backend.createBuffer(encodings[encoding].rowBytes(columns), "input");
  const output = backend.createBuffer(rows * 4, "output");
  const shape = { format: name, arithmetic: "fast", rows, columns, tokens: 1 } as const;
  const step = {
    ...matvecCall(shape, { weightBytes: 0 }, device),
    bindings: [weights, input, output, undefined, undefined],
  };
  const repeats = 4;
  const run = () => {
    for (let repeat = 0; repeat < repeats; repeat++) backend.run(step);
  };
  const speeds = spreadOf(await sample(run, repeats * rows * rowBytes));
  input.buffer.destroy();
  output.buffer.destroy();
  return { ...row(`matvec ${name}`, speeds, "GB/s"), share: share(speeds, bandwidth) };
}

/** Microseconds: of a dispatch, of reading a token's hidden state back, and bytes sent. */
async function costs(): Promise<object[]> {
  const x = backend.createBuffer(columns * 4, "x");
  const y = backend.createBuffer(columns * 4, "y");
  const step = { ...add(columns), bindings: [x, y] };
  const many = 1000;
  const dispatch = await timesOf(() => {
    for (let index = 0; index < many; index++) backend.run(step);
  });
  const roundTrips: number[] = [];
  for (let round = 0; round < 20 * rounds; round++) {
    const begin = performance.now();
    backend.run(step);
    await backend.read([{ from: x, byteLength: columns * 4 }]);
    roundTrips.push((performance.now() - begin) * 1000);
  }
  const expert = new Uint8Array(3 * 2 ** 20);
  const slot = backend.createBuffer(expert.byteLength, "slot");
  const uploads = await sample(() => backend.write(slot, 0, expert), expert.byteLength);
  return [
    row("dispatch", spreadOf(dispatch.map((ms) => (ms / many) * 1000)), "us"),
    row("dispatch and read 8 KiB", spreadOf(roundTrips), "us"),
    row("upload of 3 MiB", spreadOf(uploads), "GB/s"),
  ];
}

function copyAll(repeats: number): void {
  for (let repeat = 0; repeat < repeats; repeat++) {
    backend.program.copy(weights.buffer, 0, copy.buffer, 0, bytes);
  }
}

/** GB/s of `moved` bytes per submission. */
async function sample(record: () => void, moved: number): Promise<number[]> {
  return (await timesOf(record)).map((ms) => moved / ms / 1e6);
}

/** Milliseconds per submission, beyond those of an empty one. */
async function timesOf(record: () => void): Promise<number[]> {
  const times: number[] = [];
  await submit(record); // compiles
  for (let round = 0; round < rounds; round++) {
    const empty = await submit(() => {});
    times.push(Math.max(1e-6, (await submit(record)) - empty));
  }
  return times;
}

async function submit(record: () => void): Promise<number> {
  const begin = performance.now();
  record();
  backend.program.submit();
  await device.settle();
  return performance.now() - begin;
}

function row(what: string, { median, deviation, samples }: Spread, unit: string): object {
  return {
    what,
    median: Number(median.toPrecision(3)),
    "±": Number(deviation.toPrecision(2)),
    unit,
    samples,
  };
}

function share(speed: Spread, whole: Spread): string {
  return `${Math.round((100 * speed.median) / whole.median)} %`;
}
