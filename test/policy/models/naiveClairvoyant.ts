/** Models of the rules that know the future. */
import type { ExpertId } from "../../../src/policy/expertId.ts";
import { LoggingRule, lowest, type NaiveWorld } from "./naivePolicy.ts";

export class NaiveBelady extends LoggingRule {
  readonly mayBypass: boolean;
  past: ExpertId[] = [];
  times = new Map<ExpertId, number[]>();
  constructor(world: NaiveWorld, mayBypass: boolean) {
    super(world);
    this.mayBypass = mayBypass;
  }
  override order(misses: ExpertId[]): ExpertId[] {
    return misses.toSorted((a, b) => this.nextUse(a, 1) - this.nextUse(b, 1));
  }
  override hit(expert: ExpertId): void {
    super.hit(expert);
    this.past.push(expert);
  }
  override miss(expert: ExpertId): void {
    this.past.push(expert);
  }
  victim(candidates: ExpertId[], incoming: ExpertId): ExpertId | undefined {
    const latest = lowest(this.byAge(candidates), (expert) => -this.nextUse(expert));
    if (latest === undefined || !this.mayBypass) return latest;
    return this.nextUse(latest) > this.nextUse(incoming) ? latest : undefined;
  }
  /** The first use in the future that is not past, or a later one. */
  nextUse(expert: ExpertId, skipped = 0): number {
    const past = this.past.filter((other) => other === expert).length;
    return this.timesOf(expert)[past + skipped] ?? this.world.setting.future!.length;
  }
  /** Kept, for the future is long and does not change. */
  timesOf(expert: ExpertId): number[] {
    const times = this.times.get(expert) ?? this.findTimes(expert);
    this.times.set(expert, times);
    return times;
  }
  findTimes(expert: ExpertId): number[] {
    return this.world.setting.future!.flatMap(({ experts }, time) =>
      experts.includes(expert) ? [time] : [],
    );
  }
}
