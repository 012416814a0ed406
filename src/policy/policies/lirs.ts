/**
 * LIRS: ranks experts by the distance between their last two uses instead of the age of the last one,
 * which sees through a cycle longer than the cache. Most slots hold experts of low inter-reference
 * recency (LIR); a few hold newcomers and demoted ones (HIR), and victims come from these. A stack by
 * recency, which also remembers HIR experts that left, tells when one was used again soon enough to
 * trade places with the LIR expert at the stack's bottom.
 *
 * Source: S. Jiang and X. Zhang, "LIRS: An Efficient Low Inter-reference Recency Set Replacement
 * Policy", SIGMETRICS 2002, doi:10.1145/511334.511340. The bound on remembered experts is usual.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { NumberCell } from "../ruleNumbers.ts";

/** The paper's stack S; its bottom is the oldest end, and always a LIR expert. */
const STACK = 0;
/** The paper's list Q, of resident HIR experts. */
const HIR = 0;
/** Experts that left but are still in the stack. */
const GONE = 1;

export interface LirsOptions {
  /** Share of the slots for HIR experts, at least one slot. @default 0.01 */
  readonly hir?: number;
  /** Departed experts remembered, as a multiple of the slots. @default 2 */
  readonly ghost?: number;
}

export class Lirs implements ReplacementRule {
  readonly #slots: Slots;
  readonly #options: Required<LirsOptions>;
  readonly #stack: ExpertQueues;
  /** An expert in the stack and in neither of these lists is LIR. */
  readonly #lists: ExpertQueues;
  readonly #lirCount = new NumberCell();
  readonly parts: Readonly<Record<"stack" | "lists" | "lirCount", RulePart>>;

  constructor(slots: Slots, { hir = 0.01, ghost = 2 }: LirsOptions = {}) {
    this.#slots = slots;
    this.#options = { hir, ghost };
    this.#stack = new ExpertQueues(expertCount(slots), 1);
    this.#lists = new ExpertQueues(expertCount(slots), 2);
    this.parts = { stack: this.#stack, lists: this.#lists, lirCount: this.#lirCount };
  }

  hit(expert: ExpertId): void {
    if (this.#isLir(expert)) {
      this.#stack.move(STACK, expert);
      this.#prune();
    } else {
      this.#lists.remove(expert);
      this.#arrive(expert, this.#stack.has(expert));
    }
  }

  victim(): ExpertId {
    const { mayLeave } = this.#slots;
    const hir = this.#lists.oldestWhere(HIR, mayLeave);
    if (hir !== NOBODY) return hir;
    return this.#stack.oldestWhere(STACK, (expert) => this.#isLir(expert) && mayLeave(expert));
  }

  evict(expert: ExpertId): void {
    const isRemembered = !this.#isLir(expert) && this.#stack.has(expert);
    if (isRemembered) this.#lists.move(GONE, expert);
    else this.remove(expert);
  }

  /** One that the stack remembers becomes LIR, unless it was fetched on suspicion: that is no use. */
  insert(expert: ExpertId, cause: AdmissionCause): void {
    const isRemembered = this.#lists.has(expert);
    if (isRemembered) this.#lists.remove(expert);
    this.#arrive(expert, isRemembered && cause === "use");
    const most = Math.floor(this.#options.ghost * this.#slots.capacity);
    while (this.#lists.size(GONE) > most) this.remove(this.#lists.oldest(GONE));
  }

  remove(expert: ExpertId): void {
    if (this.#isLir(expert)) this.#lirCount.value--;
    else this.#lists.remove(expert);
    if (this.#stack.has(expert)) this.#stack.remove(expert);
    this.#prune();
  }

  /** A use, or an arrival, of an expert that is in no list: it becomes LIR or joins HIR. */
  #arrive(expert: ExpertId, wasRecent: boolean): void {
    if (this.#stack.has(expert)) this.#stack.remove(expert);
    this.#stack.add(STACK, expert);
    if (wasRecent || this.#lirCount.value < this.#lirSlots()) this.#lirCount.value++;
    else this.#lists.add(HIR, expert);
    this.#prune();
    while (this.#lirCount.value > this.#lirSlots()) {
      this.#lirCount.value--;
      this.#lists.add(HIR, this.#stack.oldest(STACK));
      this.#prune();
    }
  }

  /** Takes experts that are not LIR from the stack's bottom; those that had left are forgotten. */
  #prune(): void {
    for (;;) {
      const bottom = this.#stack.oldest(STACK);
      if (bottom === NOBODY || this.#isLir(bottom)) return;
      this.#stack.remove(bottom);
      if (this.#lists.queueOf(bottom) === GONE) this.#lists.remove(bottom);
    }
  }

  #isLir(expert: ExpertId): boolean {
    return this.#stack.has(expert) && !this.#lists.has(expert);
  }

  #lirSlots(): number {
    const { capacity } = this.#slots;
    return capacity - Math.max(1, Math.floor(this.#options.hir * capacity));
  }
}
