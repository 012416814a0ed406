/**
 * How fast traces are replayed.
 *
 *     node bench/simulator.ts [--tokens 2000] [--slots 384,1536] [--policy lru,arc] [--json]
 *     node bench/simulator.ts --compare [--tokens 10000] [--threads 2]
 *
 * A made-up trace (Zipf's law) of 48 layers, 8 of 128 experts per token. First form: millions of
 * experts per second of processor time, by the engine's accounting; the median and the fastest of
 * some replays, after one to warm up. Policies take turns, so that a busy machine slows all of them.
 * Second form: 12 policies at 8 capacities on all threads, as `sluice trace compare` does; seconds, and
 * what the process took at its largest.
 */
import { parseArgs } from "node:util";
import {
  buildSyntheticTrace,
  compareTrace,
  placeCapacity,
  type RoutingTrace,
  zipfTrace,
} from "../src/trace/index.ts";
import { TracePlayer } from "../src/trace/simulation/replay.ts";
import { machineLine } from "./machine.ts";

const shape = { layerCount: 48, expertsPerLayer: 128, expertsPerToken: 8 };
const replays = 5;

const { values: options } = parseArgs({
  options: {
    tokens: { type: "string" },
    slots: { type: "string", default: "384,1536" },
    policy: { type: "string", default: "lru,fifo,clock,slru,arc,s3-fifo,cycle-aware,belady" },
    compare: { type: "boolean", default: false },
    threads: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
  },
});

const tokens = Number(options.tokens ?? (options.compare ? 10_000 : 2000));
const trace = buildSyntheticTrace(zipfTrace({ ...shape, tokens }));
const uses = trace.columns.experts.length;
const head = `48 layers, 8 of 128 experts, ${tokens} tokens, ${uses} uses; ${machineLine()}`;
const rows = options.compare ? [await compareAll(trace)] : replayEach(trace);
if (options.json) {
  console.log(JSON.stringify({ machine: head, rows }, undefined, 2));
} else {
  console.log(head);
  console.table(rows);
}

function replayEach(whole: RoutingTrace): object[] {
  const player = new TracePlayer(whole, {});
  const runs = options.slots.split(",").flatMap((slots) =>
    options.policy.split(",").map((policy) => {
      const capacity = placeCapacity(whole.header, { slots: Number(slots) });
      return { policy, capacity, seconds: [] as number[], hits: 0 };
    }),
  );
  for (let round = 0; round <= replays; round++) {
    for (const run of runs) {
      const start = process.cpuUsage();
      run.hits = player.play(run.policy, run.capacity).decode.hits;
      const { user, system } = process.cpuUsage(start);
      if (round > 0) run.seconds.push((user + system) / 1e6);
    }
  }
  return runs.map(({ policy, capacity, seconds, hits }) => {
    const sorted = seconds.toSorted((a, b) => a - b);
    return {
      policy,
      slots: capacity.slots,
      hitPercent: rounded((100 * hits) / uses, 1),
      millionUsesPerSecond: rounded(uses / sorted[sorted.length >> 1]! / 1e6, 2),
      fastest: rounded(uses / sorted[0]! / 1e6, 2),
    };
  });
}

async function compareAll(whole: RoutingTrace): Promise<object> {
  const policies = ["lru", "fifo", "clock", "random", "lfu", "slru", "sieve", "s3-fifo", "arc"];
  policies.push("w-tinylfu", "cycle-aware", "per-layer(lru)");
  const capacities = [0.5, 0.75, 1, 1.5, 2, 3, 4, 8].map((cycles) => ({ cycles }));
  const threads = Number(options.threads);
  const start = performance.now();
  const found = await compareTrace(whole, { policies, capacities }, { threads });
  const seconds = (performance.now() - start) / 1000;
  return {
    replays: found.length,
    threads,
    seconds: rounded(seconds, 1),
    // Each capacity is also played by the optimum.
    millionUsesPerSecond: rounded((uses * (found.length + capacities.length)) / seconds / 1e6, 2),
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
