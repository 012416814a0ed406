/**
 * Divides the slots among groups of layers, each ruled on its own by the same kind of rule: the
 * common part of `per-layer(...)` and `llamacpp-lru`. A group's rule sees a small model of its own
 * whose layers and ids are numbered from 0.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, layerOf } from "../expertId.ts";
import {
  type Batch,
  NOBODY,
  type ReplacementRule,
  type RulePart,
  type Slots,
} from "../replacementRule.ts";
import { NumberTable } from "../ruleNumbers.ts";

/** The layers of one group, and its slots. */
export interface Slice {
  readonly layers: readonly number[];
  readonly capacity: number;
}

export class Sliced implements ReplacementRule {
  readonly ranksPinned: boolean;
  readonly #expertsPerLayer: number;
  readonly #slices: readonly Slice[];
  readonly #rules: readonly ReplacementRule[];
  /** By layer: its slice, and its place there. */
  readonly #sliceOfLayer: Int32Array;
  readonly #layerInSlice: Int32Array;
  readonly #slots: Slots;
  /** By slice: residents; of these, the pinned ones that its rule does not rank. */
  readonly #filled: NumberTable;
  readonly #pinned: NumberTable;
  readonly parts: Readonly<Record<string, RulePart>>;

  constructor(
    slots: Slots,
    slices: readonly Slice[],
    makeRule: (slots: Slots, slice: Slice) => ReplacementRule,
  ) {
    this.#slots = slots;
    this.#expertsPerLayer = slots.expertsPerLayer;
    this.#slices = slices;
    this.#sliceOfLayer = new Int32Array(slots.layerCount);
    this.#layerInSlice = new Int32Array(slots.layerCount);
    for (const [index, { layers }] of slices.entries()) {
      for (const [place, layer] of layers.entries()) {
        this.#sliceOfLayer[layer] = index;
        this.#layerInSlice[layer] = place;
      }
    }
    this.#filled = new NumberTable(slices.length);
    this.#pinned = new NumberTable(slices.length);
    this.#rules = slices.map((slice, index) => makeRule(this.#slotsOf(slice, index), slice));
    this.ranksPinned = this.#rules.some((rule) => rule.ranksPinned);
    const parts = this.#rules.flatMap((rule, index) =>
      Object.entries(rule.parts).map(([name, part]) => [`${index}.${name}`, part]),
    );
    this.parts = { ...Object.fromEntries(parts), filled: this.#filled, pinned: this.#pinned };
  }

  begin(batch: Batch): void {
    const rule = this.#rules[this.#sliceOfLayer[batch.layer]!]!;
    if (!rule.begin) return;
    const layer = this.#layerInSlice[batch.layer]!;
    rule.begin({ ...batch, layer, experts: batch.experts.map((expert) => this.#inside(expert)) });
  }

  hit(expert: ExpertId): void {
    this.#ruleOf(expert).hit(this.#inside(expert));
  }

  miss(expert: ExpertId): void {
    this.#ruleOf(expert).miss?.(this.#inside(expert));
  }

  orderMisses(misses: ExpertId[]): void {
    const rule = this.#ruleOf(misses[0]!);
    if (!rule.orderMisses) return;
    const slice = this.#slices[this.#sliceOf(misses[0]!)]!;
    const inside = misses.map((expert) => this.#inside(expert));
    rule.orderMisses(inside);
    for (const [i, expert] of inside.entries()) misses[i] = this.#outside(slice, expert);
  }

  isFull(incoming: ExpertId): boolean {
    const slice = this.#sliceOf(incoming);
    if (this.#filled.values[slice]! >= this.#slices[slice]!.capacity) return true;
    return this.#ruleOf(incoming).isFull?.(this.#inside(incoming)) ?? false;
  }

  victim(incoming: ExpertId): ExpertId {
    const victim = this.#ruleOf(incoming).victim(this.#inside(incoming));
    if (victim === NOBODY) return NOBODY;
    return this.#outside(this.#slices[this.#sliceOf(incoming)]!, victim);
  }

  evict(expert: ExpertId): void {
    this.#ruleOf(expert).evict(this.#inside(expert));
    this.#filled.values[this.#sliceOf(expert)]!--;
  }

  insert(expert: ExpertId, cause: AdmissionCause): void {
    this.#filled.values[this.#sliceOf(expert)]!++;
    this.#ruleOf(expert).insert(this.#inside(expert), cause);
  }

  remove(expert: ExpertId): void {
    this.#ruleOf(expert).remove(this.#inside(expert));
    this.#filled.values[this.#sliceOf(expert)]!--;
  }

  pin(expert: ExpertId): void {
    const rule = this.#ruleOf(expert);
    if (rule.pin) {
      rule.pin(this.#inside(expert));
    } else {
      this.#pinned.values[this.#sliceOf(expert)]!++;
      rule.remove(this.#inside(expert));
    }
  }

  unpin(expert: ExpertId): void {
    const rule = this.#ruleOf(expert);
    if (rule.unpin) {
      rule.unpin(this.#inside(expert));
    } else {
      this.#pinned.values[this.#sliceOf(expert)]!--;
      rule.insert(this.#inside(expert), "prefetch");
    }
  }

  #slotsOf(slice: Slice, index: number): Slots {
    const pinned = this.#pinned.values;
    return {
      layerCount: slice.layers.length,
      expertsPerLayer: this.#expertsPerLayer,
      get capacity() {
        return slice.capacity - pinned[index]!;
      },
      mayLeave: (expert) => this.#slots.mayLeave(this.#outside(slice, expert)),
    };
  }

  #ruleOf(expert: ExpertId): ReplacementRule {
    return this.#rules[this.#sliceOf(expert)]!;
  }

  #sliceOf(expert: ExpertId): number {
    return this.#sliceOfLayer[layerOf(this.#slots, expert)]!;
  }

  #inside(expert: ExpertId): ExpertId {
    const layer = layerOf(this.#slots, expert);
    return expert + (this.#layerInSlice[layer]! - layer) * this.#expertsPerLayer;
  }

  #outside(slice: Slice, expert: ExpertId): ExpertId {
    const place = Math.floor(expert / this.#expertsPerLayer);
    return expert + (slice.layers[place]! - place) * this.#expertsPerLayer;
  }
}
