/**
 * LFU: the victim is the expert used least often, counting all uses since the start; of equals, the
 * one used longest ago. Counts outlive eviction ("perfect" LFU), so an expert that comes back is
 * judged by its whole past: strong while the topic stays, stuck when it changes.
 *
 * Source: the perfect LFU of L. Breslau et al., "Web Caching and Zipf-like Distributions", INFOCOM
 * 1999, doi:10.1109/INFCOM.1999.749260.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertRanking } from "../expertRanking.ts";
import type { ReplacementRule, RulePart, Slots } from "../replacementRule.ts";
import { NumberTable } from "../ruleNumbers.ts";

export class Lfu implements ReplacementRule {
  readonly #slots: Slots;
  readonly #uses: NumberTable;
  readonly #ranking: ExpertRanking;
  readonly parts: Readonly<Record<"uses" | "ranking", RulePart>>;

  constructor(slots: Slots) {
    this.#slots = slots;
    this.#uses = new NumberTable(expertCount(slots));
    this.#ranking = new ExpertRanking(expertCount(slots));
    this.parts = { uses: this.#uses, ranking: this.#ranking };
  }

  hit(expert: ExpertId): void {
    this.#ranking.set(expert, ++this.#uses.values[expert]!);
  }

  miss(expert: ExpertId): void {
    this.#uses.values[expert]!++;
  }

  victim(): ExpertId {
    return this.#ranking.lowestWhere(this.#slots.mayLeave);
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  /** A prefetched expert is ranked as if the use it waits for had come, or it would leave first. */
  insert(expert: ExpertId, cause: AdmissionCause): void {
    const awaited = cause === "prefetch" ? 1 : 0;
    this.#ranking.set(expert, this.#uses.values[expert]! + awaited);
  }

  remove(expert: ExpertId): void {
    this.#ranking.remove(expert);
  }
}
