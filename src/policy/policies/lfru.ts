/**
 * LFRU, frequency-weighted recency: the victim has the smallest uses / (age + 1), where uses count
 * from its admission and age is the number of batches since the last one; of equals, the one with
 * fewer uses, then the one used longest ago. Between LRU (uses all 1) and LFU (ages all equal).
 *
 * Scores change with time, at different speeds, so no heap can hold them. But of the experts with the
 * same number of uses the one used longest ago scores lowest: one queue per number of uses, whose
 * oldest members compete. The search ends at the number at which even the oldest expert of all would
 * score too high.
 *
 * Source: the expert cache of vLLM RFC 38256 and pull request 37190 (2026).
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertQueues } from "../expertQueues.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { NumberCell, NumberTable } from "../ruleNumbers.ts";

/** Where counting stops: an expert this hot has long been out of danger. */
const MOST_USES = 4095;
const RECENCY = 0;

export class Lfru implements ReplacementRule {
  readonly #slots: Slots;
  /** By number of uses. */
  readonly #byUses: ExpertQueues;
  readonly #recency: ExpertQueues;
  readonly #uses: NumberTable;
  readonly #usedAt: NumberTable;
  readonly #now = new NumberCell();
  readonly parts: Readonly<Record<"byUses" | "recency" | "uses" | "usedAt" | "now", RulePart>>;

  constructor(slots: Slots) {
    this.#slots = slots;
    this.#byUses = new ExpertQueues(expertCount(slots), MOST_USES + 1);
    this.#recency = new ExpertQueues(expertCount(slots), 1);
    this.#uses = new NumberTable(expertCount(slots));
    this.#usedAt = new NumberTable(expertCount(slots));
    this.parts = {
      byUses: this.#byUses,
      recency: this.#recency,
      uses: this.#uses,
      usedAt: this.#usedAt,
      now: this.#now,
    };
  }

  begin(): void {
    this.#now.value++;
  }

  hit(expert: ExpertId): void {
    const uses = this.#uses.values[expert]! + 1;
    this.remove(expert);
    this.#add(expert, Math.min(MOST_USES, uses));
  }

  victim(): ExpertId {
    const { mayLeave } = this.#slots;
    const oldest = this.#recency.oldestWhere(RECENCY, mayLeave);
    if (oldest === NOBODY) return NOBODY;
    const greatestAge = this.#agePlusOne(oldest);
    let victim = oldest;
    let lowest = Math.max(1, this.#uses.values[oldest]!) / greatestAge;
    for (let uses = 1; uses <= MOST_USES && uses / greatestAge <= lowest; uses++) {
      const expert = this.#byUses.oldestWhere(uses, mayLeave);
      if (expert === NOBODY) continue;
      const score = uses / this.#agePlusOne(expert);
      if (score > lowest || (score === lowest && uses >= this.#uses.values[victim]!)) continue;
      victim = expert;
      lowest = score;
    }
    return victim;
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId, cause: AdmissionCause): void {
    this.#add(expert, cause === "use" ? 1 : 0);
  }

  remove(expert: ExpertId): void {
    this.#byUses.remove(expert);
    this.#recency.remove(expert);
  }

  /** A prefetched expert stands among those used once, or it would leave before its use. */
  #add(expert: ExpertId, uses: number): void {
    this.#uses.values[expert] = uses;
    this.#usedAt.values[expert] = this.#now.value;
    this.#byUses.add(Math.max(1, uses), expert);
    this.#recency.add(RECENCY, expert);
  }

  #agePlusOne(expert: ExpertId): number {
    return this.#now.value - this.#usedAt.values[expert]! + 1;
  }
}
