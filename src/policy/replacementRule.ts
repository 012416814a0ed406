/**
 * What one eviction policy has to say for itself, and nothing else. Everything that must be the same
 * for all (slots, leases, pins, marks, the order of hits and misses, splitting) is in
 * {@link ./ruledPolicy.ts}, which asks the rule four questions: what does a hit change, where does a
 * new expert go, who leaves for it, and what is remembered of one that left.
 */
import type { Access, AdmissionCause } from "./evictionPolicy.ts";
import type { ExpertGrid, ExpertId } from "./expertId.ts";

/** The answer of {@link ReplacementRule.victim} when nobody shall leave. */
export const NOBODY = -1;

/** An access with its defaults filled in. */
export type Batch = Required<Omit<Access, "admissionLimit">>;

/** What a rule can see of the slots it rules over. */
export interface Slots extends ExpertGrid {
  /** Slots that the rule fills: all, less those of pinned experts if it does not rank them. */
  readonly capacity: number;
  /** False while a batch in flight needs the expert. A bound function: pass it on as it is. */
  readonly mayLeave: (expert: ExpertId) => boolean;
}

/** A piece of a rule's state. All state lies in parts, so that snapshots cannot forget any. */
export interface RulePart {
  save(): number[];
  load(saved: readonly number[]): void;
  clear(): void;
}

export interface ReplacementRule {
  readonly parts: Readonly<Record<string, RulePart>>;

  /** A new batch is about to be looked up. */
  begin?(batch: Batch): void;
  /** A resident was used. */
  hit(expert: ExpertId): void;
  /** An absent expert was asked for. Comes before the question of room, even if it is bypassed. */
  miss?(expert: ExpertId): void;
  /** Puts the batch's misses in the order in which they are placed. @default as the router ranks */
  orderMisses?(misses: ExpertId[]): void;
  /** Whether `incoming` needs a victim although slots are free: its segment is full. */
  isFull?(incoming: ExpertId): boolean;
  /** Who leaves for `incoming`: a resident that may leave, or NOBODY to turn `incoming` away. */
  victim(incoming: ExpertId): ExpertId;
  /** The chosen victim leaves; the rule may remember it. */
  evict(expert: ExpertId): void;
  /** An expert becomes resident. A prefetch is not a use: it must not be counted as one. */
  insert(expert: ExpertId, cause: AdmissionCause): void;
  /** A resident goes without having lost: pinned, or its bytes never arrived. */
  remove(expert: ExpertId): void;

  /** Hears of a pin and its end; without, a pin is a `remove` and an unpin an `insert`. */
  pin?(expert: ExpertId): void;
  unpin?(expert: ExpertId): void;
  /** Whether the rule keeps pinned experts in its lists and wants to hear of their hits. */
  readonly ranksPinned?: boolean;
}
