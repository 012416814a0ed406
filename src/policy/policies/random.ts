/**
 * Random: the victim is any resident, each equally likely. No memory, and no worst case: below one
 * token cycle it beats every policy that ranks by recency. The seed is part of the policy, so that
 * runs can be repeated.
 *
 * Source: L. A. Belady, IBM Systems Journal 5(2), 1966, doi:10.1147/sj.52.0078 (RAND).
 */
import { type ExpertId, expertCount } from "../expertId.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { RandomNumbers } from "../ruleNumbers.ts";

export interface RandomOptions {
  /** @default 1 */
  readonly seed?: number;
}

export class RandomReplacement implements ReplacementRule {
  readonly #slots: Slots;
  readonly #bag: Bag;
  readonly #random: RandomNumbers;
  readonly parts: Readonly<Record<"bag" | "random", RulePart>>;

  constructor(slots: Slots, { seed = 1 }: RandomOptions = {}) {
    this.#slots = slots;
    this.#bag = new Bag(expertCount(slots));
    this.#random = new RandomNumbers(seed);
    this.parts = { bag: this.#bag, random: this.#random };
  }

  hit(): void {}

  /** Draws a place; from a leased expert, walks on to the next that may leave. */
  victim(): ExpertId {
    const { experts } = this.#bag;
    const drawn = this.#random.below(experts.length);
    for (let i = 0; i < experts.length; i++) {
      const expert = experts[(drawn + i) % experts.length]!;
      if (this.#slots.mayLeave(expert)) return expert;
    }
    return NOBODY;
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId): void {
    this.#bag.add(expert);
  }

  remove(expert: ExpertId): void {
    this.#bag.remove(expert);
  }
}

/** Experts without order, each found and taken out in O(1): the last one fills the gap. */
class Bag implements RulePart {
  readonly experts: ExpertId[] = [];
  readonly #place: Int32Array;

  constructor(expertCount: number) {
    this.#place = new Int32Array(expertCount);
  }

  add(expert: ExpertId): void {
    this.#place[expert] = this.experts.length;
    this.experts.push(expert);
  }

  remove(expert: ExpertId): void {
    const last = this.experts.pop()!;
    if (last === expert) return;
    const place = this.#place[expert]!;
    this.experts[place] = last;
    this.#place[last] = place;
  }

  save(): number[] {
    return [...this.experts];
  }

  load(saved: readonly number[]): void {
    this.clear();
    for (const expert of saved) this.add(expert);
  }

  clear(): void {
    this.experts.length = 0;
  }
}
