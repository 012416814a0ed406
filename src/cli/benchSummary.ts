/** What measured passes amount to. */
import type { Pass } from "./benchPasses.ts";

/** Over passes. */
export interface Spread {
  readonly median: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** Over all tokens of all passes: p95 is the time that 95 % of them did not exceed. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** `undefined` stands for what was not reached. */
export interface BenchSummary {
  readonly prefillTokensPerSecond: Spread | undefined;
  readonly decodeTokensPerSecond: Spread | undefined;
  readonly timeToFirstTokenMs: Spread | undefined;
  readonly tokenLatencyMs: Latency | undefined;
}

export function summarise(passes: readonly Pass[], promptTokens: number): BenchSummary {
  const decoding = passes.map(({ tokenMs }) => tokenMs).filter((tokenMs) => tokenMs.length > 0);
  return {
    prefillTokensPerSecond: spreadOf(
      passes.map(({ prefillMs }) => (1000 * promptTokens) / prefillMs),
    ),
    decodeTokensPerSecond: spreadOf(
      decoding.map((tokenMs) => (1000 * tokenMs.length) / sum(tokenMs)),
    ),
    timeToFirstTokenMs: spreadOf(passes.map(({ timeToFirstTokenMs }) => timeToFirstTokenMs)),
    tokenLatencyMs: latencyOf(decoding.flat()),
  };
}

export function spreadOf(samples: readonly number[]): Spread | undefined {
  const sorted = samples.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  // Rounding must not put the mean of equal samples beside them.
  const mean = Math.min(Math.max(sum(sorted) / sorted.length, min), max);
  return { median: sum(middle) / middle.length, mean, min, max };
}

export function latencyOf(samples: readonly number[]): Latency | undefined {
  if (samples.length === 0) return undefined;
  const sorted = samples.toSorted((a, b) => a - b);
  // The nearest rank: a time that was measured, never one between two.
  const percentile = (percent: number) =>
    sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? Number.NaN;
  return { count: sorted.length, p50: percentile(50), p95: percentile(95), p99: percentile(99) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
