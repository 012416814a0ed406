/** Models of the rules that count uses. */
import type { Access, AdmissionCause } from "../../../src/policy/evictionPolicy.ts";
import { type ExpertId, layerOf } from "../../../src/policy/expertId.ts";
import { LoggingRule, lowest, NaiveRule, type NaiveWorld, without } from "./naivePolicy.ts";

/** Counts uses as a list of their times; a prefetched expert awaits one more. */
abstract class CountingRule extends LoggingRule {
  now = 0;
  uses: { expert: ExpertId; at: number }[] = [];
  awaited: { expert: ExpertId; at: number }[] = [];
  override begin({ step }: Access): void {
    this.now = step;
  }
  override hit(expert: ExpertId): void {
    super.hit(expert);
    this.miss(expert);
    this.awaited = this.awaited.filter((use) => use.expert !== expert);
  }
  override miss(expert: ExpertId): void {
    this.uses.push({ expert, at: this.now });
  }
  override arrive(expert: ExpertId, cause: AdmissionCause): void {
    super.arrive(expert, cause);
    if (cause === "prefetch") this.awaited.push({ expert, at: this.now });
  }
  override leave(expert: ExpertId): void {
    this.awaited = this.awaited.filter((use) => use.expert !== expert);
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    return lowest(this.byAge(candidates), (expert) => {
      const own = [...this.uses, ...this.awaited].filter((use) => use.expert === expert);
      return own.reduce((sum, { at }) => sum + this.weight(at), 0);
    });
  }
  abstract weight(usedAt: number): number;
}

export class NaiveLfu extends CountingRule {
  weight(): number {
    return 1;
  }
}

export class NaiveLfuDecay extends CountingRule {
  readonly halfLife: number;
  constructor(world: NaiveWorld, halfLife: number) {
    super(world);
    this.halfLife = halfLife;
  }
  weight(usedAt: number): number {
    return 0.5 ** ((this.now - usedAt) / this.halfLife);
  }
}

export class NaiveLfru extends LoggingRule {
  now = 0;
  entries = new Map<ExpertId, { uses: number; at: number }>();
  override begin(): void {
    this.now++;
  }
  override hit(expert: ExpertId): void {
    super.hit(expert);
    this.entries.set(expert, { uses: this.entries.get(expert)!.uses + 1, at: this.now });
  }
  override arrive(expert: ExpertId, cause: AdmissionCause): void {
    super.arrive(expert, cause);
    this.entries.set(expert, { uses: cause === "use" ? 1 : 0, at: this.now });
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    const uses = (expert: ExpertId) => Math.max(1, this.entries.get(expert)!.uses);
    const score = (expert: ExpertId) =>
      uses(expert) / (this.now - this.entries.get(expert)!.at + 1);
    const fewestFirst = this.byAge(candidates).sort((a, b) => uses(a) - uses(b));
    return lowest(fewestFirst, score);
  }
}

export class NaiveGdsf extends LoggingRule {
  age = 0;
  uses = new Map<ExpertId, number>();
  value = new Map<ExpertId, number>();
  override hit(expert: ExpertId): void {
    super.hit(expert);
    this.count(expert, this.uses.get(expert)! + 1);
  }
  override arrive(expert: ExpertId, cause: AdmissionCause): void {
    super.arrive(expert, cause);
    this.count(expert, cause === "use" ? 1 : 0);
  }
  override leave(expert: ExpertId, isEvicted: boolean): void {
    if (isEvicted) this.age = Math.max(this.age, this.value.get(expert)!);
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    return lowest(this.byAge(candidates), (expert) => this.value.get(expert)!);
  }
  count(expert: ExpertId, uses: number): void {
    const cost = this.world.setting.expertBytes![layerOf(this.world.setting, expert)]!;
    this.uses.set(expert, uses);
    this.value.set(expert, this.age + Math.max(1, uses) * cost);
  }
}

export class NaiveWTinyLfu extends NaiveRule {
  /** Oldest first. */
  window: ExpertId[] = [];
  probation: ExpertId[] = [];
  protected: ExpertId[] = [];
  counts = new Map<ExpertId, number>();
  uses = 0;
  readonly windowShare: number;
  constructor(world: NaiveWorld, windowShare: number) {
    super(world);
    this.windowShare = windowShare;
  }
  get windowSlots(): number {
    return Math.max(1, Math.floor(this.windowShare * this.world.slots));
  }
  hit(expert: ExpertId): void {
    this.miss(expert);
    const wasInWindow = this.window.includes(expert);
    this.leave(expert);
    if (wasInWindow) {
      this.window.push(expert);
      return;
    }
    this.protected.push(expert);
    while (this.protected.length > Math.floor(0.8 * (this.world.slots - this.windowSlots))) {
      this.probation.push(this.protected.shift()!);
    }
  }
  override miss(expert: ExpertId): void {
    this.counts.set(expert, Math.min(15, (this.counts.get(expert) ?? 0) + 1));
    this.uses++;
    if (this.uses >= 10 * this.world.slots) {
      for (const [id, count] of this.counts) this.counts.set(id, count >> 1);
      this.uses >>= 1;
    }
  }
  victim(candidates: ExpertId[], incoming: ExpertId): ExpertId | undefined {
    const mayLeave = (expert: ExpertId) => candidates.includes(expert);
    const count = (expert: ExpertId) => this.counts.get(expert) ?? 0;
    const rival = [...this.probation, ...this.protected].find(mayLeave);
    if (rival === undefined) return this.window.find(mayLeave);
    const isOverflowing = this.window.length >= this.windowSlots;
    if (!isOverflowing) return rival;
    const candidate = this.window[0]!;
    if (mayLeave(candidate)) return count(candidate) > count(rival) ? rival : candidate;
    return count(incoming) > count(rival) ? rival : undefined;
  }
  arrive(expert: ExpertId): void {
    this.window.push(expert);
    while (this.window.length > this.windowSlots) this.probation.push(this.window.shift()!);
  }
  leave(expert: ExpertId): void {
    this.window = without(this.window, expert);
    this.probation = without(this.probation, expert);
    this.protected = without(this.protected, expert);
  }
}
