/** The rules by which a replay counts, by name. */
import { replayBatches } from "./batchRule.ts";
import { replayOverrunning } from "./overrunRule.ts";
import { replaySingly } from "./perAccessRule.ts";
import type { DecisionListener, ReplayCounts, ReplayQuestion } from "./replayRule.ts";
import type { TraceAccessesOptions } from "./traceAccesses.ts";

export const accountings = ["batch", "per-access", "overrun"] as const;
export type Accounting = (typeof accountings)[number];

interface AccountingRule {
  readonly summary: string;
  /** What it wants to be asked. */
  readonly accesses: TraceAccessesOptions;
  readonly replay: (question: ReplayQuestion, onDecision?: DecisionListener) => ReplayCounts;
}

export const accountingRules: Readonly<Record<Accounting, AccountingRule>> = {
  batch: {
    summary: "a layer's experts at once, as the engine does",
    accesses: {},
    replay: replayBatches,
  },
  "per-access": {
    summary: "expert by expert, prompts only fill the cache",
    accesses: { mergesPrompts: true },
    replay: replaySingly,
  },
  overrun: {
    summary: "bytes that a batch may overrun while it is computed; lru, lfu and belady only",
    accesses: { order: "last" },
    replay: replayOverrunning,
  },
};
