/**
 * per-layer(POLICY): every layer has its own slots and its own POLICY. No layer can take another's
 * slots, so a slice below one layer's demand cannot be rescued by a neighbour that needs less.
 *
 * Slots are divided by weight, rounded down; those left over go one each to the first layers.
 *
 * Source: A. Eliseev and D. Mazur, "Fast Inference of Mixture-of-Experts Language Models with
 * Offloading", arXiv:2312.17238 (one LRU per layer).
 */
import { OptionError } from "../../support/errors.ts";
import type { Slice } from "./sliced.ts";

/**
 * The slices of `capacity` slots, one for each of `layers`. Throws OptionError unless there is one
 * positive weight for each layer of the model.
 *
 * @param given by layer of the model; by default all equal
 */
export function slicesByLayer(
  capacity: number,
  layerCount: number,
  layers: readonly number[] = Array.from({ length: layerCount }, (_, layer) => layer),
  given?: readonly number[],
): Slice[] {
  const weights = given ?? new Array<number>(layerCount).fill(1);
  if (weights.length !== layerCount || !weights.every((weight) => weight > 0)) {
    throw new OptionError(
      `per-layer needs one positive weight for each of ${layerCount} layers, not ${weights.join("/")}`,
    );
  }
  const total = layers.reduce((sum, layer) => sum + weights[layer]!, 0);
  const shares = layers.map((layer) => Math.floor((capacity * weights[layer]!) / total));
  const left = capacity - shares.reduce((sum, share) => sum + share, 0);
  return layers.map((layer, i) => ({
    layers: [layer],
    capacity: shares[i]! + (i < left ? 1 : 0),
  }));
}
