/**
 * W-TinyLFU: newcomers enter a small LRU window. Who falls out of it meets the next victim of the
 * main area (a segmented LRU, 80 % protected): the more frequently used of the two stays, and of
 * equals the old one. Uses are counted up to 15 and all counts halved after every 10 uses per slot.
 *
 * A window full of the batch in flight has nobody to send into that contest, so the newcomer itself
 * takes part; if it loses it is turned away. Else every larger batch would flush the main area.
 *
 * The published policy counts in a count-min sketch, because keys are strings without number. Expert
 * ids are dense: a byte for each is smaller than a sketch and exact.
 *
 * Source: G. Einziger, R. Friedman and B. Manes, "TinyLFU: A Highly Efficient Cache Admission
 * Policy", ACM Transactions on Storage 13(4), 2017, arXiv:1512.00727.
 */
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { NumberCell, NumberTable } from "../ruleNumbers.ts";

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;
const MOST_USES = 15;
const USES_PER_SLOT = 10;

export interface WTinyLfuOptions {
  /** Share of the slots for the window, at least one slot. @default 0.01 */
  readonly window?: number;
  /** Share of the main area that is protected. @default 0.8 */
  readonly protected?: number;
}

export class WTinyLfu implements ReplacementRule {
  readonly #slots: Slots;
  readonly #windowShare: number;
  readonly #protectedShare: number;
  readonly #queues: ExpertQueues;
  readonly #uses: NumberTable;
  readonly #usesSinceHalving = new NumberCell();
  readonly parts: Readonly<Record<"queues" | "uses" | "usesSinceHalving", RulePart>>;

  constructor(slots: Slots, options: WTinyLfuOptions = {}) {
    this.#slots = slots;
    this.#windowShare = options.window ?? 0.01;
    this.#protectedShare = options.protected ?? 0.8;
    this.#queues = new ExpertQueues(expertCount(slots), 3);
    this.#uses = new NumberTable(expertCount(slots));
    this.parts = {
      queues: this.#queues,
      uses: this.#uses,
      usesSinceHalving: this.#usesSinceHalving,
    };
  }

  hit(expert: ExpertId): void {
    this.#count(expert);
    if (this.#queues.queueOf(expert) === WINDOW) {
      this.#queues.move(WINDOW, expert);
      return;
    }
    this.#queues.move(PROTECTED, expert);
    const room = Math.floor(this.#protectedShare * (this.#slots.capacity - this.#windowSlots()));
    while (this.#queues.size(PROTECTED) > room) {
      this.#queues.move(PROBATION, this.#queues.oldest(PROTECTED));
    }
  }

  miss(expert: ExpertId): void {
    this.#count(expert);
  }

  victim(incoming: ExpertId): ExpertId {
    const { mayLeave } = this.#slots;
    const rival = this.#mainVictim();
    if (rival === NOBODY) return this.#queues.oldestWhere(WINDOW, mayLeave);
    if (this.#queues.size(WINDOW) < this.#windowSlots()) return rival;
    const candidate = this.#queues.oldest(WINDOW);
    const challenger = mayLeave(candidate) ? candidate : incoming;
    if (this.#uses.values[challenger]! > this.#uses.values[rival]!) return rival;
    return challenger === incoming ? NOBODY : candidate;
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId): void {
    this.#queues.add(WINDOW, expert);
    while (this.#queues.size(WINDOW) > this.#windowSlots()) {
      this.#queues.move(PROBATION, this.#queues.oldest(WINDOW));
    }
  }

  remove(expert: ExpertId): void {
    this.#queues.remove(expert);
  }

  #mainVictim(): ExpertId {
    const { mayLeave } = this.#slots;
    const onProbation = this.#queues.oldestWhere(PROBATION, mayLeave);
    return onProbation === NOBODY ? this.#queues.oldestWhere(PROTECTED, mayLeave) : onProbation;
  }

  #count(expert: ExpertId): void {
    const uses = this.#uses.values;
    uses[expert] = Math.min(MOST_USES, uses[expert]! + 1);
    if (++this.#usesSinceHalving.value < USES_PER_SLOT * this.#slots.capacity) return;
    for (let id = 0; id < uses.length; id++) uses[id] = Math.floor(uses[id]! / 2);
    this.#usesSinceHalving.value = Math.floor(this.#usesSinceHalving.value / 2);
  }

  #windowSlots(): number {
    return Math.max(1, Math.floor(this.#windowShare * this.#slots.capacity));
  }
}
