/**
 * S3-FIFO: three first-in-first-out queues. Newcomers wait in a small one; those used there move to
 * the main queue when they reach its end, the others leave but are remembered as ghosts. A ghost that
 * is asked for again enters the main queue, where every use (up to three) buys one more round.
 *
 * A promotion that overfills the main queue evicts there, as in the paper's listing.
 *
 * A few choices the paper's text leaves open, for slots of equal size: an insertion evicts exactly
 * one; `promotion` uses in the small queue are enough (the paper's listing says 2, its text 1).
 *
 * Source: J. Yang et al., "FIFO Queues are All You Need for Cache Eviction", SOSP 2023,
 * doi:10.1145/3600006.3613147.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { NumberTable } from "../ruleNumbers.ts";

const SMALL = 0;
const MAIN = 1;
const GHOST = 2;
const MOST_USES = 3;

export interface S3FifoOptions {
  /** Share of the slots for the small queue, at least one slot. @default 0.1 */
  readonly small?: number;
  /** Ghosts remembered, as a share of the main queue's slots. @default 1 */
  readonly ghost?: number;
  /** Uses in the small queue that earn a place in the main one. @default 1 */
  readonly promotion?: number;
}

export class S3Fifo implements ReplacementRule {
  readonly #slots: Slots;
  readonly #options: Required<S3FifoOptions>;
  readonly #queues: ExpertQueues;
  readonly #uses: NumberTable;
  readonly parts: Readonly<Record<"queues" | "uses", RulePart>>;

  constructor(slots: Slots, { small = 0.1, ghost = 1, promotion = 1 }: S3FifoOptions = {}) {
    this.#slots = slots;
    this.#options = { small, ghost, promotion };
    this.#queues = new ExpertQueues(expertCount(slots), 3);
    this.#uses = new NumberTable(expertCount(slots));
    this.parts = { queues: this.#queues, uses: this.#uses };
  }

  hit(expert: ExpertId): void {
    this.#uses.values[expert] = Math.min(MOST_USES, this.#uses.values[expert]! + 1);
  }

  victim(): ExpertId {
    const smallIsFull = this.#queues.size(SMALL) >= this.#smallSlots();
    const first = smallIsFull ? this.#victimOfSmall() : this.#victimOfMain();
    if (first !== NOBODY) return first;
    // Nobody of that queue may leave, or all of it was promoted.
    return smallIsFull ? this.#victimOfMain() : this.#victimOfSmall();
  }

  evict(expert: ExpertId): void {
    const wasOnTrial = this.#queues.queueOf(expert) === SMALL;
    this.remove(expert);
    if (!wasOnTrial) return;
    this.#queues.add(GHOST, expert);
    const ghosts = Math.floor(this.#options.ghost * this.#mainSlots());
    while (this.#queues.size(GHOST) > ghosts) this.#queues.remove(this.#queues.oldest(GHOST));
  }

  /** A ghost goes to the main queue, unless it was fetched on suspicion: that is no second use. */
  insert(expert: ExpertId, cause: AdmissionCause): void {
    const isGhost = this.#queues.has(expert);
    if (isGhost) this.#queues.remove(expert);
    this.#queues.add(isGhost && cause === "use" ? MAIN : SMALL, expert);
  }

  remove(expert: ExpertId): void {
    this.#queues.remove(expert);
    this.#uses.values[expert] = 0;
  }

  /** Oldest first: promotes the used, names the first that was not. */
  #victimOfSmall(): ExpertId {
    for (;;) {
      const expert = this.#queues.oldestWhere(SMALL, this.#slots.mayLeave);
      if (expert === NOBODY || this.#uses.values[expert]! < this.#options.promotion) return expert;
      this.#uses.values[expert] = 0;
      this.#queues.move(MAIN, expert);
      // A full main queue pays for the newcomer itself.
      if (this.#queues.size(MAIN) > this.#mainSlots()) return this.#victimOfMain();
    }
  }

  /** Oldest first: a use buys another round, names the first without. */
  #victimOfMain(): ExpertId {
    for (;;) {
      const expert = this.#queues.oldestWhere(MAIN, this.#slots.mayLeave);
      if (expert === NOBODY || this.#uses.values[expert] === 0) return expert;
      this.#uses.values[expert]!--;
      this.#queues.move(MAIN, expert);
    }
  }

  #mainSlots(): number {
    return this.#slots.capacity - this.#smallSlots();
  }

  #smallSlots(): number {
    return Math.max(1, Math.floor(this.#options.small * this.#slots.capacity));
  }
}
