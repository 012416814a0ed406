/**
 * One run of this engine for `tiers.ts`: fixed tokens, one JSON line at the end.
 *
 *     node bench/tierRun.ts MODEL THREADS PROMPT_TOKENS GENERATED_TOKENS [OPEN_OPTIONS as JSON]
 */
import { type OpenOptions, openModel } from "../src/generation/languageModel.ts";

const [path = "", threads = "2", prompt = "8", generated = "32", options = "{}"] =
  process.argv.slice(2);
await using model = await openModel(path, {
  threads: Number(threads),
  contextLength: 512,
  ...(JSON.parse(options) as OpenOptions),
});
const openMs = performance.now();
await using _threads = await model.holdThreads();
const next = fixedTokens(model.vocabularySize);
using sequence = model.createSequence();
const first = Array.from({ length: Number(prompt) }, next);
const begin = performance.now();
let logit = (await sequence.feed(first))[0]!;
const firstTokenMs = performance.now(); // since the process began
const tokenMs: number[] = [];
for (let index = 0; index < Number(generated); index++) {
  const tokenBegin = performance.now();
  logit += (await sequence.feed([next()]))[0]!;
  tokenMs.push(performance.now() - tokenBegin);
}
const { counts, bytesRead, stallMs, slots, experts, prefetch } = model.experts;
console.log(
  JSON.stringify({
    firstTokenMs,
    prefillMs: firstTokenMs - begin,
    openMs,
    tokenMs: tokenMs.map((ms) => Math.round(ms * 100) / 100),
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    logit: Math.round(logit * 1e4) / 1e4,
    gpuHitRate: gpuHitRate(),
    hitRate: counts.decode.uses === 0 ? 0 : counts.decode.hits / counts.decode.uses,
    slots,
    experts,
    bytesRead,
    stallMs,
    prefetch,
  }),
);

/** Of all GPUs in decode; `undefined` without one. */
function gpuHitRate(): number | undefined {
  const all = model.gpus.map((gpu) => gpu.counts.decode);
  const uses = all.reduce((sum, own) => sum + own.uses, 0);
  return uses === 0 ? undefined : all.reduce((sum, own) => sum + own.hits, 0) / uses;
}

/** Those of `native/libllama.c`: ANSI C's linear congruences. */
function fixedTokens(vocabularySize: number): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % (vocabularySize - 10);
  };
}
