/** Models of the rules that look at the order of arrivals and uses. */
import type { ExpertId } from "../../../src/policy/expertId.ts";
import { RandomNumbers } from "../../../src/policy/ruleNumbers.ts";
import { LoggingRule, NaiveRule, type NaiveWorld, without } from "./naivePolicy.ts";

export class NaiveLru extends LoggingRule {
  victim(candidates: ExpertId[]): ExpertId | undefined {
    return this.byAge(candidates)[0];
  }
}

export class NaiveFifo extends NaiveLru {
  override hit(): void {}
}

export class NaiveClock extends NaiveRule {
  /** The hand is at 0. */
  ring: ExpertId[] = [];
  used: ExpertId[] = [];
  hit(expert: ExpertId): void {
    this.used.push(expert);
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    if (candidates.length === 0) return undefined;
    for (;;) {
      const next = this.ring.find((expert) => candidates.includes(expert))!;
      if (!this.used.includes(next)) return next;
      this.used = without(this.used, next);
      this.ring = [...without(this.ring, next), next];
    }
  }
  arrive(expert: ExpertId): void {
    this.ring.push(expert);
  }
  leave(expert: ExpertId): void {
    this.ring = without(this.ring, expert);
    this.used = without(this.used, expert);
  }
}

export class NaiveSieve extends NaiveRule {
  /** Oldest first. */
  line: ExpertId[] = [];
  marked: ExpertId[] = [];
  hand = 0;
  hit(expert: ExpertId): void {
    this.marked.push(expert);
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    if (candidates.length === 0) return undefined;
    for (;;) {
      if (this.hand >= this.line.length) this.hand = 0;
      const expert = this.line[this.hand]!;
      if (candidates.includes(expert)) {
        if (!this.marked.includes(expert)) return expert;
        this.marked = without(this.marked, expert);
      }
      this.hand++;
    }
  }
  arrive(expert: ExpertId): void {
    // A hand that has passed the newest starts again at the oldest.
    if (this.hand >= this.line.length) this.hand = 0;
    this.line.push(expert);
  }
  leave(expert: ExpertId): void {
    const place = this.line.indexOf(expert);
    if (place < this.hand) this.hand--;
    this.line.splice(place, 1);
    if (this.hand >= this.line.length) this.hand = 0;
    this.marked = without(this.marked, expert);
  }
}

/** The draws themselves are part of the definition; the bag's order is what can go wrong. */
export class NaiveRandom extends NaiveRule {
  bag: ExpertId[] = [];
  readonly random: RandomNumbers = new RandomNumbers(1);
  hit(): void {}
  victim(candidates: ExpertId[]): ExpertId | undefined {
    const drawn = this.random.below(this.bag.length);
    const order = [...this.bag.slice(drawn), ...this.bag.slice(0, drawn)];
    return order.find((expert) => candidates.includes(expert));
  }
  arrive(expert: ExpertId): void {
    this.bag.push(expert);
  }
  leave(expert: ExpertId): void {
    const last = this.bag.pop()!;
    this.bag = this.bag.map((other) => (other === expert ? last : other));
  }
}

export class NaiveSlru extends NaiveRule {
  /** Oldest first. */
  probation: ExpertId[] = [];
  protected: ExpertId[] = [];
  readonly protectedPercent: number;
  readonly isStrict: boolean;
  constructor(world: NaiveWorld, protectedPercent: number, isStrict: boolean) {
    super(world);
    this.protectedPercent = protectedPercent;
    this.isStrict = isStrict;
  }
  get probationSlots(): number {
    return Math.max(1, Math.floor((this.world.slots * (100 - this.protectedPercent)) / 100));
  }
  hit(expert: ExpertId): void {
    this.leave(expert);
    this.protected.push(expert);
    while (this.protected.length > this.world.slots - this.probationSlots) {
      this.probation.push(this.protected.shift()!);
    }
  }
  override needsVictim(): boolean {
    return this.isStrict && this.probation.length >= this.probationSlots;
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    const order = this.needsVictim() ? this.probation : [...this.probation, ...this.protected];
    return order.find((expert) => candidates.includes(expert));
  }
  arrive(expert: ExpertId): void {
    this.probation.push(expert);
  }
  leave(expert: ExpertId): void {
    this.probation = without(this.probation, expert);
    this.protected = without(this.protected, expert);
  }
}
