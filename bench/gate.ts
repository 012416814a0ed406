/**
 * The gate through which a default policy must go: decode hit rates of all policies by the engine's
 * accounting, on stationary traces and on the same with a change of topic.
 *
 *     node bench/gate.ts [FILE...] [--policy lru,cycle-aware] [--default cycle-burst]
 *                        [--predict transitions] [--insert-cap 16] [--threads 2] [--json]
 *
 * Without FILE, the two real traces of the tests, and four of the embedded model. Each is played as it is ("stationary"), and twice
 * with its experts renumbered, of which the second half counts ("switched", the held-out set).
 * Sizes are token cycles T. In points, the five aims:
 *
 * - gain: mean of policy - lru over 1 to 2 T, stationary; at least 5
 * - loss: greatest lru - policy from 3 T up, stationary; at most 0.5
 * - behind: greatest best - policy at any size, stationary; at most 1
 * - floor: least hit rate below 1 T, stationary; above 0, so that there is no cliff
 * - switched: greatest best - policy at any size, switched; at most 5
 *
 * "best" is the best of the compared policies at that size and trace, clairvoyant ones aside. Sizes
 * with a slot for every expert are left out.
 *
 * A policy may replace the engine's default (`--default`) if its mean over the stationary traces is
 * higher and it loses nowhere, held-out traces included, more than 2 points against it.
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { policyList } from "../src/cli/trace/compareArguments.ts";
import { policyEntry } from "../src/policy/index.ts";
import {
  buildSyntheticTrace,
  type CompareRow,
  compareTrace,
  openTrace,
  type RoutingTrace,
  switchTopic,
} from "../src/trace/index.ts";
import { embeddedTraces } from "./embeddedTraces.ts";

const sizes = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8];
/** Points that a new default may lose anywhere. */
const greatestLoss = 2;
const aims = { gain: 5, loss: 0.5, behind: 1, floor: 0, switched: 5 } as const;

const fixture = (name: string) =>
  fileURLToPath(new URL(`../test/fixtures/traces/${name}`, import.meta.url));

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    policy: { type: "string", default: "all" },
    default: { type: "string", default: "cycle-burst" },
    predict: { type: "string" },
    "insert-cap": { type: "string" },
    threads: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
  },
});

/** Decode hit percent by policy and size. */
type Curves = ReadonlyMap<string, readonly number[]>;

interface TraceCurves {
  readonly trace: string;
  readonly kind: "stationary" | "switched";
  readonly curves: Curves;
}

const files =
  positionals.length > 0
    ? positionals
    : [fixture("qwen.route.csv.zst"), fixture("gptoss.route.csv.gz")];
const policies = [...new Set(["lru", options.default, ...policyList(options.policy)])].filter(
  (policy) => policyEntry(policy).traits.needsFuture !== true,
);
const measured: TraceCurves[] = [];
const traces = new Map<string, RoutingTrace>();
for (const file of files) {
  traces.set(basename(file), await openTrace(file, { lookahead: options.predict !== undefined }));
}
if (positionals.length === 0) {
  for (const [name, trace] of await embeddedTraces()) traces.set(name, trace);
}
for (const [name, trace] of traces) {
  const sequences = trace.columns.sequence.reduce((most, number) => Math.max(most, number), 0) + 1;
  const switched = buildSyntheticTrace(switchTopic(trace));
  measured.push({ trace: name, kind: "stationary", curves: await curvesOf(trace, 0) });
  measured.push({ trace: name, kind: "switched", curves: await curvesOf(switched, sequences) });
}

const verdicts = policies.map(verdictOf);
if (options.json) {
  const curves = measured.map((one) => ({ ...one, curves: Object.fromEntries(one.curves) }));
  console.log(JSON.stringify({ sizes, aims, verdicts, curves }, undefined, 2));
} else {
  for (const { trace, kind, curves } of measured) {
    console.log(`${trace}, ${kind}: decode hit % by token cycles`);
    console.table(
      [...curves].map(([policy, percents]) => ({
        policy,
        ...Object.fromEntries(percents.map((value, size) => [`${sizes[size]} T`, rounded(value)])),
      })),
    );
  }
  console.log(`The gate: ${JSON.stringify(aims)}`);
  console.table(verdicts);
}

async function curvesOf(trace: RoutingTrace, warmSequences: number): Promise<Curves> {
  const { predict, "insert-cap": insertCap } = options;
  const rows = await compareTrace(
    trace,
    {
      policies,
      capacities: sizes.map((cycles) => ({ cycles })),
      warmSequences,
      ...(predict !== undefined && { predictor: predict }),
      ...(insertCap !== undefined && { insertsPerPass: Number(insertCap) }),
    },
    { threads: Number(options.threads) },
  );
  const byPolicy = Map.groupBy(rows, ({ policy }) => policy);
  const all = trace.header.layerCount * trace.header.expertsPerLayer;
  const percent = ({ hitRate, slots }: CompareRow) =>
    slots < all ? 100 * hitRate.decode : Number.NaN;
  return new Map([...byPolicy].map(([policy, own]) => [policy, own.map(percent)]));
}

function verdictOf(policy: string): object {
  const stationary = measured.filter(({ kind }) => kind === "stationary");
  const switched = measured.filter(({ kind }) => kind === "switched");
  const gains = points(stationary, policy, (size) => size >= 1 && size <= 2, overLru);
  const figures = {
    gain: gains.reduce((sum, gain) => sum + gain, 0) / gains.length,
    loss: Math.max(
      ...points(stationary, policy, (size) => size >= 3, overLru).map((gain) => -gain),
    ),
    behind: Math.max(...points(stationary, policy, () => true, behindBest)),
    floor: Math.min(...points(stationary, policy, (size) => size < 1, hitPercent)),
    switched: Math.max(...points(switched, policy, () => true, behindBest)),
  };
  const passes =
    figures.gain >= aims.gain &&
    figures.loss <= aims.loss &&
    figures.behind <= aims.behind &&
    figures.floor > aims.floor &&
    figures.switched <= aims.switched;
  const losses = points(measured, policy, () => true, behindDefault);
  const mean = (one: string) => {
    const hits = points(stationary, one, () => true, hitPercent);
    return hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
  };
  const mayReplace = mean(policy) > mean(options.default) && Math.max(...losses) <= greatestLoss;
  const shown = Object.entries({ mean: mean(policy), ...figures, worst: Math.max(...losses) }).map(
    ([name, value]) => [name, rounded(value)],
  );
  return { policy, ...Object.fromEntries(shown), passes, mayReplace };
}

type Figure = (curves: Curves, policy: string, size: number) => number;

function hitPercent(curves: Curves, policy: string, size: number): number {
  return curves.get(policy)![size]!;
}

function overLru(curves: Curves, policy: string, size: number): number {
  return hitPercent(curves, policy, size) - hitPercent(curves, "lru", size);
}

function behindBest(curves: Curves, policy: string, size: number): number {
  const best = Math.max(...[...curves.values()].map((percents) => percents[size]!));
  return best - hitPercent(curves, policy, size);
}

function behindDefault(curves: Curves, policy: string, size: number): number {
  return hitPercent(curves, options.default, size) - hitPercent(curves, policy, size);
}

/** A figure for every trace and every size that is wanted. */
function points(
  traces: readonly TraceCurves[],
  policy: string,
  wanted: (cycles: number) => boolean,
  figure: Figure,
): number[] {
  return traces.flatMap(({ curves }) =>
    sizes.flatMap((cycles, size) => {
      const value = wanted(cycles) ? figure(curves, policy, size) : Number.NaN;
      return Number.isNaN(value) ? [] : [value];
    }),
  );
}

function rounded(value: number): number {
  return Number(value.toFixed(1)) + 0; // turns -0 into 0
}
