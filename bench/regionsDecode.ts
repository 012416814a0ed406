/**
 * Where the time of a token goes, seen from the thread that computes it; one run for `regions.ts`.
 * Prints JSON (`DecodeAnatomy`).
 *
 *     node --import ./bench/regionsProbe.ts bench/regionsDecode.ts MODEL THREADS PROMPT TOKENS
 */
import { type JobList, jobField, jobWords, roundField } from "../src/compute/cpu/jobList.ts";
import { JobRunner } from "../src/compute/cpu/jobRunner.ts";
import * as attention from "../src/compute/cpu/jobs/attention.ts";
import * as elementwise from "../src/compute/cpu/jobs/elementwise.ts";
import { encode } from "../src/compute/cpu/jobs/encode.ts";
import { jobKinds } from "../src/compute/cpu/jobs/index.ts";
import type { JobKind } from "../src/compute/cpu/jobs/job.ts";
import * as products from "../src/compute/cpu/jobs/matvec.ts";
import { ThreadPool } from "../src/compute/cpu/threadPool.ts";
import { openModel } from "../src/generation/languageModel.ts";
import { fixedTokens, likeliest } from "./peers/pass.ts";
import { kernelTimes, ownKernelMs } from "./regionsProbe.ts";

/** Milliseconds on the calling thread, by token. */
export interface RoundTimes {
  /** How many such rounds each token took. */
  readonly count: number[];
  readonly ms: number[];
  /** In chunks that the caller took: kernels, and what it takes to call them. */
  readonly chunkMs: number[];
  readonly kernelMs: number[];
}

export interface DecodeAnatomy {
  /** By token. */
  readonly tokenMs: readonly number[];
  /** Rounds with the same jobs. */
  readonly rounds: Readonly<Record<string, RoundTimes>>;
  /** How often the caller slept, and how often it had to wake others; of all tokens. */
  readonly sleeps: number;
  readonly wakeUps: number;
  /** In kernels, of every thread, the caller first; of all tokens. */
  readonly threadKernelMs: readonly number[];
  /** In kernels of the caller, by kernel; of all tokens. */
  readonly kernelMs: Readonly<Record<string, number>>;
}

/** What the jobs' numbers stand for. */
const kindNames = new Map<JobKind | undefined, string>(
  Object.entries({ ...attention, ...elementwise, ...products, encode }).map(([name, kind]) => [
    kind as JobKind,
    name,
  ]),
);
const rounds = new Map<string, RoundTimes>();
const tokenMs: number[] = [];
let chunkMs = 0;
let sleeps = 0;
let wakeUps = 0;
countRounds();
countSleeps();

const [path = "", threads = "2", prompt = "128", tokens = "64"] = process.argv.slice(2);
await using model = await openModel(path, {
  threads: Number(threads),
  contextLength: Number(prompt) + 2 * Number(tokens) + 8,
  load: "eager",
});
await using _threads = await model.holdThreads();
using sequence = model.createSequence();
const next = fixedTokens(12345, model.vocabularySize);
await sequence.feed(Array.from({ length: Number(prompt) }, next));
await decode(); // compiles what has not been yet
rounds.clear();
tokenMs.length = 0;
sleeps = 0;
wakeUps = 0;
const kernelsBefore = kernelTimes();
await decode();
const kernels = kernelTimes();
const anatomy: DecodeAnatomy = {
  tokenMs,
  sleeps,
  wakeUps,
  rounds: Object.fromEntries(rounds),
  threadKernelMs: kernels.threads.map((sum, thread) => sum - kernelsBefore.threads[thread]),
  kernelMs: Object.fromEntries(
    Object.entries(kernels.kernels).map(([name, sum]) => [name, sum - kernelsBefore.kernels[name]]),
  ),
};
console.log(JSON.stringify(anatomy));

async function decode(): Promise<void> {
  for (let index = 0; index < Number(tokens); index++) {
    const begin = performance.now();
    likeliest(await sequence.feed([next()]));
    tokenMs.push(performance.now() - begin);
  }
}

/** Puts clocks around rounds, and around the chunks that the calling thread takes. */
function countRounds(): void {
  const { run } = ThreadPool.prototype;
  ThreadPool.prototype.run = function (jobs) {
    const name = nameOf(jobs);
    const chunksBefore = chunkMs;
    const kernelsBefore = ownKernelMs();
    const begin = performance.now();
    run.call(this, jobs);
    const ms = performance.now() - begin;
    const times = rounds.get(name) ?? { count: [], ms: [], chunkMs: [], kernelMs: [] };
    rounds.set(name, times);
    const token = tokenMs.length;
    addAt(times.count, token, 1);
    addAt(times.ms, token, ms);
    addAt(times.chunkMs, token, chunkMs - chunksBefore);
    addAt(times.kernelMs, token, ownKernelMs() - kernelsBefore);
  };
  const { run: runChunk } = JobRunner.prototype;
  JobRunner.prototype.run = function (...chunk) {
    const begin = performance.now();
    runChunk.apply(this, chunk);
    chunkMs += performance.now() - begin;
  };
}

function countSleeps(): void {
  const { wait, notify } = Atomics;
  Atomics.wait = ((...call: unknown[]) => {
    sleeps++;
    return Reflect.apply(wait, Atomics, call);
  }) as typeof wait;
  Atomics.notify = ((...call: unknown[]) => {
    wakeUps++;
    return Reflect.apply(notify, Atomics, call);
  }) as typeof notify;
}

function addAt(sums: number[], token: number, value: number): void {
  while (sums.length <= token) sums.push(0);
  sums[token] += value;
}

/** Such as "matvec: 16 x 512": 16 jobs of 512 items, on average. */
function nameOf(jobs: JobList): string {
  const kinds = new Map<string, { jobs: number; items: number }>();
  for (let job = 0; job < jobs.jobCount; job++) {
    const at = roundField.jobs + job * jobWords;
    const name = kindNames.get(jobKinds[jobs.words[at + jobField.code]]) ?? "?";
    const sums = kinds.get(name) ?? { jobs: 0, items: 0 };
    kinds.set(name, sums);
    sums.jobs++;
    sums.items += jobs.words[at + jobField.items];
  }
  return Array.from(
    kinds,
    ([name, sums]) => `${name}: ${sums.jobs} x ${sums.items / sums.jobs}`,
  ).join();
}
