/**
 * An exponentially weighted mean: the latest sample counts `alpha`, everything before it 1 - alpha.
 *
 *   mean = sample                              at the first sample
 *   mean = mean + alpha * (sample - mean)      from then on
 *
 * Source: S. W. Roberts, "Control Chart Tests Based on Geometric Moving Averages", 1959.
 */
import { requireAmount, requireShare } from "./requireNumber.ts";

export class Ewma {
  readonly #alpha: number;
  #mean: number | undefined;

  /** @param alpha in (0, 1]; 0.2 remembers about the last five samples */
  constructor(alpha: number) {
    this.#alpha = requireShare("alpha", alpha);
  }

  /** `undefined` before the first sample. */
  get mean(): number | undefined {
    return this.#mean;
  }

  /** @param sample finite, at least 0 */
  add(sample: number): void {
    requireAmount("sample", sample);
    this.#mean =
      this.#mean === undefined ? sample : this.#mean + this.#alpha * (sample - this.#mean);
  }
}
