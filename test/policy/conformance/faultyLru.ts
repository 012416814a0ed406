/**
 * An LRU as somebody else might write it: one class, one plain list, none of our structures. Without a
 * fault it conforms; each fault is a mistake that has been made somewhere, and the kit must see it.
 */
import type {
  Access,
  AccessOutcome,
  Admission,
  AdmissionCause,
  EntryMarks,
  EvictionPolicy,
  PolicySetting,
  PolicySnapshot,
  PrefetchOutcome,
} from "../../../src/policy/evictionPolicy.ts";
import type { ExpertId } from "../../../src/policy/expertId.ts";

export const faults = [
  "evicts leased experts",
  "evicts pinned experts",
  "places misses before touching hits",
  "holds one more than its slots",
  "inserts a resident twice on prefetch",
  "keeps the victim resident",
  "does not report the victim",
  "reports a miss as a hit",
  "does not lease what it admits",
  "bypasses while slots are free",
  "evicts while slots are free",
  "lets a hit evict somebody",
  "counts a prefetch as a use",
  "forgets that an expert was prefetched",
  "forgets pins in the snapshot",
  "forgets the order in the snapshot",
  "forgets leases in the snapshot",
  "does not report evictions by removal",
  "keeps pins when cleared",
  "keeps the clock when cleared",
  "squeezes in batches larger than its slots",
  "loses what it defers",
  "depends on what other instances did",
  "releases all leases of an expert at once",
  "leaves the pin when an expert is removed",
] as const;

export type Fault = (typeof faults)[number];

interface Entry {
  readonly expert: ExpertId;
  prefetched: boolean;
  used: boolean;
  pinned: boolean;
  leases: number;
}

let instances = 0;

export class FaultyLru implements EvictionPolicy {
  readonly name = "faulty-lru";
  readonly capacity: number;
  readonly #setting: PolicySetting;
  readonly #fault: Fault | undefined;
  /** Least recent first. */
  #entries: Entry[] = [];
  #step = 0;
  #asked = 0;

  constructor(setting: PolicySetting, fault?: Fault) {
    this.capacity = setting.capacity;
    this.#setting = setting;
    this.#fault = fault;
    instances++;
  }

  get size(): number {
    return this.#entries.length;
  }

  get pinnedCount(): number {
    return this.#entries.filter((entry) => entry.pinned).length;
  }

  isResident(expert: ExpertId): boolean {
    return this.#find(expert) !== undefined;
  }

  isPinned(expert: ExpertId): boolean {
    return this.#find(expert)?.pinned ?? false;
  }

  isLeased(expert: ExpertId): boolean {
    return (this.#find(expert)?.leases ?? 0) > 0;
  }

  resident(): ExpertId[] {
    return this.#entries.map((entry) => entry.expert).sort((a, b) => a - b);
  }

  marks(expert: ExpertId): EntryMarks | undefined {
    const entry = this.#find(expert);
    return entry && { prefetched: entry.prefetched, used: entry.used };
  }

  access({ step, experts }: Access): AccessOutcome {
    this.#step = step;
    const room = this.#has("squeezes in batches larger than its slots") ? 99 : this.capacity;
    const hits: ExpertId[] = experts.filter((expert) => this.isResident(expert));
    const misses = experts.filter((expert) => !this.isResident(expert));
    const placed = misses.slice(0, room - hits.length);
    const deferred = this.#has("loses what it defers") ? [] : misses.slice(room - hits.length);
    const admitted: Admission[] = [];
    const bypassed: ExpertId[] = [];
    const leased: ExpertId[] = [];
    const touchAll = () => {
      for (const expert of hits.filter((id) => this.isResident(id))) {
        this.#touch(expert);
        leased.push(expert);
      }
    };
    if (!this.#has("places misses before touching hits")) touchAll();
    for (const expert of placed) {
      const admission = this.#admit(expert, "use");
      if (!admission) {
        bypassed.push(expert);
        continue;
      }
      admitted.push(admission);
      if (this.#has("does not lease what it admits")) continue;
      this.#find(expert)!.leases++;
      leased.push(expert);
    }
    if (this.#has("places misses before touching hits")) touchAll();
    if (this.#has("reports a miss as a hit") && admitted[0]?.victim === undefined) {
      hits.push(...admitted.splice(0, 1).map(({ expert }) => expert));
    }
    return { hits, admitted, bypassed, deferred, leased };
  }

  lease(experts: readonly ExpertId[]): void {
    for (const expert of experts) this.#find(expert)!.leases++;
  }

  release(experts: readonly ExpertId[]): void {
    for (const entry of this.#entries.filter(({ expert }) => experts.includes(expert))) {
      entry.leases = this.#has("releases all leases of an expert at once") ? 0 : entry.leases - 1;
    }
  }

  hasRoomFor(): boolean {
    return this.size < this.capacity;
  }

  prefetch(expert: ExpertId): PrefetchOutcome {
    if (this.isResident(expert) && !this.#has("inserts a resident twice on prefetch")) {
      return { kind: "resident" };
    }
    const admission = this.#admit(expert, "prefetch");
    return admission ? { kind: "admitted", victim: admission.victim } : { kind: "refused" };
  }

  pin(expert: ExpertId): boolean {
    const entry = this.#find(expert);
    if (entry) entry.pinned = true;
    return entry !== undefined;
  }

  unpin(expert: ExpertId): boolean {
    const wasPinned = this.isPinned(expert);
    if (wasPinned) this.#find(expert)!.pinned = false;
    return wasPinned;
  }

  remove(expert: ExpertId): boolean {
    const entry = this.#find(expert);
    if (!entry) return false;
    if (this.#has("leaves the pin when an expert is removed") && entry.pinned) return true;
    this.#leave(entry, this.#has("does not report evictions by removal"));
    return true;
  }

  clear(): void {
    const kept = this.#has("keeps pins when cleared") ? this.#entries.filter((e) => e.pinned) : [];
    for (const entry of this.#entries.filter((e) => !kept.includes(e))) this.#leave(entry);
    if (!this.#has("keeps the clock when cleared")) this.#step = 0;
  }

  snapshot(): PolicySnapshot {
    const { layerCount, expertsPerLayer } = this.#setting;
    const ordered = this.#entries.toSorted((a, b) => a.expert - b.expert);
    const marks = (e: Entry) => +e.prefetched + 2 * +e.used + 4 * +e.pinned;
    const order = this.#has("forgets the order in the snapshot") ? ordered : this.#entries;
    return {
      policy: this.name,
      capacity: this.capacity,
      layerCount,
      expertsPerLayer,
      step: this.#step,
      residents: ordered.map((e) => [e.expert, marks(e), e.leases]),
      rule: { order: order.map((e) => e.expert) },
    };
  }

  restore({ step, residents, rule }: PolicySnapshot): void {
    this.#step = step;
    this.#entries = rule["order"]!.map((expert) => {
      const [, marks, leases] = residents.find(([id]) => id === expert)!;
      return {
        expert,
        prefetched: (marks & 1) > 0,
        used: (marks & 2) > 0,
        pinned: (marks & 4) > 0 && !this.#has("forgets pins in the snapshot"),
        leases: this.#has("forgets leases in the snapshot") ? 0 : leases,
      };
    });
  }

  #admit(expert: ExpertId, cause: AdmissionCause): Admission | undefined {
    const slots = this.capacity + (this.#has("holds one more than its slots") ? 1 : 0);
    const wantsVictim =
      this.size >= slots || (this.size > 0 && this.#has("evicts while slots are free"));
    if (this.size === 0 && this.#has("bypasses while slots are free")) {
      if (this.#asked++ === 0) return undefined;
    }
    const victim = wantsVictim ? this.#victim() : undefined;
    if (wantsVictim && !victim) return undefined;
    if (victim && !this.#has("keeps the victim resident")) this.#leave(victim);
    const prefetched = cause === "prefetch" && !this.#has("forgets that an expert was prefetched");
    const used = cause === "use" || this.#has("counts a prefetch as a use");
    this.#entries.push({ expert, prefetched, used, pinned: false, leases: 0 });
    this.#setting.onAdmit?.(expert, cause);
    return { expert, victim: this.#has("does not report the victim") ? undefined : victim?.expert };
  }

  #victim(): Entry | undefined {
    const candidates = this.#entries.filter(
      (entry) =>
        (entry.leases === 0 || this.#has("evicts leased experts")) &&
        (!entry.pinned || this.#has("evicts pinned experts")),
    );
    if (this.#has("depends on what other instances did"))
      return candidates.at(instances % 2 ? 0 : -1);
    return candidates[0];
  }

  #touch(expert: ExpertId): void {
    const entry = this.#find(expert)!;
    this.#entries = [...this.#entries.filter((other) => other !== entry), entry];
    entry.used = true;
    entry.leases++;
    if (this.#has("lets a hit evict somebody")) {
      const other = this.#entries.find((e) => e !== entry && e.leases === 0 && !e.pinned);
      if (other) this.#leave(other);
    }
  }

  #leave(entry: Entry, isSilent = false): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    if (!isSilent) this.#setting.onEvict?.(entry.expert, entry);
  }

  #find(expert: ExpertId): Entry | undefined {
    return this.#entries.find((entry) => entry.expert === expert);
  }

  #has(fault: Fault): boolean {
    return this.#fault === fault;
  }
}
