/**
 * Random: scores that mean nothing, the same for the same seed.
 *
 * The second of the two null predictors: a predictor no better than this one is broken. A score is a
 * hash of seed, accesses seen, layer and expert, so there is no generator whose state a caller could
 * disturb by asking twice.
 * Source of the mixing function: MurmurHash3's 32-bit finaliser (A. Appleby, public domain).
 */
import type { ExpertGrid } from "../expertId.ts";
import { requireCount } from "../requireNumber.ts";
import type { ExpertPredictor } from "./predictor.ts";

export interface RandomPredictorOptions extends ExpertGrid {
  /** Whole number from 0; its lower 32 bits count. */
  readonly seed: number;
}

export class RandomPredictor implements ExpertPredictor {
  readonly name = "random";
  readonly #options: RandomPredictorOptions;
  #accessesSeen = 0;

  constructor(options: RandomPredictorOptions) {
    requireCount("seed", options.seed);
    this.#options = options;
  }

  observe(): void {
    this.#accessesSeen++;
  }

  /** Scores in (0, 1], a multiple of 2^-32 each. */
  predict(layer: number): Float64Array | undefined {
    const { layerCount, expertsPerLayer, seed } = this.#options;
    if (layer >= layerCount) return undefined;
    return Float64Array.from(
      { length: expertsPerLayer },
      (_, expert) => (1 + hash([seed, this.#accessesSeen, layer, expert])) / 2 ** 32,
    );
  }

  reset(): void {
    this.#accessesSeen = 0;
  }
}

/** An unsigned 32-bit number in which every bit of every word has a say. */
function hash(words: readonly number[]): number {
  const goldenRatio = 0x9e3779b9;
  return words.reduce((state, word) => mixed((state + goldenRatio) ^ word), 0);
}

function mixed(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
