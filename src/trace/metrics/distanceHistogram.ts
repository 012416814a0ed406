/** How often each distance occurred, and how often there was none because nothing came before. */
export interface DistanceHistogram {
  /** By distance. */
  readonly counts: Float64Array;
  /** First uses. */
  readonly firstUses: number;
  /** First uses included. */
  readonly uses: number;
}

/** Share of all uses with at most this distance. */
export function shareWithin({ counts, uses }: DistanceHistogram, distance: number): number {
  if (uses === 0) return 0;
  return counts.subarray(0, distance + 1).reduce((sum, count) => sum + count, 0) / uses;
}

/** The middle of all distances, the lower one of two; `undefined` if nothing was used twice. */
export function medianDistance({ counts, uses, firstUses }: DistanceHistogram): number | undefined {
  const half = (uses - firstUses) / 2;
  if (half === 0) return undefined;
  let seen = 0;
  return counts.findIndex((count) => {
    seen += count;
    return seen >= half;
  });
}
