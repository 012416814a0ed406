/**
 * Models of the policies: plain lists and full scans, as one would explain them on paper. This file
 * is the common part, told a second time without the fast structures: who is a hit, who may leave.
 */
import type {
  Access,
  AccessOutcome,
  Admission,
  AdmissionCause,
  PolicySetting,
  PrefetchOutcome,
} from "../../../src/policy/evictionPolicy.ts";
import type { ExpertId } from "../../../src/policy/expertId.ts";
import type { PolicyModel } from "../../../src/policy/testing/index.ts";

/** What a model rule may look at. */
export interface NaiveWorld {
  readonly setting: PolicySetting;
  /** Slots less the pinned (all slots for a rule that ranks the pinned). */
  readonly slots: number;
  /** All residents, pinned or not. */
  readonly residents: readonly ExpertId[];
}

export abstract class NaiveRule {
  readonly ranksPinned: boolean = false;
  readonly world: NaiveWorld;
  constructor(world: NaiveWorld) {
    this.world = world;
  }
  begin(_batch: Access): void {}
  order(misses: ExpertId[]): ExpertId[] {
    return misses;
  }
  abstract hit(expert: ExpertId): void;
  miss(_expert: ExpertId): void {}
  needsVictim(_incoming: ExpertId): boolean {
    return false;
  }
  /** One of `candidates`, which may leave, or undefined to refuse. */
  abstract victim(candidates: ExpertId[], incoming: ExpertId): ExpertId | undefined;
  abstract arrive(expert: ExpertId, cause: AdmissionCause): void;
  abstract leave(expert: ExpertId, isEvicted: boolean): void;
  pin(expert: ExpertId): void {
    this.leave(expert, false);
  }
  unpin(expert: ExpertId): void {
    this.arrive(expert, "prefetch");
  }
}

export class NaivePolicy implements PolicyModel {
  readonly #makeRule: (world: NaiveWorld) => NaiveRule;
  readonly #setting: PolicySetting;
  #rule: NaiveRule;
  #residents: ExpertId[] = [];
  #pinned: ExpertId[] = [];
  #leases: ExpertId[] = [];

  constructor(setting: PolicySetting, makeRule: (world: NaiveWorld) => NaiveRule) {
    this.#setting = setting;
    this.#makeRule = makeRule;
    this.#rule = this.#newRule();
  }

  access(access: Access): AccessOutcome {
    this.#rule.begin({ tokenCount: 1, ...access });
    const hits = access.experts.filter((expert) => this.#residents.includes(expert));
    for (const expert of hits) {
      if (this.#rule.ranksPinned || !this.#pinned.includes(expert)) this.#rule.hit(expert);
    }
    this.#leases.push(...hits);
    const misses = this.#rule.order(access.experts.filter((expert) => !hits.includes(expert)));
    const room = this.#setting.capacity - hits.length;
    const admitted: Admission[] = [];
    const bypassed: ExpertId[] = [];
    for (const expert of misses.slice(0, room)) {
      this.#rule.miss(expert);
      const admission = this.#admit(expert, "use");
      if (admission) {
        admitted.push(admission);
        this.#leases.push(expert);
      } else {
        bypassed.push(expert);
      }
    }
    const leased = [...hits, ...admitted.map(({ expert }) => expert)];
    return { hits, admitted, bypassed, deferred: misses.slice(room), leased };
  }

  release(experts: readonly ExpertId[]): void {
    for (const expert of experts) this.#leases.splice(this.#leases.indexOf(expert), 1);
  }

  prefetch(expert: ExpertId): PrefetchOutcome {
    if (this.#residents.includes(expert)) return { kind: "resident" };
    const admission = this.#admit(expert, "prefetch");
    return admission ? { kind: "admitted", victim: admission.victim } : { kind: "refused" };
  }

  pin(expert: ExpertId): boolean {
    if (this.#residents.includes(expert) && !this.#pinned.includes(expert)) {
      this.#pinned.push(expert);
      this.#rule.pin(expert);
    }
    return this.#residents.includes(expert);
  }

  unpin(expert: ExpertId): boolean {
    if (!this.#pinned.includes(expert)) return false;
    this.#pinned = without(this.#pinned, expert);
    this.#rule.unpin(expert);
    return true;
  }

  remove(expert: ExpertId): boolean {
    if (!this.#residents.includes(expert)) return false;
    this.unpin(expert);
    this.#rule.leave(expert, false);
    this.#residents = without(this.#residents, expert);
    return true;
  }

  clear(): void {
    this.#residents = [];
    this.#pinned = [];
    this.#rule = this.#newRule();
  }

  resident(): ExpertId[] {
    return [...this.#residents].sort((a, b) => a - b);
  }

  #admit(expert: ExpertId, cause: AdmissionCause): Admission | undefined {
    let victim: ExpertId | undefined;
    const isFull = this.#residents.length === this.#setting.capacity;
    if (isFull || this.#rule.needsVictim(expert)) {
      const candidates = this.#residents.filter(
        (resident) => !this.#pinned.includes(resident) && !this.#leases.includes(resident),
      );
      victim = this.#rule.victim(candidates, expert);
      if (victim === undefined) return undefined;
      this.#rule.leave(victim, true);
      this.#residents = without(this.#residents, victim);
    }
    this.#residents.push(expert);
    this.#rule.arrive(expert, cause);
    return { expert, victim };
  }

  #newRule(): NaiveRule {
    const residents = () => this.#residents;
    const slots = () => {
      return this.#setting.capacity - (this.#rule.ranksPinned ? 0 : this.#pinned.length);
    };
    return this.#makeRule({
      setting: this.#setting,
      get slots() {
        return slots();
      },
      get residents() {
        return residents();
      },
    });
  }
}

export function without(list: readonly ExpertId[], expert: ExpertId): ExpertId[] {
  return list.filter((other) => other !== expert);
}

/** The candidate with the smallest value; of equals the one that comes first in `candidates`. */
export function lowest(
  candidates: readonly ExpertId[],
  value: (expert: ExpertId) => number,
): ExpertId | undefined {
  return candidates.toSorted((a, b) => value(a) - value(b))[0];
}

/** A rule whose ties, at least, are broken by time: it keeps a log of all hits and arrivals. */
export abstract class LoggingRule extends NaiveRule {
  #log: ExpertId[] = [];
  hit(expert: ExpertId): void {
    this.#log.push(expert);
  }
  arrive(expert: ExpertId, _cause: AdmissionCause): void {
    this.#log.push(expert);
  }
  leave(_expert: ExpertId, _isEvicted: boolean): void {}
  /** The candidates, the one hit or arrived longest ago first. */
  byAge(candidates: readonly ExpertId[]): ExpertId[] {
    return candidates.toSorted((a, b) => this.#log.lastIndexOf(a) - this.#log.lastIndexOf(b));
  }
}
