/**
 * SharpInference's expert cache, rule by rule: a segmented LRU with a quarter of the slots on
 * probation, whose victim is the member of probation with the fewest uses in the whole run (hits and
 * misses, never decayed); of equals, the one that came to probation first.
 *
 * Kept as it is, because people run it and its results must be comparable:
 * - probation is strict: it evicts although slots are free, and protected fills by hits only;
 * - the newcomer is inserted before the victim is chosen and is exempt, so with one place on
 *   probation (up to 7 slots) there is exactly one candidate and frequency is never asked;
 * - one slot asked for gives two: each segment has at least one ({@link sharpInferenceSlots});
 * - a prefetched expert has no uses yet, so it is the first to go;
 * - pinning moves to protected, and protected outgrows its share when all of it is pinned.
 *
 * Not kept, because it breaks the cache: the original inserts a resident key a second time and loses
 * track of one of the two; here that throws. With pins it can hold more than its slots, and it evicts
 * an expert of the batch in flight when nobody else is on probation; here neither happens.
 *
 * Source: pekkah/SharpInference (MIT), SlruCache.cs and ExpertCache.cs, 2026.
 */
import { PolicyMisuseError } from "../../support/errors.ts";
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import { ExpertRanking } from "../expertRanking.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { NumberTable } from "../ruleNumbers.ts";

const PROTECTED = 0;

export interface SharpInferenceSlruOptions {
  /** Off: the version without frequencies, whose victim is the oldest on probation. @default "on" */
  readonly frequency?: "on" | "off";
}

/** The slots it really uses when asked to use `capacity`. */
export function sharpInferenceSlots(capacity: number): number {
  return Math.max(2, capacity);
}

export class SharpInferenceSlru implements ReplacementRule {
  readonly ranksPinned = true;
  readonly #slots: Slots;
  readonly #probationSlots: number;
  readonly #protectedSlots: number;
  readonly #countsUses: boolean;
  /** By uses; no member's uses change, since a use promotes it. */
  readonly #probation: ExpertRanking;
  readonly #protected: ExpertQueues;
  readonly #uses: NumberTable;
  readonly #isPinned: NumberTable;
  readonly parts: Readonly<Record<"probation" | "protected" | "uses" | "isPinned", RulePart>>;

  constructor(slots: Slots, { frequency = "on" }: SharpInferenceSlruOptions = {}) {
    this.#slots = slots;
    this.#probationSlots = Math.max(1, Math.floor(slots.capacity / 4));
    this.#protectedSlots = Math.max(1, slots.capacity - this.#probationSlots);
    this.#countsUses = frequency === "on";
    this.#probation = new ExpertRanking(expertCount(slots));
    this.#protected = new ExpertQueues(expertCount(slots), 1);
    this.#uses = new NumberTable(expertCount(slots));
    this.#isPinned = new NumberTable(expertCount(slots));
    this.parts = {
      probation: this.#probation,
      protected: this.#protected,
      uses: this.#uses,
      isPinned: this.#isPinned,
    };
  }

  hit(expert: ExpertId): void {
    this.miss(expert);
    if (this.#protected.has(expert)) this.#protected.move(PROTECTED, expert);
    else if (this.#makeProtectedRoom()) this.#promote(expert);
    else this.#toProbation(expert); // all of protected is pinned
  }

  miss(expert: ExpertId): void {
    if (this.#countsUses) this.#uses.values[expert]!++;
  }

  isFull(): boolean {
    return this.#probation.size >= this.#probationSlots;
  }

  victim(): ExpertId {
    return this.#probation.lowestWhere(this.#slots.mayLeave);
  }

  evict(expert: ExpertId): void {
    this.#probation.remove(expert);
  }

  /** Throws PolicyMisuseError for a resident. */
  insert(expert: ExpertId): void {
    if (this.#probation.has(expert) || this.#protected.has(expert)) {
      throw new PolicyMisuseError(
        `expert ${expert} is resident already; SharpInference's cache would make a second entry, ` +
          "later evict one of the two and give its slot away while the other is still in use",
      );
    }
    this.#toProbation(expert);
  }

  remove(expert: ExpertId): void {
    if (this.#probation.has(expert)) this.#probation.remove(expert);
    else this.#protected.remove(expert);
  }

  pin(expert: ExpertId): void {
    if (this.#probation.has(expert)) {
      this.#makeProtectedRoom();
      this.#promote(expert);
    }
    this.#isPinned.values[expert] = 1;
  }

  /** The expert stays where it is. */
  unpin(expert: ExpertId): void {
    this.#isPinned.values[expert] = 0;
  }

  /** Demotes the oldest unpinned member if protected is full; false when there is none. */
  #makeProtectedRoom(): boolean {
    if (this.#protected.size(PROTECTED) < this.#protectedSlots) return true;
    const isUnpinned = (expert: ExpertId) => this.#isPinned.values[expert] === 0;
    const demoted = this.#protected.oldestWhere(PROTECTED, isUnpinned);
    if (demoted === NOBODY) return false;
    this.#protected.remove(demoted);
    this.#toProbation(demoted);
    return true;
  }

  #promote(expert: ExpertId): void {
    this.#probation.remove(expert);
    this.#protected.add(PROTECTED, expert);
  }

  #toProbation(expert: ExpertId): void {
    this.#probation.set(expert, this.#uses.values[expert]!);
  }
}
