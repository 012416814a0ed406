/**
 * What anybody who listens to a policy may conclude from its answers: who is resident, pinned and
 * leased. It knows no replacement rule; it is the reference model of what all of them promise.
 */
import type {
  Access,
  AccessOutcome,
  EntryMarks,
  EvictionPolicy,
  PrefetchOutcome,
} from "../evictionPolicy.ts";
import { type ExpertGrid, type ExpertId, expertCount } from "../expertId.ts";
import type { PolicyTraits } from "../policyCatalogue.ts";
import { promise } from "./subject.ts";

type Event = string;

export class Ledger {
  readonly #grid: ExpertGrid;
  readonly #traits: PolicyTraits;
  readonly residents: Map<ExpertId, EntryMarks> = new Map();
  readonly pinned: Set<ExpertId> = new Set();
  /** Batches in flight, oldest first. */
  readonly inFlight: (readonly ExpertId[])[] = [];
  step = 0;
  /** Callbacks that should have come, and those that came. */
  readonly #expected: Event[] = [];
  readonly #heard: Event[] = [];

  constructor(grid: ExpertGrid, traits: PolicyTraits) {
    this.#grid = grid;
    this.#traits = traits;
  }

  /** To be given to the policy as its callbacks. */
  readonly onAdmit = (expert: ExpertId, cause: string): void => {
    this.#heard.push(`admit ${expert} for ${cause}`);
  };

  readonly onEvict = (expert: ExpertId, { prefetched, used }: EntryMarks): void => {
    this.#heard.push(`evict ${expert} prefetched=${prefetched} used=${used}`);
  };

  isLeased(expert: ExpertId): boolean {
    return this.inFlight.some((batch) => batch.includes(expert));
  }

  /** Books an access; throws if the outcome is not one that was promised. */
  accessed(policy: EvictionPolicy, { experts }: Access, outcome: AccessOutcome): void {
    const { hits, admitted, bypassed, deferred, leased } = outcome;
    const placed = admitted.map((admission) => admission.expert);
    promise(
      sorted([...hits, ...placed, ...bypassed, ...deferred]) === sorted(experts),
      "each expert of a batch is a hit, admitted, bypassed or deferred, and only one of these",
    );
    const residentBefore = experts.filter((expert) => this.residents.has(expert));
    promise(sorted(hits) === sorted(residentBefore), "the hits are those that were resident");
    promise(
      sorted(leased) === sorted([...hits, ...placed]),
      "hits and admitted experts are leased, nobody else",
    );
    promise(
      deferred.length === Math.max(0, experts.length - policy.capacity),
      "just what exceeds the slots is deferred",
    );
    for (const expert of hits)
      this.residents.set(expert, { ...this.residents.get(expert)!, used: true });
    const batch = [...hits];
    this.inFlight.push(batch);
    for (const { expert, victim } of admitted) {
      this.#admit(policy, expert, victim, "use");
      batch.push(expert);
    }
    if (this.#traits.admitsEveryMiss ?? true) {
      promise(
        bypassed.length === 0 || !this.#someoneMayLeave(policy),
        "a miss is bypassed only when nobody may leave",
      );
    }
  }

  prefetched(policy: EvictionPolicy, expert: ExpertId, outcome: PrefetchOutcome): void {
    promise(
      (outcome.kind === "resident") === this.residents.has(expert),
      "a prefetch says whether the expert was resident",
    );
    if (outcome.kind === "admitted") this.#admit(policy, expert, outcome.victim, "prefetch");
  }

  /** An expert goes by the caller's wish. */
  removed(expert: ExpertId): void {
    this.#leave(expert);
    this.pinned.delete(expert);
  }

  /** Compares everything that can be asked of a policy with the books. */
  audit(policy: EvictionPolicy): void {
    promise(policy.size <= policy.capacity, `at most ${policy.capacity} residents: ${policy.size}`);
    promise(policy.size === this.residents.size, "size counts the residents");
    promise(
      policy.resident().join() === sorted([...this.residents.keys()]),
      `residents ${policy.resident()} are those admitted and not evicted`,
    );
    promise(policy.pinnedCount === this.pinned.size, "pinnedCount counts the pinned");
    for (let expert = 0; expert < expertCount(this.#grid); expert++) {
      const marks = this.residents.get(expert);
      promise(policy.isResident(expert) === (marks !== undefined), `residency of ${expert}`);
      promise(policy.isPinned(expert) === this.pinned.has(expert), `pin of ${expert}`);
      promise(policy.isLeased(expert) === this.isLeased(expert), `lease of ${expert}`);
      const told = policy.marks(expert);
      promise(
        told?.prefetched === marks?.prefetched && told?.used === marks?.used,
        `marks of ${expert}`,
      );
    }
    promise(
      sorted(this.#heard) === sorted(this.#expected),
      `callbacks: heard ${this.#heard.join()}, expected ${this.#expected.join()}`,
    );
    this.#heard.length = 0;
    this.#expected.length = 0;
  }

  #admit(
    policy: EvictionPolicy,
    expert: ExpertId,
    victim: ExpertId | undefined,
    cause: "use" | "prefetch",
  ): void {
    const hadRoom = this.residents.size < policy.capacity;
    promise(hadRoom || victim !== undefined, "a full cache admits only by evicting");
    if (this.#traits.fillsEverySlot ?? true) {
      promise(!hadRoom || victim === undefined, "nobody is evicted while slots are free");
    }
    if (victim !== undefined) {
      promise(this.residents.has(victim), `the victim ${victim} is a resident`);
      promise(!this.pinned.has(victim), `the victim ${victim} is not pinned`);
      promise(!this.isLeased(victim), `the victim ${victim} is not of a batch in flight`);
      this.#leave(victim);
    }
    this.residents.set(expert, { prefetched: cause === "prefetch", used: cause === "use" });
    this.#expected.push(`admit ${expert} for ${cause}`);
  }

  #leave(expert: ExpertId): void {
    const { prefetched, used } = this.residents.get(expert)!;
    this.#expected.push(`evict ${expert} prefetched=${prefetched} used=${used}`);
    this.residents.delete(expert);
  }

  #someoneMayLeave(policy: EvictionPolicy): boolean {
    if (this.residents.size < policy.capacity) return true;
    return [...this.residents.keys()].some((id) => !this.pinned.has(id) && !this.isLeased(id));
  }
}

function sorted(values: readonly (number | string)[]): string {
  return [...values].sort((a, b) => (a < b ? -1 : 1)).join();
}
