/** What an expert cache did, in whole numbers that add up. */

/** Prefill computes tokens that are given, decode the one that was just generated. */
export type Phase = "prefill" | "decode";

/** Experts asked for, each once per layer and pass, and what became of them. */
export interface CacheCounts {
  /** hits + admitted + bypassed. */
  readonly uses: number;
  readonly hits: number;
  /** Misses that were given a slot. */
  readonly admitted: number;
  /** Misses that were computed without one. */
  readonly bypassed: number;
  /** Residents that left for a miss or for a prefetch. */
  readonly evictions: number;
  /** Bytes of all that was asked for. */
  readonly usedBytes: number;
  /** Bytes of what was resident. */
  readonly hitBytes: number;
  /** Bytes that misses moved; prefetches are counted in the ledger. */
  readonly movedBytes: number;
}

export type MutableCounts = { -readonly [Name in keyof CacheCounts]: CacheCounts[Name] };

export function noCounts(): MutableCounts {
  return {
    uses: 0,
    hits: 0,
    admitted: 0,
    bypassed: 0,
    evictions: 0,
    usedBytes: 0,
    hitBytes: 0,
    movedBytes: 0,
  };
}

export function addCounts(one: CacheCounts, other: CacheCounts): CacheCounts {
  const sum = noCounts();
  for (const name of Object.keys(sum) as (keyof CacheCounts)[]) sum[name] = one[name] + other[name];
  return sum;
}
