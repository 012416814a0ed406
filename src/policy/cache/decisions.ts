/** What an expert cache is asked and what it answers, as its callers see it. */
import type { Admission } from "../evictionPolicy.ts";
import type { ExpertId } from "../expertId.ts";
import type { Phase } from "./cacheCounts.ts";

/** One forward pass: the tokens that go through all layers together. */
export interface CachePass {
  readonly tokens: number;
  readonly phase: Phase;
}

/** One line of the event log. */
export interface CacheDecision {
  /** Counts passes from 0. */
  readonly pass: number;
  /** The layer that was being served. */
  readonly layer: number;
  readonly kind: "hit" | "admit" | "bypass" | "prefetch" | "pin";
  readonly expert: ExpertId;
  /** Who left for it. */
  readonly victim: ExpertId | undefined;
}

/** What to do for a part of a batch. */
export interface CachePart {
  readonly hits: readonly ExpertId[];
  /** To be fetched into the slots of their victims, or into free ones. */
  readonly admitted: readonly Admission[];
  /** To be computed from scratch slots. */
  readonly bypassed: readonly ExpertId[];
  /** To be fetched after all of these. Not leased. */
  readonly prefetches: readonly Prefetch[];
}

export interface Prefetch extends Admission {
  /** What the predictor thinks of it: higher is likelier. */
  readonly score: number;
}
