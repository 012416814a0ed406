/**
 * From the start of a process to the first token, and the most memory it took: of this engine and of
 * others, in turns. Every run is a new process; the model's file lies in the page cache.
 *
 *     node bench/start.ts MODEL [--runs 5] [--threads 2] [--prompt 8,128] [--json FILE]
 *         [--engines sluice-eager,sluice-lazy,node-llama-cpp,libllama,libllama-repack,wllama]
 *         [--peers-dir DIR] [--others 0.15]
 *
 * The clock runs from the creation of the process to the arrival of its answer: everything a user
 * waits for, Node's own start included, Chromium's where it is needed. `others` as endToEnd.ts has it;
 * with `--others` every run waits for a rest, but none is repeated.
 */
import { createReadStream, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { EngineCatalogue } from "./peers/catalogue.ts";
import { type EngineCommand, EngineProcess } from "./peers/engineProcess.ts";
import { runHeader } from "./peers/runHeader.ts";
import { watched } from "./peers/watched.ts";
import { type Spread, spreadOf } from "./statistics.ts";

interface Run {
  readonly engine: string;
  readonly promptTokens: number;
  readonly firstTokenMs: number;
  readonly prefillMs: number;
  readonly peakMiB: number;
  readonly others: number;
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    prompt: { type: "string", default: "8,128" },
    engines: {
      type: "string",
      default: "sluice-eager,sluice-lazy,node-llama-cpp,libllama,libllama-repack,wllama",
    },
    "peers-dir": { type: "string" },
    others: { type: "string", default: "Infinity" },
    json: { type: "string" },
  },
});
const [model = ""] = positionals;
const header = runHeader("start", model);
const prompts = options.prompt.split(",").map(Number);
using catalogue = new EngineCatalogue({
  model,
  threads: Number(options.threads),
  contextLength: Math.max(...prompts) + 64,
  peersDir: options["peers-dir"] ?? process.env["SLUICE_PEERS"],
});
const commands = options.engines
  .split(",")
  .map((name) => catalogue.find(name))
  .filter((command) => command !== undefined);

await readThrough(model);
const runs: Run[] = [];
for (let round = 0; round < Number(options.runs); round++) {
  for (const command of round % 2 === 0 ? commands : commands.toReversed()) {
    for (const promptTokens of prompts) runs.push(await start(command, promptTokens));
  }
}
const modelMiB = header.modelBytes / 2 ** 20;
console.log(header.machine);
console.log(
  `${header.model}, ${modelMiB.toFixed(0)} MiB, ${options.threads} threads, ${header.commit}`,
);
const rows = commands.flatMap(({ name }) => prompts.map((prompt) => tableRow(name, prompt)));
console.table(rows);
if (options.json !== undefined)
  writeFileSync(options.json, JSON.stringify({ ...header, options, runs }));

async function start(command: EngineCommand, promptTokens: number): Promise<Run> {
  let engine: EngineProcess | undefined;
  try {
    const { result, ms, others } = await watched(() => {
      engine = new EngineProcess(command);
      return engine.pass({ seed: 12345, promptTokens, generatedTokens: 0 });
    }, Number(options.others));
    console.error(
      `${command.name}: ${promptTokens} tokens, ${ms.toFixed(0)} ms; others ${others.toFixed(2)}`,
    );
    const { prefillMs, peakMiB } = result;
    return { engine: command.name, promptTokens, firstTokenMs: ms, prefillMs, peakMiB, others };
  } finally {
    await engine?.[Symbol.asyncDispose]();
  }
}

function tableRow(engine: string, promptTokens: number): object {
  const own = runs.filter((run) => run.engine === engine && run.promptTokens === promptTokens);
  const spread = (value: (run: Run) => number) => spreadOf(own.map(value));
  const seconds = ({ median, deviation }: Spread) =>
    `${(median / 1000).toFixed(2)} ± ${(deviation / 1000).toFixed(2)}`;
  const peakMiB = spread((run) => run.peakMiB).median;
  return {
    engine,
    prompt: promptTokens,
    "first token s": seconds(spread((run) => run.firstTokenMs)),
    "of that prefill s": seconds(spread((run) => run.prefillMs)),
    "peak MiB": peakMiB,
    "of file": (peakMiB / modelMiB).toFixed(2),
    runs: own.length,
    others: spread((run) => run.others).median.toFixed(2),
  };
}

/** Brings a file into the page cache, as far as that has room. */
async function readThrough(path: string): Promise<void> {
  for await (const _ of createReadStream(path, { highWaterMark: 2 ** 20 }));
}
