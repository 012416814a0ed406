/**
 * How many experts per second each policy answers for.
 *
 *     node bench/policies.ts [--slots 512,6144] [--policy lru,arc] [--json]
 *
 * The trace has the shape of a model with 128 layers of 128 experts, 8 per token, chosen by Zipf's law
 * (exponent 1) with another order of popularity in every layer; batches are looked up and released as
 * in generation. Before timing, each policy has seen the whole trace once. The policies take turns, so
 * that a busy machine slows all of them.
 *
 * `lru-cache` is the peer: a get per expert, and a set on a miss. It knows neither batches nor leases.
 */
import { parseArgs } from "node:util";
import { LRUCache } from "lru-cache";
import { Bench } from "tinybench";
import { seededRandom } from "../src/numerics/random.ts";
import type { Access, EvictionPolicy } from "../src/policy/evictionPolicy.ts";
import { createPolicy, policyEntry, policyNames } from "../src/policy/registry.ts";
import { machineLine } from "./machine.ts";

const LAYERS = 128;
const EXPERTS = 128;
const PER_TOKEN = 8;
const TOKENS = 40;
const USES = TOKENS * LAYERS * PER_TOKEN;
const TURNS = 3;
const TURN_MS = 200;

const { values: options } = parseArgs({
  options: {
    slots: { type: "string", default: "512,6144" },
    policy: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

interface Row {
  readonly policy: string;
  readonly slots: number;
  readonly hitPercent: number;
  readonly millionUsesPerSecond: number;
  /** Of the fastest replay: what a machine with nothing else to do would show. */
  readonly fastest: number;
  /** Time per use over that of our lru. */
  readonly timeToLru: number;
  readonly samples: number;
}

let step = 0;
const trace = zipfTrace();
const specs =
  options.policy?.split(",") ??
  policyNames.map((name) => (policyEntry(name).takesInner ? `${name}(lru)` : name));
const rows: Row[] = [];
for (const slots of options.slots.split(",")) rows.push(...(await measure(Number(slots))));

const head = `${LAYERS} layers, ${PER_TOKEN} of ${EXPERTS} experts, ${TOKENS} tokens; ${machineLine()}`;
if (options.json) {
  console.log(JSON.stringify({ machine: head, rows }, undefined, 2));
} else {
  console.log(head);
  console.table(rows);
}

async function measure(capacity: number): Promise<Row[]> {
  const names = new Set(["lru", ...specs]);
  const runs = [...names].map((spec) => {
    const policy = newPolicy(spec, capacity);
    return { spec, play: () => replay(policy), hits: 0, times: [] as number[] };
  });
  const peer = new LRUCache<number, true>({ max: capacity });
  runs.push({ spec: "lru-cache (peer)", play: () => replayPeer(peer), hits: 0, times: [] });
  for (const run of runs) {
    run.play();
    run.hits = run.play();
  }
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { spec, play, times } of runs) {
      const bench = new Bench({ time: TURN_MS, iterations: 5, warmup: false, retainSamples: true });
      bench.add(spec, () => {
        play();
      });
      const [task] = await bench.run();
      if (task?.result.state !== "completed") throw new Error(`${spec} did not complete`);
      times.push(...(task.result.latency.samples ?? []));
    }
  }
  const lruMs = median(runs[0]!.times);
  return runs.map(({ spec, hits, times }) => ({
    policy: spec,
    slots: capacity,
    hitPercent: Math.round((1000 * hits) / USES) / 10,
    millionUsesPerSecond: Math.round(USES / median(times) / 10) / 100,
    fastest: Math.round(USES / Math.min(...times) / 10) / 100,
    timeToLru: Math.round((100 * median(times)) / lruMs) / 100,
    samples: times.length,
  }));
}

/** A clairvoyant policy is told the trace as often as it may be replayed. */
function newPolicy(spec: string, capacity: number): EvictionPolicy {
  const grid = { layerCount: LAYERS, expertsPerLayer: EXPERTS };
  const future = policyEntry(spec).traits.needsFuture
    ? { future: Array.from({ length: 200 }, () => trace).flat() }
    : {};
  return createPolicy(spec, { ...grid, capacity, ...future });
}

/** Plays the trace once more, with the clock going on; the number of hits. */
function replay(policy: EvictionPolicy): number {
  let hits = 0;
  for (const access of trace) {
    if (access.layer === 0) step++;
    const outcome = policy.access({ step, layer: access.layer, experts: access.experts });
    hits += outcome.hits.length;
    policy.release(outcome.leased);
  }
  return hits;
}

function replayPeer(cache: LRUCache<number, true>): number {
  let hits = 0;
  for (const { experts } of trace) {
    for (const expert of experts) {
      if (cache.get(expert) === true) hits++;
      else cache.set(expert, true);
    }
  }
  return hits;
}

function zipfTrace(): Access[] {
  const random = seededRandom(1);
  const popularity = Array.from({ length: LAYERS }, () => shuffled(random));
  return Array.from({ length: TOKENS * LAYERS }, (_, i) => {
    const layer = i % LAYERS;
    const chosen = new Set<number>();
    while (chosen.size < PER_TOKEN) {
      // The inverse of Zipf's distribution function, ln(rank) / ln(ranks), is near enough.
      const rank = Math.floor((EXPERTS + 1) ** random()) - 1;
      chosen.add(layer * EXPERTS + popularity[layer]![Math.min(rank, EXPERTS - 1)]!);
    }
    return { step: 0, layer, experts: [...chosen] };
  });
}

function shuffled(random: () => number): number[] {
  const experts = Array.from({ length: EXPERTS }, (_, i) => i);
  for (let i = experts.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [experts[i], experts[j]] = [experts[j]!, experts[i]!];
  }
  return experts;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
