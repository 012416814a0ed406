/**
 * Popularity skew: how unequally uses fall on experts.
 *
 * - Coverage: the share of uses that the most used x of n experts get.
 * - Top-8 share: coverage of 8 experts.
 * - Gini coefficient, with uses c ascending and i from 1:  sum of (2 i - n - 1) c(i) / (n x sum of c).
 *   0 if all are used alike, (n - 1) / n if one has all uses.
 *
 * Unused experts count. Few tokens look skewed by chance alone: compare with `cyclicTrace`.
 * Source: C. Gini, "Variabilità e mutabilità", 1912; M. O. Lorenz, 1905 (the curve).
 */

import type { Phase } from "../traceRecord.ts";
import type { TraceView } from "./layerTokens.ts";

/** Uses per expert, `[layerCount, expertsPerLayer]`: the heat map. Every token's choice counts. */
export function usesByExpert(trace: TraceView, phase?: Phase): Float64Array[] {
  const { layerCount, expertsPerLayer } = trace.header;
  const uses = Array.from({ length: layerCount }, () => new Float64Array(expertsPerLayer));
  for (const record of trace) {
    if (phase !== undefined && record.phase !== phase) continue;
    const own = uses[record.layer]!;
    for (const expert of record.experts) own[expert]!++;
  }
  return uses;
}

/** 0 also if nobody was used. */
export function gini(uses: Float64Array): number {
  const ascending = uses.toSorted();
  const sum = ascending.reduce((a, b) => a + b, 0);
  if (sum === 0) return 0;
  const count = ascending.length;
  const weighted = ascending.reduce(
    (total, own, index) => total + (2 * (index + 1) - count - 1) * own,
    0,
  );
  return weighted / (count * sum);
}

/** `[n + 1]`: share of uses by the most used 0, 1, ... n experts. All 0 if nobody was used. */
export function coverage(uses: Float64Array): Float64Array {
  const descending = uses.toSorted().reverse();
  const sum = descending.reduce((a, b) => a + b, 0);
  const shares = new Float64Array(uses.length + 1);
  if (sum === 0) return shares;
  let covered = 0;
  descending.forEach((own, index) => {
    covered += own;
    shares[index + 1] = covered / sum;
  });
  return shares;
}

/** Share of uses by the `count` most used experts. */
export function topShare(uses: Float64Array, count: number): number {
  return coverage(uses)[Math.min(count, uses.length)]!;
}

/** Experts that were used at all. */
export function usedExperts(uses: Float64Array): number {
  return uses.reduce((count, own) => count + (own > 0 ? 1 : 0), 0);
}
