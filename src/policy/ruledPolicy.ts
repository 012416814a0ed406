/**
 * The part that all eviction policies share: slots, leases, pins, marks and the order of events
 * within a batch. A {@link ReplacementRule} supplies the judgement; this class never lets it break
 * the promises of {@link EvictionPolicy}.
 *
 * - Hits are touched before misses are placed, so no miss can throw out an expert of its own batch
 *   (as happened in vLLM's first port, pull request 50562: silently wrong weights).
 * - A victim is resident, not leased, not pinned; if there is none, the miss is bypassed.
 * - A batch of more experts than slots is answered in part, hits first; the rest is deferred.
 */
import { OptionError, PolicyMisuseError } from "../support/errors.ts";
import { BatchReader } from "./batchReader.ts";
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
} from "./evictionPolicy.ts";
import { type ExpertId, expertCount } from "./expertId.ts";
import { NOBODY, type ReplacementRule, type Slots } from "./replacementRule.ts";

const RESIDENT = 1;
const PREFETCHED = 2;
const USED = 4;
const PINNED = 8;

export class RuledPolicy implements EvictionPolicy {
  readonly name: string;
  readonly capacity: number;
  readonly #setting: PolicySetting;
  readonly #rule: ReplacementRule;
  readonly #reader: BatchReader;
  /** RESIDENT, PREFETCHED, USED and PINNED of each expert; 0 for an absent one. */
  readonly #marks: Uint8Array;
  readonly #leases: Uint16Array;
  /** Whether the rule keeps pinned experts in its own lists. */
  #ranksPinned = false;
  #size = 0;
  #pinnedCount = 0;

  /**
   * @param makeRule is given the slots as the rule sees them
   * Throws OptionError unless the capacity and the grid are whole numbers of at least 1.
   */
  constructor(name: string, setting: PolicySetting, makeRule: (slots: Slots) => ReplacementRule) {
    for (const key of ["capacity", "layerCount", "expertsPerLayer"] as const) {
      if (!Number.isInteger(setting[key]) || setting[key] < 1) {
        throw new OptionError(`${key} must be a whole number from 1 on, not ${setting[key]}`);
      }
    }
    this.name = name;
    this.capacity = setting.capacity;
    this.#setting = setting;
    this.#reader = new BatchReader(setting);
    this.#marks = new Uint8Array(expertCount(setting));
    this.#leases = new Uint16Array(expertCount(setting));
    this.#rule = makeRule(this.#slotsForRule());
    this.#ranksPinned = this.#rule.ranksPinned ?? false;
  }

  get size(): number {
    return this.#size;
  }

  get pinnedCount(): number {
    return this.#pinnedCount;
  }

  isResident(expert: ExpertId): boolean {
    return this.#has(expert, RESIDENT);
  }

  isPinned(expert: ExpertId): boolean {
    return this.#has(expert, PINNED);
  }

  isLeased(expert: ExpertId): boolean {
    return this.#leases[expert]! > 0;
  }

  resident(): ExpertId[] {
    const residents: ExpertId[] = [];
    for (let expert = 0; expert < this.#marks.length; expert++) {
      if (this.#marks[expert] !== 0) residents.push(expert);
    }
    return residents;
  }

  marks(expert: ExpertId): EntryMarks | undefined {
    if (!this.isResident(expert)) return undefined;
    return { prefetched: this.#has(expert, PREFETCHED), used: this.#has(expert, USED) };
  }

  access(access: Access): AccessOutcome {
    const batch = this.#reader.read(access);
    this.#rule.begin?.(batch);

    const hits: ExpertId[] = [];
    const misses: ExpertId[] = [];
    for (const expert of batch.experts) {
      if (this.isResident(expert)) {
        this.#touch(expert);
        hits.push(expert);
      } else {
        misses.push(expert);
      }
    }
    if (misses.length === 0) {
      return { hits, admitted: NONE, bypassed: NONE, deferred: NONE, leased: hits };
    }

    this.#rule.orderMisses?.(misses);
    const deferred = misses.splice(this.capacity - hits.length);
    const leased = [...hits];
    const admitted: Admission[] = [];
    const bypassed: ExpertId[] = [];
    const { admissionLimit = misses.length } = access;
    for (const expert of misses) {
      this.#rule.miss?.(expert);
      const mayEnter = admitted.length < admissionLimit;
      const victim = mayEnter ? this.#place(expert, "use") : REFUSED;
      if (victim === REFUSED) {
        bypassed.push(expert);
        continue;
      }
      this.#leases[expert]!++;
      leased.push(expert);
      admitted.push({ expert, victim });
    }
    return { hits, admitted, bypassed, deferred, leased };
  }

  lease(experts: readonly ExpertId[]): void {
    for (const expert of experts) {
      if (!this.isResident(expert)) {
        throw new PolicyMisuseError(`expert ${expert} is not resident, so it cannot be leased`);
      }
    }
    for (const expert of experts) this.#leases[expert]!++;
  }

  release(experts: readonly ExpertId[]): void {
    for (const expert of experts) {
      if (!this.isLeased(expert)) {
        throw new PolicyMisuseError(`expert ${expert} is released more often than it was leased`);
      }
      this.#leases[expert]!--;
    }
  }

  hasRoomFor(expert: ExpertId): boolean {
    this.#reader.checkId(expert);
    return this.#size < this.capacity && !this.#rule.isFull?.(expert);
  }

  prefetch(expert: ExpertId): PrefetchOutcome {
    this.#reader.checkId(expert);
    if (this.isResident(expert)) return { kind: "resident" };
    const victim = this.#place(expert, "prefetch");
    return victim === REFUSED ? { kind: "refused" } : { kind: "admitted", victim };
  }

  pin(expert: ExpertId): boolean {
    if (!this.isResident(expert)) return false;
    if (this.isPinned(expert)) return true;
    this.#marks[expert]! |= PINNED;
    this.#pinnedCount++;
    if (this.#rule.pin) this.#rule.pin(expert);
    else this.#rule.remove(expert);
    return true;
  }

  unpin(expert: ExpertId): boolean {
    if (!this.isPinned(expert)) return false;
    this.#marks[expert]! &= ~PINNED;
    this.#pinnedCount--;
    if (this.#rule.unpin) this.#rule.unpin(expert);
    else this.#rule.insert(expert, "prefetch");
    return true;
  }

  remove(expert: ExpertId): boolean {
    if (!this.isResident(expert)) return false;
    if (this.isLeased(expert)) {
      throw new PolicyMisuseError(`expert ${expert} is leased: release it before removing it`);
    }
    this.unpin(expert);
    this.#rule.remove(expert);
    this.#leave(expert);
    return true;
  }

  clear(): void {
    const residents = this.resident();
    const leased = residents.find((expert) => this.isLeased(expert));
    if (leased !== undefined) {
      throw new PolicyMisuseError(`expert ${leased} is leased: release it before clearing`);
    }
    for (const expert of residents) this.#leave(expert);
    this.#pinnedCount = 0;
    for (const part of Object.values(this.#rule.parts)) part.clear();
    this.#reader.step = 0;
  }

  snapshot(): PolicySnapshot {
    const { layerCount, expertsPerLayer } = this.#setting;
    const parts = Object.entries(this.#rule.parts);
    return {
      policy: this.name,
      capacity: this.capacity,
      layerCount,
      expertsPerLayer,
      step: this.#reader.step,
      residents: this.resident().map((id) => [id, this.#marks[id]!, this.#leases[id]!] as const),
      rule: Object.fromEntries(parts.map(([name, part]) => [name, part.save()])),
    };
  }

  restore(snapshot: PolicySnapshot): void {
    const setting = { ...this.#setting, policy: this.name, capacity: this.capacity };
    for (const key of ["policy", "capacity", "layerCount", "expertsPerLayer"] as const) {
      if (snapshot[key] !== setting[key]) {
        throw new OptionError(
          `a snapshot with ${key} ${snapshot[key]} cannot continue in a policy with ${setting[key]}`,
        );
      }
    }
    this.#marks.fill(0);
    this.#leases.fill(0);
    for (const [expert, marks, leases] of snapshot.residents) {
      this.#marks[expert] = marks;
      this.#leases[expert] = leases;
    }
    this.#size = snapshot.residents.length;
    this.#pinnedCount = snapshot.residents.filter(([expert]) => this.isPinned(expert)).length;
    this.#reader.step = snapshot.step;
    for (const [name, part] of Object.entries(this.#rule.parts)) part.load(snapshot.rule[name]!);
  }

  #slotsForRule(): Slots {
    const ranked = () => this.capacity - (this.#ranksPinned ? 0 : this.#pinnedCount);
    return {
      layerCount: this.#setting.layerCount,
      expertsPerLayer: this.#setting.expertsPerLayer,
      get capacity() {
        return ranked();
      },
      mayLeave: (expert) => this.#leases[expert] === 0,
    };
  }

  #has(expert: ExpertId, mark: number): boolean {
    return (this.#marks[expert]! & mark) !== 0;
  }

  /** A hit. A pinned expert has nothing to win by it, unless the rule ranks the pinned. */
  #touch(expert: ExpertId): void {
    if (this.#ranksPinned || !this.isPinned(expert)) this.#rule.hit(expert);
    this.#marks[expert]! |= USED;
    this.#leases[expert]!++;
  }

  /** Gives an absent expert a slot: the victim if there was one, or REFUSED. */
  #place(expert: ExpertId, cause: AdmissionCause): ExpertId | undefined | typeof REFUSED {
    let victim: ExpertId | undefined;
    if (!this.hasRoomFor(expert)) {
      victim = this.#rule.victim(expert);
      if (victim === NOBODY) return REFUSED;
      this.#rule.evict(victim);
      this.#leave(victim);
    }
    this.#rule.insert(expert, cause);
    this.#marks[expert] = RESIDENT | (cause === "use" ? USED : PREFETCHED);
    this.#size++;
    this.#setting.onAdmit?.(expert, cause);
    return victim;
  }

  /** An expert without leases gives back its slot. */
  #leave(expert: ExpertId): void {
    const marks = { prefetched: this.#has(expert, PREFETCHED), used: this.#has(expert, USED) };
    this.#marks[expert] = 0;
    this.#size--;
    this.#setting.onEvict?.(expert, marks);
  }
}

const NONE: readonly never[] = [];
const REFUSED = Symbol("refused");
