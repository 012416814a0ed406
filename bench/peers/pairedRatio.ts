/** By how much two engines differ that were measured in pairs. */
import { seededRandom } from "../../src/numerics/random.ts";
import { spreadOf } from "../statistics.ts";

/** A ratio, and the interval in which 95 of 100 repetitions of the measurement should find it. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 5000;

/**
 * Ratio of samples that were taken in pairs, one soon after the other, so that what slows both
 * cancels out: the median of the pairs' ratios, with the percentile interval of the bootstrap.
 *
 * Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
 *
 * @param numerators one per pair, as many as `denominators`
 * @param seed of the resampling: the same samples give the same interval
 */
export function pairedRatio(
  numerators: readonly number[],
  denominators: readonly number[],
  seed = 1,
): Ratio {
  if (numerators.length !== denominators.length) throw new RangeError("samples without a partner");
  const ratios = numerators.map((numerator, pair) => numerator / denominators[pair]);
  const random = seededRandom(seed);
  const draw = () => ratios[Math.floor(random() * ratios.length)];
  const medians = Array.from({ length: RESAMPLES }, () => spreadOf(ratios.map(draw)).median);
  medians.sort((a, b) => a - b);
  return {
    median: spreadOf(ratios).median,
    low: medians[Math.floor(0.025 * RESAMPLES)],
    high: medians[Math.ceil(0.975 * RESAMPLES) - 1],
  };
}
