/**
 * Belady's MIN for batches: the victim is the expert whose next use is furthest in the future. It
 * needs the accesses to come, so it bounds what a policy can reach and cannot be one in an engine.
 *
 * - `belady` places every miss, as a cache must whose experts can only be computed in a slot: no
 *   policy that places every miss has more hits.
 * - `belady-bypass` turns a miss away when all that could leave are needed sooner: no policy at all
 *   has more hits. It places the misses of a batch in the order of their next use, since one it has
 *   placed is leased and could not make room for a better one.
 *
 * The time of a use is the number of its access. Each expert counts through its own uses, so a batch
 * may be asked for in parts.
 *
 * Source: L. A. Belady, IBM Systems Journal 5(2), 1966, doi:10.1147/sj.52.0078; R. L. Mattson et al.,
 * IBM Systems Journal 9(2), 1970, doi:10.1147/sj.92.0078 (OPT).
 */
import { PolicyMisuseError } from "../../support/errors.ts";
import type { Access } from "../evictionPolicy.ts";
import { type ExpertId, expertCount } from "../expertId.ts";
import { ExpertRanking } from "../expertRanking.ts";
import { NOBODY, type ReplacementRule, type RulePart, type Slots } from "../replacementRule.ts";
import { NumberTable } from "../ruleNumbers.ts";

export interface BeladyOptions {
  readonly future: readonly Access[];
  /** Whether a miss may be turned away. @default false */
  readonly mayBypass?: boolean;
}

export class Belady implements ReplacementRule {
  readonly #slots: Slots;
  readonly #mayBypass: boolean;
  /** By expert: the numbers of the accesses that use it, ascending. */
  readonly #usesOf: readonly number[][];
  /** By expert: how many of them are past. */
  readonly #pastUses: NumberTable;
  readonly #never: number;
  /** By next use, the latest lowest. */
  readonly #ranking: ExpertRanking;
  readonly parts: Readonly<Record<"pastUses" | "ranking", RulePart>>;

  constructor(slots: Slots, { future, mayBypass = false }: BeladyOptions) {
    this.#slots = slots;
    this.#mayBypass = mayBypass;
    this.#usesOf = Array.from({ length: expertCount(slots) }, () => []);
    for (const [time, { experts }] of future.entries()) {
      for (const expert of experts) this.#usesOf[expert]?.push(time);
    }
    this.#never = future.length;
    this.#pastUses = new NumberTable(expertCount(slots));
    this.#ranking = new ExpertRanking(expertCount(slots));
    this.parts = { pastUses: this.#pastUses, ranking: this.#ranking };
  }

  /** Throws PolicyMisuseError when the future did not tell of this use. */
  miss(expert: ExpertId): void {
    if (this.#pastUses.values[expert]! >= this.#usesOf[expert]!.length) {
      throw new PolicyMisuseError(
        `the use of expert ${expert} was not foretold: replay the accesses given as the future`,
      );
    }
    this.#pastUses.values[expert]!++;
  }

  hit(expert: ExpertId): void {
    this.miss(expert);
    this.insert(expert);
  }

  orderMisses(misses: ExpertId[]): void {
    misses.sort((a, b) => this.#useAfter(a, 1) - this.#useAfter(b, 1));
  }

  victim(incoming: ExpertId): ExpertId {
    const latest = this.#ranking.lowestWhere(this.#slots.mayLeave);
    if (!this.#mayBypass || latest === NOBODY) return latest;
    return this.#useAfter(latest, 0) > this.#useAfter(incoming, 0) ? latest : NOBODY;
  }

  evict(expert: ExpertId): void {
    this.remove(expert);
  }

  insert(expert: ExpertId): void {
    this.#ranking.set(expert, -this.#useAfter(expert, 0));
  }

  remove(expert: ExpertId): void {
    this.#ranking.remove(expert);
  }

  /** When the expert is used next, or after skipping some uses. */
  #useAfter(expert: ExpertId, skipped: number): number {
    return this.#usesOf[expert]![this.#pastUses.values[expert]! + skipped] ?? this.#never;
  }
}
