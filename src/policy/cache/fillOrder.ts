/** Who gets a slot before anybody has asked. */
import {
  type ExpertGrid,
  type ExpertId,
  expertCount,
  expertId,
  expertInLayer,
  layerOf,
} from "../expertId.ts";
import { type AccessProfile, accessCount } from "../profile.ts";

/**
 * All experts, the most wanted first, as `ExpertCache.fill` takes them: by their uses in earlier runs;
 * of equals, one of each layer after the other, since the first token needs all layers.
 */
export function fillOrder(grid: ExpertGrid, profile?: AccessProfile): ExpertId[] {
  const order = Array.from({ length: expertCount(grid) }, (_, index) =>
    expertId(grid, index % grid.layerCount, Math.floor(index / grid.layerCount)),
  );
  if (profile === undefined) return order;
  const uses = new Map(
    order.map((id) => [
      id,
      accessCount(profile.expert(layerOf(grid, id), expertInLayer(grid, id))),
    ]),
  );
  return order.sort((a, b) => uses.get(b)! - uses.get(a)!); // equals keep their order
}
