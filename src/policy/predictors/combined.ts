/**
 * Several predictors in one: the weighted mean of their scores.
 *
 *   score(e) = sum over predictors p that know the layer:  weight(p) * score_p(e) / sum of score_p
 *
 * Each predictor's scores are brought to a sum of 1 first, because counts, ranks and probabilities
 * have scales of their own. One that knows nothing is left out instead of counting as "all equal".
 */
import { OptionError } from "../../support/errors.ts";
import type { Access } from "../evictionPolicy.ts";
import { requireAmount } from "../requireNumber.ts";
import type { ExpertPredictor } from "./predictor.ts";

export interface WeightedPredictor {
  readonly predictor: ExpertPredictor;
  /** Above 0; only the ratio between the weights matters. */
  readonly weight: number;
}

export class CombinedPredictor implements ExpertPredictor {
  readonly name: string;
  readonly #parts: readonly WeightedPredictor[];

  constructor(parts: readonly WeightedPredictor[]) {
    if (parts.length === 0) throw new OptionError("a combined predictor needs at least one part");
    for (const { weight } of parts) requireAmount("weight", weight, Number.MIN_VALUE);
    this.#parts = parts;
    this.name = parts.map(({ predictor, weight }) => `${weight}*${predictor.name}`).join("+");
  }

  observe(access: Access): void {
    for (const { predictor } of this.#parts) predictor.observe(access);
  }

  foresee(layer: number, logits: ArrayLike<number>): void {
    for (const { predictor } of this.#parts) predictor.foresee?.(layer, logits);
  }

  predict(layer: number): Float64Array | undefined {
    let mean: Float64Array | undefined;
    for (const { predictor, weight } of this.#parts) {
      const scores = predictor.predict(layer);
      const sum = scores?.reduce((a, b) => a + b, 0);
      if (scores === undefined || sum === undefined || sum === 0) continue;
      mean ??= new Float64Array(scores.length);
      for (let expert = 0; expert < mean.length; expert++) {
        mean[expert] = mean[expert]! + (weight * scores[expert]!) / sum;
      }
    }
    return mean;
  }

  reset(): void {
    for (const { predictor } of this.#parts) predictor.reset();
  }
}
