/**
 * Cycle-burst: cycle-aware with two memories. Experts are used in bursts, and some are popular beyond
 * any burst, so the probability that an expert is chosen at its layer's next turn is the mixture of a
 * short average of its uses and a long one:
 *
 *     p = share * short + (1 - share) * long          estimate = d + (1/p - 1) * layerCount
 *
 * with d = layers to go until the layer's turn (layerCount for the current one). Each average is
 * multiplied by (1 - 1/window) at every turn of its layer and gains (1 - average)/window by a use. Who
 * has the latest estimate leaves; among equals the expert with the lowest id.
 *
 * One average must choose: a short window follows bursts and topics and forgets who is popular, a
 * long one the other way round.
 *
 * A turn fades the layer's experts, an eviction looks at each layer's least probable resident, which
 * is sought anew only where something changed: O(experts of a layer + layers) each.
 *
 * Source: this project; the measurements are in docs/policies.md.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount, layerOf } from "../expertId.ts";
import { LayerMembers } from "../layerMembers.ts";
import {
  type Batch,
  NOBODY,
  type ReplacementRule,
  type RulePart,
  type Slots,
} from "../replacementRule.ts";
import { NumberCell, NumberTable } from "../ruleNumbers.ts";

/** Of an expert about which nothing is known yet. */
const UNKNOWN_PROBABILITY = 0.02;
/** Where an average that fades for ever stays, so that no estimate becomes infinite. */
const LEAST_PROBABILITY = 1e-200;

export interface CycleBurstOptions {
  /** Turns over which the long average goes, more than 1. @default 20 */
  readonly window?: number;
  /** The same of the short one. @default 3 */
  readonly burst?: number;
  /** Weight of the short one, in [0, 1]. @default 0.3 */
  readonly share?: number;
}

/** One memory of all experts: averages of their uses. */
class Memory {
  /** By expert: what its uses so far say. */
  readonly averages: NumberTable;
  /** By resident: what it is ranked by. A prefetched one is ranked as if the use it awaits had come. */
  readonly ranks: NumberTable;
  readonly #window: number;

  constructor(experts: number, window: number) {
    this.averages = new NumberTable(experts, UNKNOWN_PROBABILITY);
    this.ranks = new NumberTable(experts, UNKNOWN_PROBABILITY);
    this.#window = window;
  }

  /** A turn of the layer that has the experts from `first` to `end`. */
  fade(first: ExpertId, end: ExpertId): void {
    const rest = 1 - 1 / this.#window;
    const averages = this.averages.values;
    const ranks = this.ranks.values;
    for (let expert = first; expert < end; expert++) {
      averages[expert] = Math.max(LEAST_PROBABILITY, averages[expert]! * rest);
      ranks[expert] = Math.max(LEAST_PROBABILITY, ranks[expert]! * rest);
    }
  }

  use(expert: ExpertId): void {
    this.averages.values[expert] = this.#afterUse(expert);
  }

  rank(expert: ExpertId, cause: AdmissionCause): void {
    const isUsed = cause === "use";
    this.ranks.values[expert] = isUsed ? this.averages.values[expert]! : this.#afterUse(expert);
  }

  #afterUse(expert: ExpertId): number {
    const average = this.averages.values[expert]!;
    return average + (1 - average) / this.#window;
  }
}

export class CycleBurst implements ReplacementRule {
  readonly #slots: Slots;
  readonly #share: number;
  readonly #short: Memory;
  readonly #long: Memory;
  readonly #members: LayerMembers;
  /** By layer: the step of its last turn. */
  readonly #lastStep: NumberTable;
  readonly #layer = new NumberCell();
  /**
   * By layer: its least probable resident that may leave, and how many layers pass on average after
   * the layer's next turn until it is used; less than nothing where nobody may leave.
   */
  readonly #least: Int32Array;
  readonly #leastWait: Float64Array;
  /** Layers whose least probable resident is to be sought anew. */
  readonly #outOfDate: Uint8Array;
  readonly parts: Readonly<Record<string, RulePart>>;

  constructor(slots: Slots, { window = 20, burst = 3, share = 0.3 }: CycleBurstOptions = {}) {
    const { layerCount } = slots;
    this.#slots = slots;
    this.#share = share;
    this.#short = new Memory(expertCount(slots), burst);
    this.#long = new Memory(expertCount(slots), window);
    this.#members = new LayerMembers(slots);
    this.#lastStep = new NumberTable(layerCount, -1);
    this.#least = new Int32Array(layerCount).fill(NOBODY);
    this.#leastWait = new Float64Array(layerCount);
    this.#outOfDate = new Uint8Array(layerCount).fill(1);
    const seekAnew = () => {
      this.#outOfDate.fill(1);
      return [];
    };
    this.parts = {
      short: this.#short.averages,
      shortRanks: this.#short.ranks,
      long: this.#long.averages,
      longRanks: this.#long.ranks,
      members: this.#members,
      lastStep: this.#lastStep,
      layer: this.#layer,
      least: { save: seekAnew, load: seekAnew, clear: seekAnew },
    };
  }

  begin({ step, layer }: Batch): void {
    this.#layer.value = layer;
    if (this.#lastStep.values[layer] === step) return; // the second part of a split batch
    this.#lastStep.values[layer] = step;
    const first = layer * this.#slots.expertsPerLayer;
    this.#short.fade(first, first + this.#slots.expertsPerLayer);
    this.#long.fade(first, first + this.#slots.expertsPerLayer);
    this.#outOfDate[layer] = 1;
  }

  hit(expert: ExpertId): void {
    this.miss(expert);
    this.insert(expert, "use");
  }

  miss(expert: ExpertId): void {
    this.#short.use(expert);
    this.#long.use(expert);
  }

  victim(): ExpertId {
    for (;;) {
      const layer = this.#layerUsedLast();
      if (layer === NOBODY) return NOBODY;
      const victim = this.#least[layer]!;
      if (this.#slots.mayLeave(victim)) return victim;
      this.#outOfDate[layer] = 1; // it was leased since it was sought
    }
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId, cause: AdmissionCause): void {
    this.#short.rank(expert, cause);
    this.#long.rank(expert, cause);
    this.#members.add(expert);
    const layer = layerOf(this.#slots, expert);
    const isLeast = this.#least[layer] === expert;
    if (isLeast || this.#wait(this.#probability(expert)) >= this.#leastWait[layer]!) {
      this.#outOfDate[layer] = 1;
    }
  }

  remove(expert: ExpertId): void {
    this.#members.remove(expert);
    const layer = layerOf(this.#slots, expert);
    if (this.#least[layer] === expert) this.#outOfDate[layer] = 1;
  }

  #probability(expert: ExpertId): number {
    const short = this.#short.ranks.values[expert]!;
    return this.#share * short + (1 - this.#share) * this.#long.ranks.values[expert]!;
  }

  #wait(probability: number): number {
    return (1 / probability - 1) * this.#slots.layerCount;
  }

  /** The layer whose least probable resident has the latest estimate. */
  #layerUsedLast(): number {
    const { layerCount } = this.#slots;
    const current = this.#layer.value;
    const outOfDate = this.#outOfDate;
    const leastWait = this.#leastWait;
    let last = NOBODY;
    let latest = Number.NEGATIVE_INFINITY;
    for (let layer = 0; layer < layerCount; layer++) {
      if (outOfDate[layer] === 1) this.#seek(layer);
      const layersUntil = layer > current ? layer - current : layer - current + layerCount;
      const estimate = layersUntil + leastWait[layer]!;
      if (estimate > latest) {
        last = layer;
        latest = estimate;
      }
    }
    return last;
  }

  /** Finds a layer's least probable resident that may leave. */
  #seek(layer: number): void {
    const short = this.#short.ranks.values;
    const long = this.#long.ranks.values;
    const share = this.#share;
    let least = NOBODY;
    let probability = Number.POSITIVE_INFINITY;
    let leasedProbability = Number.POSITIVE_INFINITY;
    for (const expert of this.#members.of(layer)) {
      const own = share * short[expert]! + (1 - share) * long[expert]!;
      if (own > probability || (own === probability && expert > least)) continue;
      if (this.#slots.mayLeave(expert)) {
        least = expert;
        probability = own;
      } else if (own < leasedProbability) {
        leasedProbability = own;
      }
    }
    this.#least[layer] = least;
    this.#leastWait[layer] = least === NOBODY ? Number.NEGATIVE_INFINITY : this.#wait(probability);
    // Who is leased now may be the one to leave a moment later.
    this.#outOfDate[layer] = leasedProbability <= probability ? 1 : 0;
  }
}
