/**
 * Previous token: a layer will ask for what it asked for last time.
 *
 * Source: `ExpertRoutePredictor` of SharpInference (MIT): it keeps only the latest selection of each
 * layer, cut to `maxActive` experts, and ignores layers that it does not have. On real traces it
 * knows no more than a static hot list does (18 to 38 % of the experts), which is why both are here.
 */
import type { Access } from "../evictionPolicy.ts";
import { type ExpertGrid, expertInLayer } from "../expertId.ts";
import { requireCount } from "../requireNumber.ts";
import type { ExpertPredictor } from "./predictor.ts";

export interface PreviousTokenOptions extends ExpertGrid {
  /** Experts remembered per layer: usually those of one token. */
  readonly maxActive: number;
}

export class PreviousTokenPredictor implements ExpertPredictor {
  readonly name = "previous-token";
  readonly #grid: ExpertGrid;
  readonly #maxActive: number;
  /** Per layer the numbers of its latest experts, best rank first; `undefined` until seen. */
  readonly #latest: (readonly number[] | undefined)[];

  constructor(options: PreviousTokenOptions) {
    this.#grid = options;
    this.#maxActive = requireCount("maxActive", options.maxActive, 1);
    this.#latest = new Array(options.layerCount).fill(undefined);
  }

  observe({ layer, experts }: Access): void {
    if (layer >= this.#latest.length) return;
    const kept = experts.slice(0, this.#maxActive);
    this.#latest[layer] = kept.map((id) => expertInLayer(this.#grid, id));
  }

  /** The best ranked expert scores 1, the others evenly less: the order of the router is kept. */
  predict(layer: number): Float64Array | undefined {
    const latest = this.#latest[layer];
    if (latest === undefined) return undefined;
    const scores = new Float64Array(this.#grid.expertsPerLayer);
    latest.forEach((expert, rank) => {
      scores[expert] = 1 - rank / latest.length;
    });
    return scores;
  }

  reset(): void {
    this.#latest.fill(undefined);
  }
}
