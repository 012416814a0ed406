/**
 * Least-Stale: experts of layers that this forward pass has already visited are stale, they cannot be
 * needed before the next pass. The victim comes from the layer whose next turn is furthest away: the
 * current one (of which only the batch itself is needed now), then the one before it, and so on
 * around the cycle; within a layer, the one used longest ago.
 *
 * One queue per layer, so that the search steps over layers, never over experts.
 *
 * Source: "SpecMD", arXiv:2602.03921 (2026).
 */
import { type ExpertId, expertCount, layerOf } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import {
  type Batch,
  NOBODY,
  type ReplacementRule,
  type RulePart,
  type Slots,
} from "../replacementRule.ts";
import { NumberCell } from "../ruleNumbers.ts";

export class LeastStale implements ReplacementRule {
  readonly #slots: Slots;
  /** By layer. */
  readonly #recency: ExpertQueues;
  readonly #layer = new NumberCell();
  readonly parts: Readonly<Record<"recency" | "layer", RulePart>>;

  constructor(slots: Slots) {
    this.#slots = slots;
    this.#recency = new ExpertQueues(expertCount(slots), slots.layerCount);
    this.parts = { recency: this.#recency, layer: this.#layer };
  }

  begin(batch: Batch): void {
    this.#layer.value = batch.layer;
  }

  hit(expert: ExpertId): void {
    this.#recency.move(layerOf(this.#slots, expert), expert);
  }

  victim(): ExpertId {
    const { layerCount, mayLeave } = this.#slots;
    for (let back = 0; back < layerCount; back++) {
      const layer = (this.#layer.value - back + layerCount) % layerCount;
      const expert = this.#recency.oldestWhere(layer, mayLeave);
      if (expert !== NOBODY) return expert;
    }
    return NOBODY;
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId): void {
    this.#recency.add(layerOf(this.#slots, expert), expert);
  }

  remove(expert: ExpertId): void {
    this.#recency.remove(expert);
  }
}
