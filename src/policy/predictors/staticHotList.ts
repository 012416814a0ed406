/**
 * Static hot list: every layer always asks for the experts that an earlier run asked for most.
 *
 * The first of the two null predictors: it never learns, so what another predictor finds beyond it is
 * knowledge about this sequence, and not mere popularity.
 */
import { type AccessProfile, accessCount } from "../profile.ts";
import type { ExpertPredictor } from "./predictor.ts";

export class StaticHotListPredictor implements ExpertPredictor {
  readonly name = "static-hot-list";
  /** Per layer the accesses of its experts; `undefined` for a layer that never asked. */
  readonly #heat: readonly (Float64Array | undefined)[];

  /** Copies the counts out of `profile`: what the profile counts later does not change the list. */
  constructor(profile: AccessProfile) {
    this.#heat = Array.from({ length: profile.layerCount }, (_, layer) =>
      layerHeat(profile, layer),
    );
  }

  observe(): void {}

  predict(layer: number): Float64Array | undefined {
    return this.#heat[layer]?.slice();
  }

  reset(): void {}
}

function layerHeat(profile: AccessProfile, layer: number): Float64Array | undefined {
  if (accessCount(profile.layer(layer)) === 0) return undefined;
  return Float64Array.from({ length: profile.expertsPerLayer }, (_, expert) =>
    accessCount(profile.expert(layer, expert)),
  );
}
