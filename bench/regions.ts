/**
 * What it costs to compute in rounds: the fork and join of one, how many a token takes, and how much
 * of its time is spent outside kernels, and where.
 *
 *     node bench/regions.ts [MODEL] [--threads 1,2] [--prompt 128] [--tokens 64] [--json FILE]
 *
 * Without a model only fork and join are measured. With one, two more processes run it: one with
 * clocks around rounds, chunks and kernels (`regionsProbe.ts`; they make small rounds look somewhat
 * dearer than they are), and one under V8's profiler.
 *
 * A token's time on the thread that computes it is that of *kernels* (WebAssembly), of *glue* (around
 * a kernel: reading the job, copying results), of *join* (claiming chunks, waiting for the other
 * threads) and of *JavaScript* (between rounds: the model, the router's rule, the cache of experts).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machineLine } from "./machine.ts";
import { EngineCatalogue } from "./peers/catalogue.ts";
import { EngineProcess } from "./peers/engineProcess.ts";
import type { PassReport } from "./peers/pass.ts";
import { runHeader } from "./peers/runHeader.ts";
import type { DecodeAnatomy } from "./regionsDecode.ts";
import { type ForkJoin, forkJoin } from "./regionsForkJoin.ts";
import { type CpuProfile, selfShares } from "./regionsProfile.ts";
import { spreadOf } from "./statistics.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1,2" },
    prompt: { type: "string", default: "128" },
    tokens: { type: "string", default: "64" },
    json: { type: "string" },
  },
});
const [model] = positionals;
const threadCounts = options.threads.split(",").map(Number);

console.log(machineLine());
const forkJoins: ForkJoin[] = [];
for (const threads of threadCounts) {
  for (const chunks of [threads, 4 * threads]) {
    // 500 us is longer than threads look for work before they sleep.
    for (const gapUs of [2, 500]) forkJoins.push(await forkJoin(threads, chunks, gapUs));
  }
}
console.table(
  forkJoins.map(({ threads, chunks, gapUs, us }) => ({
    threads,
    chunks,
    "gap us": gapUs,
    "round us": `${us.median.toFixed(1)} ± ${us.deviation.toFixed(1)}`,
  })),
);
const anatomies =
  model === undefined ? [] : threadCounts.map((threads) => takeApart(model, threads));
for (const [index, anatomy] of anatomies.entries()) printAnatomy(anatomy, threadCounts[index]);
if (model !== undefined) {
  for (const threads of threadCounts) await printProfile(model, threads);
}
if (options.json !== undefined) {
  const head = model === undefined ? { machine: machineLine() } : runHeader("regions", model);
  writeFileSync(options.json, JSON.stringify({ ...head, options, forkJoins, anatomies }));
}

function takeApart(path: string, threads: number): DecodeAnatomy {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const words = [path, String(threads), options.prompt, options.tokens];
  const program = ["--import", file("regionsProbe.ts"), file("regionsDecode.ts"), ...words];
  const { stdout, stderr, status } = spawnSync(process.execPath, program, { encoding: "utf8" });
  if (status !== 0) throw new Error(`regionsDecode.ts ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as DecodeAnatomy;
}

/** Medians over the tokens, so that what the machine did besides for a while does not count. */
function printAnatomy(anatomy: DecodeAnatomy, threads: number): void {
  const { tokenMs, rounds, threadKernelMs } = anatomy;
  const list = Object.entries(rounds).map(([round, { count, ms, chunkMs, kernelMs }]) => {
    const chunks = spreadOf(chunkMs).median;
    const kernels = spreadOf(kernelMs).median;
    const all = spreadOf(ms).median;
    const parts = { kernels, glue: chunks - kernels, join: all - chunks };
    return { round, count: spreadOf(count).median, ms: all, ...parts };
  });
  list.sort((a, b) => b.ms - a.ms);
  const sum = (of: "count" | "ms" | "kernels" | "glue" | "join") =>
    list.reduce((total, row) => total + row[of], 0);
  console.log(`one token, ${threads} threads`);
  console.table(
    list.map(({ ms, kernels, glue, join: joining, ...row }) => ({
      ...row,
      "ms/token": ms.toFixed(3),
      kernels: kernels.toFixed(3),
      glue: glue.toFixed(3),
      join: joining.toFixed(3),
    })),
  );
  const token = spreadOf(tokenMs).median;
  const part = (ms: number) => `${ms.toFixed(3)} ms (${((100 * ms) / token).toFixed(1)} %)`;
  const [caller, ...others] = threadKernelMs;
  console.log(`${token.toFixed(3)} ms, ${sum("count")} rounds`);
  console.log(`  kernels     ${part(sum("kernels"))}`);
  console.log(`  glue        ${part(sum("glue"))}`);
  console.log(`  join        ${part(sum("join"))}`);
  console.log(`  JavaScript  ${part(token - sum("ms"))}`);
  const perToken = (count: number) => (count / tokenMs.length).toFixed(1);
  console.log(
    `  slept ${perToken(anatomy.sleeps)} times, woke others ${perToken(anatomy.wakeUps)} times`,
  );
  for (const other of others) {
    console.log(`  another thread was in kernels ${(other / caller).toFixed(2)} times as long`);
  }
}

/** Where the profiler finds the calling thread; the pass tells how long decoding took. */
async function printProfile(path: string, threads: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-profile-"));
  const tokens = Number(options.tokens);
  try {
    const report = await profiled(path, threads, folder);
    const [main = ""] = readdirSync(folder).filter((name) =>
      /\.\d+\.0\.\d+\.cpuprofile$/.test(name),
    );
    const profile = JSON.parse(readFileSync(join(folder, main), "utf8")) as CpuProfile;
    const ms = report.tokenMs.reduce((a, b) => a + b, 0);
    console.log(
      `the profiler's view, ${threads} threads, ${(ms / tokens).toFixed(3)} ms per token`,
    );
    console.table(
      selfShares(profile, ms)
        .slice(0, 16)
        .map(([name, share]) => ({ function: name, "%": (100 * share).toFixed(1) })),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function profiled(path: string, threads: number, folder: string): Promise<PassReport> {
  const generatedTokens = Number(options.tokens);
  const promptTokens = Number(options.prompt);
  const contextLength = promptTokens + generatedTokens + 8;
  using catalogue = new EngineCatalogue({
    model: path,
    threads,
    contextLength,
    peersDir: undefined,
  });
  const command = catalogue.find("sluice-eager");
  if (command === undefined) throw new Error("this engine is missing");
  const [node, ...words] = command.command;
  const flags = ["--cpu-prof", "--cpu-prof-interval", "100", "--cpu-prof-dir", folder];
  await using engine = new EngineProcess({ ...command, command: [node, ...flags, ...words] });
  await engine.pass({ seed: 1, promptTokens: 8, generatedTokens });
  return await engine.pass({ seed: 12345, promptTokens, generatedTokens });
}
