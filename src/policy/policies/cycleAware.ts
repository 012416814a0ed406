/**
 * Cycle-aware: estimates when each expert will be used next, and evicts the one with the latest
 * estimate. An expert of a layer `d` layers ahead that is chosen with probability p at each of its
 * layer's turns waits for d layers, and for (1/p - 1) whole cycles on average:
 *
 *     estimate = d + (1/p - 1) * layerCount        (d = layerCount for the current layer)
 *
 * p is a moving average over about `window` turns of the layer: times (1 - 1/window) at each turn,
 * plus (1 - p)/window when used; 0.02 before anything is known.
 *
 * All probabilities of a layer shrink alike, so their order changes only by uses: one ranking per
 * layer by ln(p) as if projected back to turn 0. The layers are ranked by the estimate of their last
 * member plus the number of the current layer: that changes only for layers the pass has just reached,
 * so a step forward costs one layer's ranking, and an eviction O(log layers + log experts).
 *
 * Source: this project; the measurements are in docs/policies.md.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount, expertInLayer, layerOf } from "../expertId.ts";
import { ExpertRanking } from "../expertRanking.ts";
import {
  type Batch,
  NOBODY,
  type ReplacementRule,
  type RulePart,
  type Slots,
} from "../replacementRule.ts";
import { NumberCell, NumberTable } from "../ruleNumbers.ts";

const UNKNOWN_PROBABILITY = 0.02;
/** ln of the greatest 1/p: an expert unused for 20 000 turns would be expected at infinity. */
const LONGEST_WAIT = 600;

export interface CycleAwareOptions {
  /** Turns of a layer over which uses are averaged, more than 1. @default 32 */
  readonly window?: number;
}

export class CycleAware implements ReplacementRule {
  readonly #slots: Slots;
  readonly #window: number;
  /** ln(1 - 1/window): what one turn does to ln(p). */
  readonly #decay: number;
  /** By layer; members are experts' numbers within the layer. */
  readonly #rankings: readonly ExpertRanking[];
  /** ln(p) projected back to turn 0. */
  readonly #logProbability: NumberTable;
  /** By layer: turns so far, the step of the last one. */
  readonly #turns: NumberTable;
  readonly #lastStep: NumberTable;
  readonly #layer = new NumberCell();
  /** Layers by their least probable resident, latest use first; those out of date are to be redone. */
  readonly #layers: ExpertRanking;
  readonly #outOfDate: Set<number>;
  readonly parts: Readonly<Record<string, RulePart>>;

  constructor(slots: Slots, { window = 32 }: CycleAwareOptions = {}) {
    const { layerCount, expertsPerLayer } = slots;
    this.#slots = slots;
    this.#window = window;
    this.#decay = Math.log(1 - 1 / window);
    this.#rankings = Array.from({ length: layerCount }, () => new ExpertRanking(expertsPerLayer));
    this.#logProbability = new NumberTable(expertCount(slots), Math.log(UNKNOWN_PROBABILITY));
    this.#turns = new NumberTable(layerCount);
    this.#lastStep = new NumberTable(layerCount, -1);
    this.#layers = new ExpertRanking(layerCount);
    this.#outOfDate = new Set(this.#rankings.keys());
    const rankAnew = () => {
      this.#outOfDate.clear();
      for (let layer = 0; layer < layerCount; layer++) this.#outOfDate.add(layer);
      return [];
    };
    this.parts = {
      ...Object.fromEntries(this.#rankings.map((ranking, layer) => [`layer${layer}`, ranking])),
      logProbability: this.#logProbability,
      turns: this.#turns,
      lastStep: this.#lastStep,
      layer: this.#layer,
      // Saving, too: then the original and its copy rank their layers in the same order from here on.
      layers: { save: rankAnew, load: rankAnew, clear: rankAnew },
    };
  }

  begin({ step, layer }: Batch): void {
    const before = this.#layer.value;
    this.#layer.value = layer;
    for (let passed = Math.min(before, layer) + 1; passed <= Math.max(before, layer); passed++) {
      this.#outOfDate.add(passed);
    }
    if (this.#lastStep.values[layer] === step) return; // the second part of a split batch
    this.#lastStep.values[layer] = step;
    this.#turns.values[layer]!++;
    this.#outOfDate.add(layer);
  }

  hit(expert: ExpertId): void {
    this.miss(expert);
    this.insert(expert, "use");
  }

  miss(expert: ExpertId): void {
    this.#logProbability.values[expert] = this.#afterUse(expert);
  }

  victim(): ExpertId {
    this.#rankLayers();
    let second = NOBODY;
    let secondUse = Number.NEGATIVE_INFINITY;
    const best = this.#layers.lowestWhere((layer) => {
      if (this.#mayLeave(layer, this.#rankings[layer]!.lowest())) return true;
      // The layer's last is leased, so the next of this layer competes with the other layers' last.
      const next = this.#rankings[layer]!.lowestWhere((expert) => this.#mayLeave(layer, expert));
      if (next !== NOBODY && this.#expectedUse(layer, next) > secondUse) {
        second = layer * this.#slots.expertsPerLayer + next;
        secondUse = this.#expectedUse(layer, next);
      }
      return false;
    });
    if (best === NOBODY || secondUse > -this.#layers.rankOf(best)) return second;
    return best * this.#slots.expertsPerLayer + this.#rankings[best]!.lowest();
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  /** A prefetched expert is ranked as if the use it waits for had come, or it would leave first. */
  insert(expert: ExpertId, cause: AdmissionCause): void {
    const layer = layerOf(this.#slots, expert);
    const rank = cause === "use" ? this.#logProbability.values[expert]! : this.#afterUse(expert);
    this.#rankings[layer]!.set(expertInLayer(this.#slots, expert), rank);
    this.#outOfDate.add(layer);
  }

  remove(expert: ExpertId): void {
    const layer = layerOf(this.#slots, expert);
    this.#rankings[layer]!.remove(expertInLayer(this.#slots, expert));
    this.#outOfDate.add(layer);
  }

  /** The projected ln(p) that one use at this turn would leave. */
  #afterUse(expert: ExpertId): number {
    const passed = this.#turns.values[layerOf(this.#slots, expert)]! * this.#decay;
    const p = Math.exp(this.#logProbability.values[expert]! + passed);
    return Math.log(p + (1 - p) / this.#window) - passed;
  }

  #rankLayers(): void {
    for (const layer of this.#outOfDate) {
      const last = this.#rankings[layer]!.lowest();
      if (last !== NOBODY) this.#layers.set(layer, -this.#expectedUse(layer, last));
      else if (this.#layers.has(layer)) this.#layers.remove(layer);
    }
    this.#outOfDate.clear();
  }

  /** The estimate plus the number of the current layer. */
  #expectedUse(layer: number, expertInThisLayer: number): number {
    const { layerCount } = this.#slots;
    const nextTurn = layer > this.#layer.value ? layer : layer + layerCount;
    const rank = this.#rankings[layer]!.rankOf(expertInThisLayer);
    const lnProbability = rank + this.#turns.values[layer]! * this.#decay;
    const cycles = Math.exp(Math.min(LONGEST_WAIT, -lnProbability)) - 1;
    return nextTurn + cycles * layerCount;
  }

  #mayLeave(layer: number, expertInThisLayer: number): boolean {
    return this.#slots.mayLeave(layer * this.#slots.expertsPerLayer + expertInThisLayer);
  }
}
