/**
 * Slices: how many slots each layer gets when every layer has a cache of its own.
 *
 * Slots are awarded one by one, each to the layer where weight / (slots it would then have) is
 * highest, until the next award no longer fits the budget. The order of awards does not depend on the
 * budget, so no layer ever loses a slot when the budget grows (a rule by largest remainders can do
 * that). Equal weights give equal slices, the remainder to the first layers.
 * Source: the method of V. D'Hondt for dividing seats, 1882. Why weigh at all: early layers route
 * almost uniformly (Qwen3's first touches 107 of 128 experts within 128 tokens), so equal slices waste
 * memory on layers that cannot profit.
 */
import { requireAmount, requireCount } from "../requireNumber.ts";
import type { ExpertLayer } from "./tokenCycle.ts";

export interface SlicedLayer extends Pick<ExpertLayer, "expertCount" | "expertBytes"> {
  /** The layer's claim, such as its share of the accesses that repeat. 0: no slots. @default 1 */
  readonly weight?: number;
}

/** Slots per layer: never more than its experts, together never more than `budgetBytes`. */
export function sliceByLayer(layers: readonly SlicedLayer[], budgetBytes: number): number[] {
  requireCount("budgetBytes", budgetBytes);
  for (const { expertCount, expertBytes, weight = 1 } of layers) {
    requireCount("expertCount", expertCount);
    requireCount("expertBytes", expertBytes, 1);
    requireAmount("weight", weight);
  }
  const slots = layers.map(() => 0);
  let bytesLeft = budgetBytes;
  for (;;) {
    const next = nextAward(layers, slots);
    if (next === undefined || layers[next]!.expertBytes > bytesLeft) return slots;
    bytesLeft -= layers[next]!.expertBytes;
    slots[next] = slots[next]! + 1;
  }
}

/** The layer with the highest claim on one more slot, the first among equals. */
function nextAward(layers: readonly SlicedLayer[], slots: readonly number[]): number | undefined {
  let best: { index: number; claim: number } | undefined;
  layers.forEach(({ expertCount, weight = 1 }, index) => {
    const claim = weight / (slots[index]! + 1);
    if (slots[index]! >= expertCount || claim <= (best?.claim ?? 0)) return;
    best = { index, claim };
  });
  return best?.index;
}
