/**
 * GDSF, Greedy-Dual-Size-Frequency: each expert has a value, uses * cost / size + age, and the victim
 * has the smallest. Age is the value of the last victim, so that experts once hot fade as newcomers
 * start from an ever higher level. The only policy here that looks at bytes: files that mix formats
 * have layers whose experts take much longer to fetch than others'.
 *
 * In the usual web cache size is what an object takes away from others; here all slots are equal, so
 * by default an expert costs its bytes and takes one slot. `cost=1,size=bytes` is the paper's GDSF(1).
 *
 * Source: L. Cherkasova, "Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency Caching
 * Policy", HP Laboratories HPL-98-69R1, 1998.
 */
import type { AdmissionCause } from "../evictionPolicy.ts";
import { type ExpertId, expertCount, layerOf } from "../expertId.ts";
import { ExpertRanking } from "../expertRanking.ts";
import type { ReplacementRule, RulePart, Slots } from "../replacementRule.ts";
import { NumberCell, NumberTable } from "../ruleNumbers.ts";

export interface GdsfOptions {
  /** What fetching an expert again costs. @default "bytes" */
  readonly cost?: "bytes" | "1";
  /** What it takes up. @default "slot" */
  readonly size?: "slot" | "bytes";
  /** Bytes of one expert, by layer. @default all 1 */
  readonly expertBytes?: readonly number[];
}

export class Gdsf implements ReplacementRule {
  readonly #slots: Slots;
  /** cost / size, by layer. */
  readonly #worth: readonly number[];
  readonly #ranking: ExpertRanking;
  readonly #uses: NumberTable;
  readonly #age = new NumberCell();
  readonly parts: Readonly<Record<"ranking" | "uses" | "age", RulePart>>;

  constructor(slots: Slots, { cost = "bytes", size = "slot", expertBytes }: GdsfOptions = {}) {
    const bytes = expertBytes ?? new Array<number>(slots.layerCount).fill(1);
    this.#slots = slots;
    this.#worth = bytes.map((b) => (cost === "bytes" ? b : 1) / (size === "bytes" ? b : 1));
    this.#ranking = new ExpertRanking(expertCount(slots));
    this.#uses = new NumberTable(expertCount(slots));
    this.parts = { ranking: this.#ranking, uses: this.#uses, age: this.#age };
  }

  hit(expert: ExpertId): void {
    this.#uses.values[expert]!++;
    this.#rank(expert);
  }

  victim(): ExpertId {
    return this.#ranking.lowestWhere(this.#slots.mayLeave);
  }

  evict(expert: ExpertId): void {
    this.#age.value = Math.max(this.#age.value, this.#ranking.rankOf(expert));
    this.remove(expert);
  }

  insert(expert: ExpertId, cause: AdmissionCause): void {
    this.#uses.values[expert] = cause === "use" ? 1 : 0;
    this.#rank(expert);
  }

  remove(expert: ExpertId): void {
    this.#ranking.remove(expert);
  }

  /** A prefetched expert is worth the one use that it waits for. */
  #rank(expert: ExpertId): void {
    const uses = Math.max(1, this.#uses.values[expert]!);
    const worth = this.#worth[layerOf(this.#slots, expert)]!;
    this.#ranking.set(expert, this.#age.value + uses * worth);
  }
}
