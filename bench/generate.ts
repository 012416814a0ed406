/**
 * Tokens per second of a whole model: `node bench/generate.ts [MODEL] [--prompt 128] [--tokens 64]
 * [--runs 3] [--json]`. Random prompt tokens, greedy; medians over the runs after one warm-up.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { embeddedModelPath, openModel } from "../src/index.ts";
import { seededRandom } from "../src/numerics/random.ts";
import { machineLine } from "./machine.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prompt: { type: "string", default: "128" },
    tokens: { type: "string", default: "64" },
    runs: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const [path = embeddedModelPath] = positionals;
const promptTokens = Number(values.prompt);
const decodedTokens = Number(values.tokens);

interface Row {
  readonly threads: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  readonly loadMs: number;
}

async function measure(threads: number): Promise<Row> {
  const start = performance.now();
  await using model = await openModel(path, {
    threads,
    contextLength: promptTokens + decodedTokens,
  });
  const loadMs = performance.now() - start;
  const random = seededRandom(1);
  const prompt = Array.from({ length: promptTokens }, () =>
    Math.floor(random() * model.vocabularySize),
  );
  const prefill: number[] = [];
  const decode: number[] = [];
  await using _threads = await model.holdThreads();
  for (let run = 0; run <= Number(values.runs); run++) {
    using sequence = model.createSequence();
    const begin = performance.now();
    let logits = await sequence.feed(prompt);
    const first = performance.now();
    for (let token = 0; token < decodedTokens; token++)
      logits = await sequence.feed([likeliest(logits)]);
    if (run === 0) continue; // kernels reach their optimised code
    prefill.push((promptTokens / (first - begin)) * 1e3);
    decode.push((decodedTokens / (performance.now() - first)) * 1e3);
  }
  return {
    threads,
    prefillTokensPerSecond: median(prefill),
    decodeTokensPerSecond: median(decode),
    loadMs,
  };
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++)
    if ((logits[token] ?? 0) > (logits[best] ?? 0)) best = token;
  return best;
}

function median(samples: number[]): number {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;
}

const rows: Row[] = [];
for (let threads = 1; threads <= availableParallelism(); threads *= 2)
  rows.push(await measure(threads));
if (values.json)
  console.log(JSON.stringify({ machine: machineLine(), path, promptTokens, decodedTokens, rows }));
else {
  console.log(
    `${machineLine()}\n${path}: ${promptTokens} prompt tokens, ${decodedTokens} decoded, medians of ${values.runs}`,
  );
  console.table(
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, Math.round(value * 10) / 10]),
      ),
    ),
  );
}
