/**
 * Segmented LRU: an expert enters on probation; its next use there promotes it to the protected
 * segment, whose oldest member then steps back to the newest end of probation. Victims come from
 * probation, so a burst of one-off experts cannot flush the popular.
 *
 * `fill` is a choice that papers leave open and that decides everything for a layer cycle:
 * - "strict": probation never exceeds its share, even while slots are free. Only a use within
 *   probation fills the rest, so a token cycle longer than *probation* gives no hit at all.
 * - "pooled": nobody is evicted before all slots are taken.
 *
 * Source: R. Karedla, J. S. Love and B. G. Wherry, "Caching strategies to improve disk system
 * performance", IEEE Computer 27(3), 1994, doi:10.1109/2.268884.
 */
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import { NOBODY, type ReplacementRule, type Slots } from "../replacementRule.ts";

const PROBATION = 0;
const PROTECTED = 1;

export interface SlruOptions {
  /** Share of the slots for the protected segment; probation keeps at least one. @default 0.8 */
  readonly protected?: number;
  /** @default "strict" */
  readonly fill?: "strict" | "pooled";
}

export class Slru implements ReplacementRule {
  readonly #slots: Slots;
  readonly #protectedShare: number;
  readonly #isStrict: boolean;
  readonly #queues: ExpertQueues;
  readonly parts: Readonly<Record<"segments", ExpertQueues>>;

  constructor(slots: Slots, options: SlruOptions = {}) {
    this.#slots = slots;
    this.#protectedShare = options.protected ?? 0.8;
    this.#isStrict = (options.fill ?? "strict") === "strict";
    this.#queues = new ExpertQueues(expertCount(slots), 2);
    this.parts = { segments: this.#queues };
  }

  hit(expert: ExpertId): void {
    this.#queues.move(PROTECTED, expert);
    const room = this.#slots.capacity - this.#probationShare();
    while (this.#queues.size(PROTECTED) > room) {
      this.#queues.move(PROBATION, this.#queues.oldest(PROTECTED));
    }
  }

  isFull(): boolean {
    return this.#isStrict && this.#queues.size(PROBATION) >= this.#probationShare();
  }

  victim(): ExpertId {
    const { mayLeave } = this.#slots;
    const onProbation = this.#queues.oldestWhere(PROBATION, mayLeave);
    if (onProbation !== NOBODY || this.isFull()) return onProbation;
    return this.#queues.oldestWhere(PROTECTED, mayLeave);
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId): void {
    this.#queues.add(PROBATION, expert);
  }

  remove(expert: ExpertId): void {
    this.#queues.remove(expert);
  }

  /** Rounded down, and the protected segment gets the rest. */
  #probationShare(): number {
    const { capacity } = this.#slots;
    // 1 - 0.8 is a little less than 0.2; without the rounding 5 slots would lose one of probation.
    const share = Math.floor(Math.fround(capacity * (1 - this.#protectedShare)));
    return Math.max(1, share);
  }
}
