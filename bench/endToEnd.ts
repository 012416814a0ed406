/**
 * Tokens per second of this engine and of others, in turns: every engine loads once, in a process of
 * its own, and computes a pass (a prompt, then single tokens) when it is told to. A pair is a pass of
 * ours and one of theirs, one right after the other, with the same tokens; who begins changes with
 * every pair. Peers come one after the other, so that two engines at a time are in memory.
 *
 *     node bench/endToEnd.ts MODEL [--pairs 10] [--threads 2] [--prompt 128,512] [--tokens 64]
 *         [--peers node-llama-cpp,libllama,libllama-repack,wllama] [--peers-dir DIR]
 *         [--others 0.15] [--json FILE]
 *
 * A ratio is ours over theirs, the median over the pairs, with the interval of 95 %; above 1 we are
 * faster. `cpu` is that of processor time per token, theirs over ours. `others` is what processes that
 * are not being measured took meanwhile, in processors: above 0.1 the numbers are not worth much. With
 * `--others`, every pass waits for a rest, and pairs in which it was more are measured again, until
 * there are enough of them or five times as many were given up.
 * `peers/catalogue.ts` says how to install the peers; `sluice@DIR` compares with another checkout.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { EngineCatalogue } from "./peers/catalogue.ts";
import { EngineProcess } from "./peers/engineProcess.ts";
import { pairedRatio, type Ratio } from "./peers/pairedRatio.ts";
import type { PassReport, PassRequest } from "./peers/pass.ts";
import { runHeader } from "./peers/runHeader.ts";
import { watched } from "./peers/watched.ts";
import { type Spread, spreadOf } from "./statistics.ts";

interface Pair {
  readonly ours: PassReport;
  readonly theirs: PassReport;
  /** Processors that were busy with something else, in the worse of the two passes. */
  readonly others: number;
}

interface Comparison {
  readonly peer: string;
  readonly measure: string;
  readonly ours: Spread;
  readonly theirs: Spread;
  readonly ratio: Ratio;
  readonly cpu: Ratio;
  readonly others: number;
}

/** Tokens per second and processor milliseconds, of a pass. */
interface Measure {
  readonly name: string;
  readonly rate: (pass: PassReport) => number;
  readonly cpuMs: (pass: PassReport) => number;
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: "string", default: "10" },
    threads: { type: "string", default: "2" },
    prompt: { type: "string", default: "128,512" },
    tokens: { type: "string", default: "64" },
    peers: { type: "string", default: "node-llama-cpp,libllama,libllama-repack,wllama" },
    "peers-dir": { type: "string" },
    others: { type: "string", default: "Infinity" },
    json: { type: "string" },
  },
});
const [model = ""] = positionals;
const header = runHeader("endToEnd", model);
const prompts = options.prompt.split(",").map(Number);
const generatedTokens = Number(options.tokens);
using catalogue = new EngineCatalogue({
  model,
  threads: Number(options.threads),
  contextLength: Math.max(...prompts) + generatedTokens + 64,
  peersDir: options["peers-dir"] ?? process.env["SLUICE_PEERS"],
});

const comparisons: Comparison[] = [];
const samples: Record<string, Pair[]> = {};
await using ours = await started("sluice-eager");
for (const name of options.peers.split(",")) {
  await using theirs = await started(name);
  if (ours === undefined || theirs === undefined) continue;
  for (const promptTokens of prompts) {
    const pairs = await runPairs(ours, theirs, promptTokens);
    samples[`${name} ${promptTokens}`] = pairs;
    comparisons.push(...measuresOf(promptTokens).map((measure) => compare(name, measure, pairs)));
    keep();
  }
}
console.log(header.machine);
console.log(
  `${header.model}, ${(header.modelBytes / 1e9).toFixed(2)} GB, ${options.threads} threads, ${header.commit}`,
);
console.table(comparisons.map(tableRow));

/** Writes what there is so far: a long run that ends early has not been for nothing. */
function keep(): void {
  if (options.json === undefined) return;
  writeFileSync(options.json, JSON.stringify({ ...header, options, comparisons, samples }));
}

/** Starts an engine, and lets it load and compile what it compiles. */
async function started(name: string): Promise<EngineProcess | undefined> {
  const command = catalogue.find(name);
  if (command === undefined) return undefined;
  const engine = new EngineProcess(command);
  for (const promptTokens of prompts) {
    await engine.pass({ seed: 1, promptTokens, generatedTokens: Math.min(16, generatedTokens) });
  }
  return engine;
}

async function runPairs(
  ours: EngineProcess,
  theirs: EngineProcess,
  promptTokens: number,
): Promise<Pair[]> {
  const wanted = Number(options.pairs);
  const pairs: Pair[] = [];
  for (let attempt = 0; pairs.length < wanted && attempt < 6 * wanted; attempt++) {
    const request = { seed: 12345 + attempt, promptTokens, generatedTokens };
    const pair = await runPair(ours, theirs, request, attempt % 2 === 0);
    if (!(pair.others > Number(options.others))) pairs.push(pair);
  }
  return pairs;
}

async function runPair(
  ours: EngineProcess,
  theirs: EngineProcess,
  request: PassRequest,
  weBegin: boolean,
): Promise<Pair> {
  const limit = Number(options.others);
  const first = await watched(() => (weBegin ? ours : theirs).pass(request), limit);
  const second = await watched(() => (weBegin ? theirs : ours).pass(request), limit);
  const [oursPass, theirsPass] = weBegin ? [first, second] : [second, first];
  const others = Math.max(first.others, second.others);
  const pair = { ours: oursPass.result, theirs: theirsPass.result, others };
  const rates = measuresOf(request.promptTokens).map(
    ({ name, rate }) => `${name} ${rate(pair.ours).toFixed(1)} ${rate(pair.theirs).toFixed(1)}`,
  );
  console.error(`${theirs.name}: ${rates.join(", ")} tok/s; others ${others.toFixed(2)}`);
  return pair;
}

function measuresOf(promptTokens: number): Measure[] {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return [
    {
      name: `prefill ${promptTokens}`,
      rate: ({ prefillMs }) => (1000 * promptTokens) / prefillMs,
      cpuMs: ({ prefillCpuMs }) => prefillCpuMs,
    },
    {
      name: `decode after ${promptTokens}`,
      rate: ({ tokenMs }) => (1000 * tokenMs.length) / sum(tokenMs),
      cpuMs: ({ decodeCpuMs }) => decodeCpuMs,
    },
  ];
}

function compare(peer: string, { name, rate, cpuMs }: Measure, pairs: readonly Pair[]): Comparison {
  const ours = pairs.map((pair) => rate(pair.ours));
  const theirs = pairs.map((pair) => rate(pair.theirs));
  return {
    peer,
    measure: name,
    ours: spreadOf(ours),
    theirs: spreadOf(theirs),
    ratio: pairedRatio(ours, theirs),
    cpu: pairedRatio(
      pairs.map((pair) => cpuMs(pair.theirs)),
      pairs.map((pair) => cpuMs(pair.ours)),
    ),
    others: spreadOf(pairs.map(({ others }) => others)).median,
  };
}

function tableRow({ peer, measure, ours, theirs, ratio, cpu, others }: Comparison): object {
  const spread = ({ median, deviation }: Spread) =>
    `${median.toFixed(1)} ± ${deviation.toFixed(1)}`;
  const interval = ({ median, low, high }: Ratio) =>
    `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
  return {
    peer,
    measure,
    "ours tok/s": spread(ours),
    "theirs tok/s": spread(theirs),
    ratio: interval(ratio),
    cpu: interval(cpu),
    pairs: ours.samples,
    others: others.toFixed(2),
  };
}
