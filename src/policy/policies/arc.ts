/**
 * ARC: two LRU lists, of experts used once (T1) and more often (T2) since they came, each followed by
 * ghosts of its recent victims (B1, B2). Asking for a ghost says which list is too short, and moves
 * the target share of T1 that way: recency against frequency, learned.
 *
 * Source: N. Megiddo and D. S. Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST 2003,
 * figure 4. Its case IV trims ghosts before the insertion; trimming after it leaves the same lists.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { NumberCell } from "../ruleNumbers.ts";

const T1 = 0;
const T2 = 1;
const B1 = 2;
const B2 = 3;

export class Arc implements ReplacementRule {
  readonly #slots: Slots;
  readonly #lists: ExpertQueues;
  /** The paper's p: slots that T1 should have. */
  readonly #target = new NumberCell();
  readonly parts: Readonly<Record<"lists" | "target", RulePart>>;

  constructor(slots: Slots) {
    this.#slots = slots;
    this.#lists = new ExpertQueues(expertCount(slots), 4);
    this.parts = { lists: this.#lists, target: this.#target };
  }

  hit(expert: ExpertId): void {
    this.#lists.move(T2, expert);
  }

  /** Cases II and III: a ghost teaches. */
  miss(expert: ExpertId): void {
    const list = this.#lists.queueOf(expert);
    const b1 = this.#lists.size(B1);
    const b2 = this.#lists.size(B2);
    if (list === B1) {
      this.#target.value += Math.max(1, b2 / b1);
      this.#target.value = Math.min(this.#target.value, this.#slots.capacity);
    } else if (list === B2) {
      this.#target.value = Math.max(0, this.#target.value - Math.max(1, b1 / b2));
    }
  }

  /** REPLACE: from T1 while it is longer than its target, else from T2. */
  victim(incoming: ExpertId): ExpertId {
    const t1 = this.#lists.size(T1);
    const target = this.#target.value;
    const fromT1 = t1 > target || (t1 === target && this.#lists.queueOf(incoming) === B2);
    const first = this.#lists.oldestWhere(fromT1 ? T1 : T2, this.#slots.mayLeave);
    if (first !== NOBODY) return first;
    return this.#lists.oldestWhere(fromT1 ? T2 : T1, this.#slots.mayLeave);
  }

  evict(expert: ExpertId): void {
    this.#lists.move(this.#lists.queueOf(expert) === T1 ? B1 : B2, expert);
  }

  /** A ghost goes to T2, unless it was fetched on suspicion: that is no second use. */
  insert(expert: ExpertId, cause: AdmissionCause): void {
    const isGhost = this.#lists.has(expert);
    if (isGhost) this.#lists.remove(expert);
    this.#lists.add(isGhost && cause === "use" ? T2 : T1, expert);
    this.#trimGhosts();
  }

  remove(expert: ExpertId): void {
    this.#lists.remove(expert);
  }

  /** T1 and B1 together remember no more than the slots, all four lists twice as many. */
  #trimGhosts(): void {
    const lists = this.#lists;
    const { capacity } = this.#slots;
    while (lists.size(B1) > 0 && lists.size(T1) + lists.size(B1) > capacity) {
      lists.remove(lists.oldest(B1));
    }
    const total = () => lists.size(T1) + lists.size(T2) + lists.size(B1) + lists.size(B2);
    while (lists.size(B2) > 0 && total() > 2 * capacity) lists.remove(lists.oldest(B2));
  }
}
