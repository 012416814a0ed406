/**
 * A model under a limit of memory: this engine with `--ram`, and llama.cpp with its mapped file, both
 * in a control group with the same limit, page cache included.
 *
 *     node bench/tiers.ts MODEL.gguf [--budgets 25,50,75,100] [--pairs 3] [--prompt 8] [--tokens 64]
 *         [--libllama PROGRAM] [--json FILE]
 *
 * Budgets are percent of the model's bytes; the limit is the budget and 10 % and 250 MiB (Node's own
 * needs, and some page cache). Cold: the page cache is dropped before the run. Warm: a second run in
 * the same group. Runs alternate between the engines; medians over the pairs. Needs the rights to make
 * control groups and to drop the page cache, and says so if it has not. For llama.cpp:
 *
 *     npm i --no-save --prefix /tmp/peer @node-llama-cpp/linux-x64@3.22.1
 *     LIB=/tmp/peer/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64
 *     cc -O2 bench/native/libllama.c -o /tmp/peer/libllama -Wl,-rpath,$LIB $LIB/libllama.v0.5.0.so \
 *         $LIB/libggml.v0.5.0.so $LIB/libggml-base.so
 *     GGML_DIR=$LIB node bench/tiers.ts bench-m.gguf --libllama /tmp/peer/libllama
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machineLine } from "./machine.ts";

interface Run {
  readonly firstTokenMs: number;
  readonly tokenMs: readonly number[];
  readonly peakMiB: number;
  readonly hitRate?: number;
  readonly bytesRead?: number;
  readonly stallMs?: number;
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    budgets: { type: "string", default: "25,50,75,100" },
    pairs: { type: "string", default: "3" },
    prompt: { type: "string", default: "8" },
    tokens: { type: "string", default: "64" },
    threads: { type: "string", default: "2" },
    libllama: { type: "string" },
    open: { type: "string", default: "{}" },
    json: { type: "string" },
  },
});
const [model] = positionals;
if (model === undefined || !existsSync(model)) {
  console.error("tiers: name a model; bench/models/makeModel.ts writes one");
  process.exit(2);
}
const tierRun = fileURLToPath(new URL("tierRun.ts", import.meta.url));
const modelBytes = statSync(model).size;
const group = controlGroup("sluice-bench");

const rows: Record<string, unknown>[] = [];
for (const percent of options.budgets.split(",").map(Number)) {
  const ramBytes = Math.round((modelBytes * percent) / 100);
  const limitBytes = Math.round(ramBytes * 1.1) + 250 * 2 ** 20;
  const runs = new Map<string, Run[]>();
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    for (const engine of options.libllama === undefined ? ["sluice"] : ["sluice", "libllama"]) {
      using _limited = group.limit(limitBytes);
      for (const temperature of ["cold", "warm"]) {
        if (temperature === "cold") dropPageCache();
        const run = runIn(group.path, commandOf(engine, ramBytes));
        const name = `${engine} ${temperature}`;
        runs.set(name, [...(runs.get(name) ?? []), run]);
        console.error(percent, engine, temperature, summary([run]));
      }
    }
  }
  for (const [name, list] of runs) {
    rows.push({ "budget %": percent, run: name, ...summary(list) });
  }
}
console.log(machineLine());
console.log(`${model}: ${(modelBytes / 1e9).toFixed(2)} GB`);
console.table(rows);
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(rows, undefined, 2));

function commandOf(engine: string, ramBytes: number): string[] {
  const work = [model!, options.threads, options.prompt, options.tokens];
  if (engine === "libllama") return [options.libllama!, ...work];
  const open = JSON.stringify({ ramBytes, ...(JSON.parse(options.open) as object) });
  return [process.execPath, tierRun, ...work, open];
}

/** Of all files; pages that wait to be written would stay. */
function dropPageCache(): void {
  spawnSync("sync");
  writeFileSync("/proc/sys/vm/drop_caches", "3");
}

/** Runs a command in the group and reads the JSON line it prints. */
function runIn(groupPath: string, command: readonly string[]): Run {
  const enter = `echo $$ > ${groupPath}/cgroup.procs && exec "$@"`;
  const { stdout, stderr, status, signal } = spawnSync("sh", ["-c", enter, "sh", ...command], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${command[0]} ended with ${status ?? signal}: ${stderr}`);
  return JSON.parse(stdout) as Run;
}

function summary(runs: readonly Run[]): Record<string, number | undefined> {
  const rate = ({ tokenMs }: Run) => (1000 * tokenMs.length) / tokenMs.reduce((a, b) => a + b, 0);
  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  const rates = runs.map(rate);
  return {
    "tok/s": round(median(rates), 2),
    least: round(Math.min(...rates), 2),
    most: round(Math.max(...rates), 2),
    "first token s": round(median(runs.map(({ firstTokenMs }) => firstTokenMs)) / 1000, 2),
    "peak MiB": median(runs.map(({ peakMiB }) => peakMiB)),
    ...(runs[0]?.hitRate === undefined
      ? {}
      : {
          "hit %": round(100 * median(runs.map(({ hitRate = 0 }) => hitRate)), 1),
          "read GB": round(median(runs.map(({ bytesRead = 0 }) => bytesRead)) / 1e9, 2),
          "stall s": round(median(runs.map(({ stallMs = 0 }) => stallMs)) / 1000, 2),
        }),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** A control group for memory, of version 1 or 2; its limit holds until disposed of. */
function controlGroup(name: string) {
  const first = "/sys/fs/cgroup/memory";
  const isFirst = existsSync(first);
  const path = `${isFirst ? first : "/sys/fs/cgroup"}/${name}`;
  return {
    path,
    limit(bytes: number): Disposable {
      try {
        mkdirSync(path, { recursive: true });
        writeFileSync(`${path}/${isFirst ? "memory.limit_in_bytes" : "memory.max"}`, `${bytes}`);
      } catch (cause) {
        console.error(`tiers: no control group can be made here (${String(cause)})`);
        process.exit(3);
      }
      return { [Symbol.dispose]: () => rmdirSync(path) };
    },
  };
}
