/**
 * Clock, also second chance: FIFO, except that an expert used since the hand last passed it is not
 * evicted but its mark taken away. Almost LRU, yet a hit writes one bit and moves nothing.
 *
 * The hand is the oldest end of a queue: passing an expert moves it to the newest end.
 *
 * Source: F. J. Corbato, "A Paging Experiment with the Multics System", MIT Project MAC report
 * MAC-M-384, 1968.
 */
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import type { ReplacementRule, Slots } from "../replacementRule.ts";
import { NumberTable } from "../ruleNumbers.ts";

const RING = 0;

export class Clock implements ReplacementRule {
  readonly #slots: Slots;
  readonly #queues: ExpertQueues;
  readonly #usedSince: NumberTable;
  readonly parts: Readonly<Record<"ring" | "usedSince", ExpertQueues | NumberTable>>;

  constructor(slots: Slots) {
    this.#slots = slots;
    this.#queues = new ExpertQueues(expertCount(slots), 1);
    this.#usedSince = new NumberTable(expertCount(slots));
    this.parts = { ring: this.#queues, usedSince: this.#usedSince };
  }

  hit(expert: ExpertId): void {
    this.#usedSince.values[expert] = 1;
  }

  /** Leased experts are stepped over: they keep their place and their mark. */
  victim(): ExpertId {
    const { mayLeave } = this.#slots;
    let expert = this.#queues.oldestWhere(RING, mayLeave);
    while (this.#usedSince.values[expert] === 1) {
      this.#usedSince.values[expert] = 0;
      this.#queues.move(RING, expert);
      expert = this.#queues.oldestWhere(RING, mayLeave);
    }
    return expert;
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId): void {
    this.#queues.add(RING, expert);
  }

  remove(expert: ExpertId): void {
    this.#queues.remove(expert);
    this.#usedSince.values[expert] = 0;
  }
}
