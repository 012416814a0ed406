/** Models of the rules that remember experts which have left. */
import type { AdmissionCause } from "../../../src/policy/evictionPolicy.ts";
import type { ExpertId } from "../../../src/policy/expertId.ts";
import { NaiveRule, without } from "./naivePolicy.ts";

/** All lists oldest first. */
export class NaiveS3Fifo extends NaiveRule {
  small: ExpertId[] = [];
  main: ExpertId[] = [];
  ghosts: ExpertId[] = [];
  uses = new Map<ExpertId, number>();
  get smallSlots(): number {
    return Math.max(1, Math.floor(this.world.slots / 10));
  }
  hit(expert: ExpertId): void {
    this.uses.set(expert, Math.min(3, (this.uses.get(expert) ?? 0) + 1));
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    const mayLeave = (expert: ExpertId) => candidates.includes(expert);
    const fromSmall = () => {
      for (const expert of this.small.filter(mayLeave)) {
        if ((this.uses.get(expert) ?? 0) === 0) return expert;
        this.small = without(this.small, expert);
        this.uses.set(expert, 0);
        this.main.push(expert);
        if (this.main.length > this.world.slots - this.smallSlots) return fromMain();
      }
      return undefined;
    };
    const fromMain = () => {
      for (;;) {
        const expert = this.main.find(mayLeave);
        if (expert === undefined || (this.uses.get(expert) ?? 0) === 0) return expert;
        this.uses.set(expert, this.uses.get(expert)! - 1);
        this.main = [...without(this.main, expert), expert];
      }
    };
    if (this.small.length >= this.smallSlots) return fromSmall() ?? fromMain();
    return fromMain() ?? fromSmall();
  }
  arrive(expert: ExpertId, cause: AdmissionCause): void {
    const wasGhost = this.ghosts.includes(expert);
    this.ghosts = without(this.ghosts, expert);
    (wasGhost && cause === "use" ? this.main : this.small).push(expert);
  }
  leave(expert: ExpertId, isEvicted: boolean): void {
    if (isEvicted && this.small.includes(expert)) {
      this.ghosts.push(expert);
      while (this.ghosts.length > this.world.slots - this.smallSlots) this.ghosts.shift();
    }
    this.small = without(this.small, expert);
    this.main = without(this.main, expert);
    this.uses.delete(expert);
  }
}

/** All lists oldest first. */
export class NaiveArc extends NaiveRule {
  t1: ExpertId[] = [];
  t2: ExpertId[] = [];
  b1: ExpertId[] = [];
  b2: ExpertId[] = [];
  p = 0;
  hit(expert: ExpertId): void {
    this.leave(expert, false);
    this.t2.push(expert);
  }
  override miss(expert: ExpertId): void {
    if (this.b1.includes(expert)) {
      this.p = Math.min(this.world.slots, this.p + Math.max(1, this.b2.length / this.b1.length));
    }
    if (this.b2.includes(expert)) {
      this.p = Math.max(0, this.p - Math.max(1, this.b1.length / this.b2.length));
    }
  }
  victim(candidates: ExpertId[], incoming: ExpertId): ExpertId | undefined {
    const isT1TooLong =
      this.t1.length > this.p || (this.t1.length === this.p && this.b2.includes(incoming));
    const order = isT1TooLong ? [...this.t1, ...this.t2] : [...this.t2, ...this.t1];
    return order.find((expert) => candidates.includes(expert));
  }
  arrive(expert: ExpertId, cause: AdmissionCause): void {
    const isKnown = this.b1.includes(expert) || this.b2.includes(expert);
    this.b1 = without(this.b1, expert);
    this.b2 = without(this.b2, expert);
    (isKnown && cause === "use" ? this.t2 : this.t1).push(expert);
    const c = this.world.slots;
    while (this.b1.length > 0 && this.t1.length + this.b1.length > c) this.b1.shift();
    const all = () => [...this.t1, ...this.t2, ...this.b1, ...this.b2].length;
    while (this.b2.length > 0 && all() > 2 * c) this.b2.shift();
  }
  leave(expert: ExpertId, isEvicted: boolean): void {
    if (isEvicted) (this.t1.includes(expert) ? this.b1 : this.b2).push(expert);
    this.t1 = without(this.t1, expert);
    this.t2 = without(this.t2, expert);
  }
}

export class NaiveLirs extends NaiveRule {
  /** The paper's S, bottom first: LIR, resident HIR and departed experts. */
  stack: ExpertId[] = [];
  lir: ExpertId[] = [];
  /** The paper's Q, oldest first. */
  hir: ExpertId[] = [];
  /** In the order in which they left. */
  gone: ExpertId[] = [];
  get lirSlots(): number {
    return this.world.slots - Math.max(1, Math.floor(this.world.slots / 100));
  }
  hit(expert: ExpertId): void {
    const wasInStack = this.stack.includes(expert);
    this.stack = [...without(this.stack, expert), expert];
    if (!this.lir.includes(expert)) {
      this.hir = without(this.hir, expert);
      this.place(expert, wasInStack);
    }
    this.prune();
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    const lirFromBottom = this.stack.filter((expert) => this.lir.includes(expert));
    return [...this.hir, ...lirFromBottom].find((expert) => candidates.includes(expert));
  }
  arrive(expert: ExpertId, cause: AdmissionCause): void {
    const wasInStack = this.gone.includes(expert);
    this.gone = without(this.gone, expert);
    this.stack = [...without(this.stack, expert), expert];
    this.place(expert, wasInStack && cause === "use");
    this.prune();
    while (this.gone.length > 2 * this.world.slots) {
      this.stack = without(this.stack, this.gone.shift()!);
    }
  }
  leave(expert: ExpertId, isEvicted: boolean): void {
    const isRemembered = isEvicted && this.hir.includes(expert) && this.stack.includes(expert);
    if (isRemembered) this.gone.push(expert);
    else this.stack = without(this.stack, expert);
    this.lir = without(this.lir, expert);
    this.hir = without(this.hir, expert);
    this.prune();
  }
  /** Of an expert on top of the stack: LIR, or the newest HIR. */
  place(expert: ExpertId, isUsedAgain: boolean): void {
    if (isUsedAgain || this.lir.length < this.lirSlots) this.lir.push(expert);
    else this.hir.push(expert);
    while (this.lir.length > this.lirSlots) {
      const bottom = this.stack.find((other) => this.lir.includes(other))!;
      this.lir = without(this.lir, bottom);
      this.hir.push(bottom);
      this.stack = without(this.stack, bottom);
    }
  }
  /** Nothing may lie under the lowest LIR expert. */
  prune(): void {
    const bottom = this.stack.findIndex((expert) => this.lir.includes(expert));
    const cut = this.stack.splice(0, bottom === -1 ? this.stack.length : bottom);
    this.gone = this.gone.filter((expert) => !cut.includes(expert));
  }
}
