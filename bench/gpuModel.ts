/**
 * A model on a GPU: prefill and decode with all experts there, with a part of them, and without.
 *
 *     node bench/gpuModel.ts MODEL [--gpu NAME] [--shares 1,0.75,0.5,0.25] [--runs 3] [--prompt 128]
 *         [--tokens 32] [--json FILE]
 *
 * A share is that of the experts that have a slot; the others are computed by the processor ("cpu": all
 * layers are). Every run is a process of its own; shares take turns.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openModel } from "../src/generation/languageModel.ts";
import { machineLine } from "./machine.ts";
import { spreadOf } from "./statistics.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gpu: { type: "string", default: "auto" },
    shares: { type: "string", default: "1,0.75,0.5,0.25,cpu" },
    runs: { type: "string", default: "3" },
    prompt: { type: "string", default: "128" },
    tokens: { type: "string", default: "32" },
    threads: { type: "string", default: "2" },
    json: { type: "string" },
  },
});
const [path] = positionals;
if (path === undefined) throw new Error("usage: node bench/gpuModel.ts MODEL");

const expertBytes = await bytesOfExperts(path);
const shares = options.shares.split(",");
const samples = new Map(shares.map((share) => [share, [] as Run[]]));
for (let run = 0; run < Number(options.runs); run++) {
  for (const share of shares) samples.get(share)!.push(measure(share));
}
const results = shares.map((share) => {
  const runs = samples.get(share)!;
  const decode = spreadOf(runs.flatMap(({ tokenMs }) => tokenMs));
  const prefill = spreadOf(
    runs.map(({ prefillMs }) => (1000 * Number(options.prompt)) / prefillMs),
  );
  return {
    share,
    "decode tokens/s": Number((1000 / decode.median).toPrecision(3)),
    "ms ±": Number(decode.deviation.toPrecision(2)),
    "prefill tokens/s": Number(prefill.median.toPrecision(3)),
    "GPU hits": percent(runs.at(-1)?.gpuHitRate),
    runs: runs.length,
  };
});
console.log(`${options.gpu}; ${machineLine()}`);
console.table(results);
if (options.json !== undefined) {
  const head = { bench: "gpuModel", machine: machineLine(), options };
  writeFileSync(options.json, `${JSON.stringify({ ...head, results }, undefined, 1)}\n`);
}

interface Run {
  readonly prefillMs: number;
  readonly tokenMs: readonly number[];
  readonly gpuHitRate: number | undefined;
}

function measure(share: string): Run {
  const own = { gpu: options.gpu, gpuExpertBytes: Math.floor(Number(share) * expertBytes) };
  const openOptions = share === "cpu" ? {} : own;
  const program = fileURLToPath(new URL("./tierRun.ts", import.meta.url));
  const { threads, prompt, tokens } = options;
  const args = [program, path!, threads, prompt, tokens, JSON.stringify(openOptions)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Run;
}

/** Bytes of slots for all experts. */
async function bytesOfExperts(model: string): Promise<number> {
  await using opened = await openModel(model, { load: "lazy", threads: 1 });
  return opened.experts.slotBytes;
}

function percent(rate: number | undefined): string {
  return rate === undefined ? "" : `${Math.round(100 * rate)} %`;
}
