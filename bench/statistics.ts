/** What a list of samples amounts to. */

export interface Spread {
  readonly median: number;
  /** Median distance from the median (MAD): a single bad sample does not change it. */
  readonly deviation: number;
  readonly samples: number;
}

/** Median and deviation are NaN of no samples. */
export function spreadOf(samples: readonly number[]): Spread {
  const median = medianOf(samples);
  const deviation = medianOf(samples.map((sample) => Math.abs(sample - median)));
  return { median, deviation, samples: samples.length };
}

function medianOf(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
