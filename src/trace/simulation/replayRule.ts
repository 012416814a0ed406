/** What the accounting rules have in common: what they are given, what they count. */
import {
  addCounts,
  type CacheCounts,
  noCounts,
  type Phase,
} from "../../policy/cache/cacheCounts.ts";
import type { CacheDecision } from "../../policy/cache/decisions.ts";
import type { ExpertCacheOptions } from "../../policy/cache/expertCache.ts";
import type { Access } from "../../policy/evictionPolicy.ts";
import type { ExpertId } from "../../policy/expertId.ts";
import { parsePolicySpec } from "../../policy/policySpec.ts";
import type { PrefetchTotals } from "../../policy/prefetch/prefetchLedger.ts";
import { policyEntry } from "../../policy/registry.ts";
import type { RoutingTrace } from "../routingTrace.ts";
import type { PlacedCapacity } from "./capacity.ts";
import type { TraceAccesses } from "./traceAccesses.ts";

/** One replay: a policy and a capacity. */
export interface ReplayQuestion {
  readonly policy: string;
  readonly capacity: PlacedCapacity;
  readonly trace: RoutingTrace;
  /** Of the trace, in the order that the rule asks for. */
  readonly accesses: TraceAccesses;
  /** All of them at once; asked for by clairvoyant policies only. */
  readonly future: () => readonly Access[];
  readonly settings: ReplaySettings;
}

/** What can be set beyond policy and capacity; plain values, so that threads can be told. */
export interface ReplaySettings {
  /** The first so many sequences fill the cache and are not counted. @default 0 */
  readonly warmSequences?: number;
  /** Misses that may be given a slot in one pass; the others are bypassed. @default all */
  readonly insertsPerPass?: number;
  /** As for `ExpertCache`. @default 32 */
  readonly wideTokens?: number;
  readonly warmPins?: NonNullable<ExpertCacheOptions["warmPins"]>;
  /** Who has a slot before the first access, the most wanted first. @default nobody */
  readonly residents?: readonly ExpertId[];
  /** Who is fetched early, by name (see {@link predictorFor}). @default nobody is */
  readonly predictor?: string;
  /** Bytes that prefetches may move in one pass. @default a quarter of the token cycle */
  readonly prefetchBytes?: number;
  /** Layers looked ahead. @default 1 */
  readonly layersAhead?: number;
}

/** Whole numbers only: rates are made of them at the end. */
export interface ReplayCounts {
  readonly prefill: CacheCounts;
  readonly decode: CacheCounts;
  /** Counted tokens that were computed one pass each. */
  readonly decodeTokens: number;
  /** Of the whole replay, warm-up included; `undefined` without a predictor. */
  readonly prefetch?: PrefetchTotals;
}

export type DecisionListener = (decision: CacheDecision) => void;

/** Whether a policy, or the one inside it, must be told the accesses to come. */
export function needsFuture(policy: string): boolean {
  const { inner } = parsePolicySpec(policy);
  if (policyEntry(policy).traits.needsFuture === true) return true;
  return inner !== undefined && needsFuture(inner);
}

/** The first access that counts. */
export function firstCounted({ accesses, settings }: ReplayQuestion): number {
  const { warmSequences = 0 } = settings;
  const first = accesses.sequence.findIndex((sequence) => sequence >= warmSequences);
  return first === -1 ? accesses.sequence.length : first;
}

/** Tokens of counted decode passes. */
export function countedDecodeTokens(question: ReplayQuestion): number {
  const { phase, passTokens } = question.accesses;
  let tokens = 0;
  for (let access = firstCounted(question); access < phase.length; access++) {
    if (phase[access] === 1) tokens += passTokens[access]!;
  }
  return tokens;
}

export type PhaseCounts = Readonly<Record<Phase, CacheCounts>>;

/** What was counted after `before`. */
export function countsSince(before: PhaseCounts, { prefill, decode }: PhaseCounts): PhaseCounts {
  return {
    prefill: addCounts(prefill, negated(before.prefill)),
    decode: addCounts(decode, negated(before.decode)),
  };
}

function negated(counts: CacheCounts): CacheCounts {
  const result = noCounts();
  for (const name of Object.keys(result) as (keyof CacheCounts)[]) result[name] = -counts[name];
  return result;
}
