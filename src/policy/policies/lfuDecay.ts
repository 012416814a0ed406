/**
 * LFU with decay: a use counts 1 when it happens and half after every `halfLife` tokens. The victim
 * has the smallest decayed count; of equals, the one ranked longest ago. It follows a change of topic
 * within a few half-lives, which lifetime counts never do.
 *
 * All counts shrink by the same factor, so their order changes only by uses. It is enough to compare
 * log2(count at its last use) + last use / halfLife, which stands still (forward decay).
 *
 * Source: G. Cormode et al., "Forward Decay", ICDE 2009, doi:10.1109/ICDE.2009.65; as a cache policy:
 * D. Lee et al., "LRFU", IEEE Transactions on Computers 50(12), 2001, doi:10.1109/TC.2001.970573.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertRanking } from "../expertRanking.ts";
import type { Batch, ReplacementRule, RulePart, Slots } from "../replacementRule.ts";
import { NumberCell, NumberTable } from "../ruleNumbers.ts";

export interface LfuDecayOptions {
  /** Tokens after which a use counts half. @default 64 */
  readonly halfLife?: number;
}

export class LfuDecay implements ReplacementRule {
  readonly #slots: Slots;
  readonly #halfLife: number;
  readonly #ranking: ExpertRanking;
  /** Decayed count at `usedAt`. */
  readonly #count: NumberTable;
  readonly #usedAt: NumberTable;
  readonly #step = new NumberCell();
  readonly parts: Readonly<Record<"ranking" | "count" | "usedAt" | "step", RulePart>>;

  constructor(slots: Slots, { halfLife = 64 }: LfuDecayOptions = {}) {
    this.#slots = slots;
    this.#halfLife = halfLife;
    this.#ranking = new ExpertRanking(expertCount(slots));
    this.#count = new NumberTable(expertCount(slots));
    this.#usedAt = new NumberTable(expertCount(slots));
    this.parts = {
      ranking: this.#ranking,
      count: this.#count,
      usedAt: this.#usedAt,
      step: this.#step,
    };
  }

  begin(batch: Batch): void {
    this.#step.value = batch.step;
  }

  hit(expert: ExpertId): void {
    this.miss(expert);
    this.insert(expert, "use");
  }

  miss(expert: ExpertId): void {
    this.#count.values[expert] = this.#countNow(expert) + 1;
    this.#usedAt.values[expert] = this.#step.value;
  }

  victim(): ExpertId {
    return this.#ranking.lowestWhere(this.#slots.mayLeave);
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  /** A prefetched expert is ranked as if the use it waits for came now. */
  insert(expert: ExpertId, cause: AdmissionCause): void {
    const count = this.#countNow(expert) + (cause === "prefetch" ? 1 : 0);
    this.#ranking.set(expert, Math.log2(count) + this.#step.value / this.#halfLife);
  }

  remove(expert: ExpertId): void {
    this.#ranking.remove(expert);
  }

  #countNow(expert: ExpertId): number {
    const age = this.#step.value - this.#usedAt.values[expert]!;
    return this.#count.values[expert]! * 2 ** (-age / this.#halfLife);
  }
}
