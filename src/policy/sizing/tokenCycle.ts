/**
 * The token cycle T: the slots, or bytes, that the experts of one token fill on their way through all
 * layers. Every size of an expert cache is measured in it.
 *
 *   T = layers x experts per token
 *
 * A layer is visited again only after all the others, so between two uses of an expert at least
 * (layers - 1) x experts per token others are asked for. A cache that evicts by recency alone hits
 * only if it keeps those and the expert itself: from T - experts per token + 1 slots on. Below this
 * cliff the hit rate is not low but zero.
 * Source: the looping reference of H.-T. Chou and D. DeWitt, "An Evaluation of Buffer Management
 * Strategies for Relational Database Systems", VLDB 1985; measured on three models' routing traces.
 */
import { requireCount } from "../requireNumber.ts";

/** Layers of one kind: all have the same expert size. A K_M file mixes several kinds. */
export interface ExpertLayer {
  readonly expertCount: number;
  readonly expertsPerToken: number;
  /** Bytes of one expert, allocation rounding included. */
  readonly expertBytes: number;
}

/** T in slots. */
export function tokenCycleSlots(layers: readonly ExpertLayer[]): number {
  return layers.reduce((slots, layer) => slots + checked(layer).expertsPerToken, 0);
}

/** T in bytes: the experts of one token, at the size that each layer's experts have. */
export function tokenCycleBytes(layers: readonly ExpertLayer[]): number {
  return layers.reduce((bytes, layer) => {
    const { expertsPerToken, expertBytes } = checked(layer);
    return bytes + expertsPerToken * expertBytes;
  }, 0);
}

/**
 * Fewest slots at which eviction by recency can hit at all. With layers of unequal fan-out it is the
 * widest one that hits first, since the fewest others lie between two of its uses.
 */
export function cliffSlots(layers: readonly ExpertLayer[]): number {
  const widest = layers.reduce((most, layer) => Math.max(most, layer.expertsPerToken), 0);
  return layers.length === 0 ? 0 : tokenCycleSlots(layers) - widest + 1;
}

/** All experts of all layers. */
export function totalExperts(layers: readonly ExpertLayer[]): number {
  return layers.reduce((experts, layer) => experts + checked(layer).expertCount, 0);
}

/** Layers that are all alike, as in a file of a single quantisation. */
export function equalLayers(layerCount: number, layer: ExpertLayer): ExpertLayer[] {
  return new Array<ExpertLayer>(requireCount("layerCount", layerCount)).fill(layer);
}

function checked(layer: ExpertLayer): ExpertLayer {
  requireCount("expertCount", layer.expertCount, 1);
  requireCount("expertsPerToken", layer.expertsPerToken, 1);
  requireCount("expertBytes", layer.expertBytes, 1);
  return layer;
}
