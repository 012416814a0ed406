/** Curves from the simulator's rows, and the sizes at which they are worth drawing. */
import { policyEntry } from "../../policy/registry.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { Phase } from "../traceRecord.ts";

export interface MissCurve {
  readonly policy: string;
  /** It knows the future: nobody else can do better. */
  readonly isBound: boolean;
  /** Ascending in slots. */
  readonly points: readonly MissPoint[];
}

export interface MissPoint {
  readonly slots: number;
  /** Misses / accesses, in [0, 1]. */
  readonly missRatio: number;
}

/** What this needs of a simulator's row. */
export interface CurveRow {
  readonly policy: string;
  readonly slots: number;
  /** In [0, 1], by phase. */
  readonly hitRate: Readonly<Record<Phase, number>>;
}

/** One of each idea: recency, frequency, both, a queue with ghosts, this project's, chance, the optimum. */
export const reportPolicies: readonly string[] = [
  ...["lru", "lfu-decay", "sharpinference-slru", "s3-fifo", "cycle-burst", "random", "belady"],
];

/** Multiples of the token cycle, closer where curves bend; no more slots than there are experts. */
export function reportSlots({
  layerCount,
  expertsPerLayer,
  expertsPerToken,
}: TraceHeader): number[] {
  const cycle = layerCount * expertsPerToken;
  const most = layerCount * expertsPerLayer;
  const multiples = [0.25, 0.5, 0.75, 0.9, 1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 16];
  for (let multiple = 32; multiple * cycle <= most; multiple *= 2) multiples.push(multiple);
  // The cliff is a step: one point on either side of it.
  const cliff = cycle - expertsPerToken + 1;
  const slots = [...multiples.map((multiple) => Math.round(multiple * cycle)), cliff - 1, cliff];
  const useful = new Set(slots.filter((count) => count >= 1 && count <= most));
  return [...useful].sort((a, b) => a - b);
}

/** In the order in which the policies first appear, those that know the future last. */
export function missCurves(rows: readonly CurveRow[], phase: Phase): MissCurve[] {
  const curves = [...Map.groupBy(rows, ({ policy }) => policy)].map(([policy, own]) => ({
    policy,
    isBound: policyEntry(policy).traits.needsFuture ?? false,
    points: own
      .map(({ slots, hitRate }) => ({ slots, missRatio: 1 - hitRate[phase] }))
      .sort((a, b) => a.slots - b.slots),
  }));
  return curves.sort((a, b) => Number(a.isBound) - Number(b.isBound));
}
