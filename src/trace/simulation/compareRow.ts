/** What a replay found, as rates: one line of a comparison. */
import { addCounts, type CacheCounts } from "../../policy/cache/cacheCounts.ts";
import type { PrefetchTotals } from "../../policy/prefetch/prefetchLedger.ts";
import type { PlacedCapacity } from "./capacity.ts";
import type { ReplayCounts } from "./replayRule.ts";

export interface CompareRow {
  /** As it was given. */
  readonly policy: string;
  readonly slots: number;
  /** The budget given, or what the slots take; `undefined` if nobody knows how large experts are. */
  readonly bytes: number | undefined;
  /** Slots / T. */
  readonly cycles: number;
  /** Hits / experts asked for, in [0, 1]; 0 where nothing was asked for. */
  readonly hitRate: { readonly decode: number; readonly prefill: number; readonly total: number };
  /** Bytes of hits / bytes asked for, of both phases; without sizes, experts count alike. */
  readonly byteHitRate: number;
  /** By misses of both phases, and by prefetches. `undefined` without sizes. */
  readonly bytesMoved: number | undefined;
  readonly evictions: number;
  /** Misses that got a slot, and misses computed without one. */
  readonly inserts: number;
  readonly bypasses: number;
  /** Milliseconds that the link needs for a decoded token's misses; `undefined` without a link. */
  readonly stallMsPerToken: number | undefined;
  /**
   * (hits of `belady` - hits) / hits of `belady`, in decode, or in all of a trace without decode.
   * Negative for who can do what `belady` there cannot: bypass, or be told by a predictor.
   */
  readonly regret: number;
  /** Hits / hits of `belady`; 1 where neither has any. */
  readonly ratioToBelady: number;
  /** `undefined` without a predictor. */
  readonly prefetch: PrefetchRow | undefined;
  readonly counts: { readonly prefill: CacheCounts; readonly decode: CacheCounts };
}

/** Prefetches of the whole replay, warm-up included: issued = useful + late + wasted + dropped. */
export interface PrefetchRow {
  readonly predictor: string;
  readonly issued: number;
  readonly useful: number;
  /** 0 by the accountings there are: what is fetched early arrives before the next access. */
  readonly late: number;
  readonly wasted: number;
  readonly dropped: number;
  readonly bytes: number | undefined;
}

export interface CompareRowParts {
  readonly policy: string;
  readonly capacity: PlacedCapacity;
  readonly counts: ReplayCounts;
  /** The same replay by `belady`, without prefetches and insert cap. */
  readonly optimum: ReplayCounts;
  readonly predictor?: string | undefined;
  /** GB/s (10^9). */
  readonly linkGBps?: number | undefined;
}

export function compareRow(parts: CompareRowParts): CompareRow {
  const { policy, capacity, counts, optimum, predictor, linkGBps } = parts;
  const { prefill, decode, decodeTokens, prefetch } = counts;
  const total = addCounts(prefill, decode);
  const hasSizes = capacity.bytes !== undefined;
  const ratio = ratioOf(judged(counts).hits, judged(optimum).hits);
  const stallMs =
    linkGBps === undefined || !hasSizes ? undefined : decode.movedBytes / (linkGBps * 1e6);
  return {
    policy,
    slots: capacity.slots,
    bytes: capacity.bytes,
    cycles: capacity.cycles,
    hitRate: { decode: hitRate(decode), prefill: hitRate(prefill), total: hitRate(total) },
    byteHitRate: share(total.hitBytes, total.usedBytes),
    bytesMoved: hasSizes ? total.movedBytes + (prefetch?.issued.bytes ?? 0) : undefined,
    evictions: total.evictions,
    inserts: total.admitted,
    bypasses: total.bypassed,
    stallMsPerToken: stallMs === undefined ? undefined : share(stallMs, decodeTokens),
    regret: 1 - ratio,
    ratioToBelady: ratio,
    prefetch: prefetchRow(predictor, prefetch, hasSizes),
    counts: { prefill, decode },
  };
}

function prefetchRow(
  predictor: string | undefined,
  totals: PrefetchTotals | undefined,
  hasSizes: boolean,
): PrefetchRow | undefined {
  if (predictor === undefined || totals === undefined) return undefined;
  const { issued, useful, late, wasted, dropped } = totals;
  return {
    predictor,
    issued: issued.count,
    useful: useful.count,
    late: late.count,
    wasted: wasted.count,
    dropped: dropped.count,
    bytes: hasSizes ? issued.bytes : undefined,
  };
}

/** Decode is what a user waits for; where there is none, all counts. */
function judged({ prefill, decode }: ReplayCounts): CacheCounts {
  return decode.uses > 0 ? decode : prefill;
}

/** 1 where the optimum has no hits: then nobody without foresight of its own has any. */
function ratioOf(hits: number, optimal: number): number {
  return optimal === 0 ? 1 : hits / optimal;
}

function hitRate({ hits, uses }: CacheCounts): number {
  return share(hits, uses);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
