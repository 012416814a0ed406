/**
 * SIEVE: one queue in order of arrival and a hand that moves from old to new. A use marks an expert;
 * the hand takes marks away and evicts the first unmarked expert it meets. Unlike Clock's, experts it
 * passes keep their place, so newcomers are judged soon and survivors stay together at the old end.
 *
 * Source: Y. Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024.
 */
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { NumberCell, NumberTable } from "../ruleNumbers.ts";

const ARRIVAL = 0;

export class Sieve implements ReplacementRule {
  readonly #slots: Slots;
  readonly #queues: ExpertQueues;
  readonly #isMarked: NumberTable;
  /** Where the hand goes on; NOBODY means at the oldest. */
  readonly #hand = new NumberCell(NOBODY);
  readonly parts: Readonly<Record<"arrival" | "isMarked" | "hand", RulePart>>;

  constructor(slots: Slots) {
    this.#slots = slots;
    this.#queues = new ExpertQueues(expertCount(slots), 1);
    this.#isMarked = new NumberTable(expertCount(slots));
    this.parts = { arrival: this.#queues, isMarked: this.#isMarked, hand: this.#hand };
  }

  hit(expert: ExpertId): void {
    this.#isMarked.values[expert] = 1;
  }

  /** Leased experts are passed without losing their mark. */
  victim(): ExpertId {
    if (this.#queues.oldestWhere(ARRIVAL, this.#slots.mayLeave) === NOBODY) return NOBODY;
    let expert = this.#hand.value;
    for (;;) {
      if (expert === NOBODY) expert = this.#queues.oldest(ARRIVAL);
      if (this.#slots.mayLeave(expert)) {
        if (this.#isMarked.values[expert] === 0) break;
        this.#isMarked.values[expert] = 0;
      }
      expert = this.#queues.newerThan(expert);
    }
    this.#hand.value = expert;
    return expert;
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId): void {
    this.#queues.add(ARRIVAL, expert);
  }

  remove(expert: ExpertId): void {
    if (this.#hand.value === expert) this.#hand.value = this.#queues.newerThan(expert);
    this.#queues.remove(expert);
    this.#isMarked.values[expert] = 0;
  }
}
