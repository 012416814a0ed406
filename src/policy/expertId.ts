/**
 * One number for one expert of the whole model, so that policies need no string keys and can keep
 * their lists in typed arrays: the ids of a model are dense, from 0 to layers x experts - 1.
 */

/** `layer * expertsPerLayer + expert`. */
export type ExpertId = number;

/** How many routed experts a model has, and where. */
export interface ExpertGrid {
  readonly layerCount: number;
  readonly expertsPerLayer: number;
}

/** The id of expert `expert` (0-based in its layer) of layer `layer`. */
export function expertId(grid: ExpertGrid, layer: number, expert: number): ExpertId {
  return layer * grid.expertsPerLayer + expert;
}

/** The layer that an expert belongs to. */
export function layerOf(grid: ExpertGrid, id: ExpertId): number {
  return Math.floor(id / grid.expertsPerLayer);
}

/** An expert's number within its layer. */
export function expertInLayer(grid: ExpertGrid, id: ExpertId): number {
  return id % grid.expertsPerLayer;
}

/** How many ids there are; every id is below it. */
export function expertCount(grid: ExpertGrid): number {
  return grid.layerCount * grid.expertsPerLayer;
}
