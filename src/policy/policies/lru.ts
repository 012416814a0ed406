/**
 * LRU: the victim is the expert whose last use is longest ago.
 *
 * A model visits its layers in a cycle, and a cycle longer than the cache is LRU's worst case: below
 * one token cycle (layers x experts per token slots) every expert is gone just before its next turn.
 *
 * Source: P. J. Denning, "The Working Set Model for Program Behavior", CACM 11(5), 1968; its optimal
 * competitive ratio: D. Sleator and R. Tarjan, CACM 28(2), 1985, doi:10.1145/2786.2793.
 */
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import type { ReplacementRule, Slots } from "../replacementRule.ts";

const RECENCY = 0;

export class Lru implements ReplacementRule {
  readonly #queues: ExpertQueues;
  readonly #slots: Slots;
  readonly parts: Readonly<Record<"recency", ExpertQueues>>;

  constructor(slots: Slots) {
    this.#slots = slots;
    this.#queues = new ExpertQueues(expertCount(slots), 1);
    this.parts = { recency: this.#queues };
  }

  hit(expert: ExpertId): void {
    this.#queues.move(RECENCY, expert);
  }

  victim(): ExpertId {
    return this.#queues.oldestWhere(RECENCY, this.#slots.mayLeave);
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId): void {
    this.#queues.add(RECENCY, expert);
  }

  remove(expert: ExpertId): void {
    this.#queues.remove(expert);
  }
}
