/**
 * SharpInference's SlruCache as its source tells it: two lists with the most recent at the head (index
 * 0), and Put, which inserts first and then looks for a victim. Its frequencies are the profiler's
 * counts of hits and misses.
 */
import type { ExpertId } from "../../../src/policy/expertId.ts";
import { NaiveRule, type NaiveWorld, without } from "./naivePolicy.ts";

export class NaiveSharpInference extends NaiveRule {
  override readonly ranksPinned = true;
  probation: ExpertId[] = [];
  protected: ExpertId[] = [];
  pinned: ExpertId[] = [];
  accesses: ExpertId[] = [];
  readonly probCap: number;
  readonly protCap: number;
  constructor(world: NaiveWorld, asked: number) {
    super(world);
    this.probCap = Math.max(1, Math.floor(asked / 4));
    this.protCap = Math.max(1, asked - this.probCap);
  }
  hit(expert: ExpertId): void {
    this.accesses.push(expert);
    if (this.protected.includes(expert)) {
      this.protected = [expert, ...without(this.protected, expert)];
      return;
    }
    this.probation = without(this.probation, expert);
    if (this.protected.length === this.protCap || this.protected.length > this.protCap) {
      const demoted = this.protected.findLast((other) => !this.pinned.includes(other));
      if (demoted === undefined) {
        this.probation = [expert, ...this.probation];
        return;
      }
      this.protected = without(this.protected, demoted);
      this.probation = [demoted, ...this.probation];
    }
    this.protected = [expert, ...this.protected];
  }
  override miss(expert: ExpertId): void {
    this.accesses.push(expert);
  }
  override needsVictim(incoming: ExpertId): boolean {
    return [incoming, ...this.probation].length > this.probCap;
  }
  victim(candidates: ExpertId[], incoming: ExpertId): ExpertId | undefined {
    const inserted = [incoming, ...this.probation];
    const eligible = inserted.slice(1).filter((expert) => candidates.includes(expert));
    const frequency = (expert: ExpertId) => this.accesses.filter((id) => id === expert).length;
    let victim: ExpertId | undefined;
    for (const expert of eligible.toReversed()) {
      if (victim === undefined || frequency(expert) < frequency(victim)) victim = expert;
    }
    return victim;
  }
  arrive(expert: ExpertId): void {
    this.probation = [expert, ...this.probation];
  }
  leave(expert: ExpertId): void {
    this.probation = without(this.probation, expert);
    this.protected = without(this.protected, expert);
  }
  override pin(expert: ExpertId): void {
    this.pinned.push(expert);
    if (this.protected.includes(expert)) return;
    if (this.protected.length >= this.protCap) {
      const demoted = this.protected.findLast(
        (other) => other !== expert && !this.pinned.includes(other),
      );
      if (demoted !== undefined) {
        this.protected = without(this.protected, demoted);
        this.probation = [demoted, ...this.probation];
      }
    }
    this.probation = without(this.probation, expert);
    this.protected = [expert, ...this.protected];
  }
  override unpin(expert: ExpertId): void {
    this.pinned = without(this.pinned, expert);
  }
}
