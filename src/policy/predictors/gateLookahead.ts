/**
 * Gate look-ahead: the coming layer's own router, asked early on the hidden state of an earlier layer.
 *
 * Residual streams change little from layer to layer, so the early answer is right for 80 to 97 % of
 * the experts. The engine computes the router logits; here they become scores and are thrown away as
 * soon as the layer has really been routed, because they speak of one token only.
 * Source: A. Eliseev and D. Mazur, "Fast Inference of Mixture-of-Experts Language Models with
 * Offloading", arXiv:2312.17238, section 3.2 (speculative expert loading).
 */
import { OptionError } from "../../support/errors.ts";
import type { Access } from "../evictionPolicy.ts";
import type { ExpertGrid } from "../expertId.ts";
import type { ExpertPredictor } from "./predictor.ts";

export class GateLookaheadPredictor implements ExpertPredictor {
  readonly name = "gate-lookahead";
  readonly #grid: ExpertGrid;
  readonly #scores = new Map<number, Float64Array>();

  constructor(grid: ExpertGrid) {
    this.#grid = grid;
  }

  /**
   * Takes the early router logits of a coming layer, `[expertsPerLayer]`. Logits with a NaN are not
   * kept: a guess must not fail a token.
   *
   * @throws OptionError if their number is not that of the experts
   */
  foresee(layer: number, logits: ArrayLike<number>): void {
    if (logits.length !== this.#grid.expertsPerLayer) {
      throw new OptionError(
        `${logits.length} router logits for ${this.#grid.expertsPerLayer} experts of layer ${layer}`,
      );
    }
    const scores = softmax(logits);
    if (scores.some(Number.isNaN)) this.#scores.delete(layer);
    else this.#scores.set(layer, scores);
  }

  observe({ layer }: Access): void {
    this.#scores.delete(layer);
  }

  predict(layer: number): Float64Array | undefined {
    return this.#scores.get(layer)?.slice();
  }

  reset(): void {
    this.#scores.clear();
  }
}

function softmax(logits: ArrayLike<number>): Float64Array {
  const highest = Array.from(logits).reduce((a, b) => Math.max(a, b), -Infinity);
  const scores = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = scores.reduce((a, b) => a + b, 0);
  return scores.map((score) => score / sum);
}
