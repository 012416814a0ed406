/**
 * From guesses to fetches: which experts to read before they are asked for, and in which order.
 *
 * Best score first. An expert that is resident or already on its way is passed over, and so is one
 * that no longer fits the bytes left; the first that does not fit ends nothing, a smaller one behind
 * it may still come. Two limits hold for a whole step, over all of its plans: bytes, so that guesses
 * do not fill the link that misses need, and the number of inserts, because every insert evicts
 * somebody who has earned the slot.
 * Sources: the cap on inserts per step is that of llama.cpp issue 27861; SharpInference, whose
 * prefetcher asks for whatever was predicted, has neither limit.
 */
import type { ExpertGrid, ExpertId } from "../expertId.ts";
import { byScore, type Candidate, candidatesOf } from "../predictors/predictor.ts";
import { requireCount } from "../requireNumber.ts";

export interface PrefetchPlannerOptions extends ExpertGrid {
  /** Bytes that the fetches of one step may move. */
  readonly bytesPerStep: number;
  /** Experts that one step may insert. */
  readonly insertsPerStep: number;
}

/** What the planner asks about an expert; it keeps no books of its own. */
export interface PrefetchView {
  isResident(expert: ExpertId): boolean;
  isInFlight(expert: ExpertId): boolean;
  /** Bytes that a fetch of it moves. */
  bytesOf(expert: ExpertId): number;
}

export interface PlannedFetch extends Candidate {
  readonly bytes: number;
}

export class PrefetchPlanner {
  readonly #options: PrefetchPlannerOptions;
  #bytesLeft: number;
  #insertsLeft: number;

  constructor(options: PrefetchPlannerOptions) {
    this.#options = options;
    this.#bytesLeft = requireCount("bytesPerStep", options.bytesPerStep);
    this.#insertsLeft = requireCount("insertsPerStep", options.insertsPerStep);
  }

  get bytesLeft(): number {
    return this.#bytesLeft;
  }

  get insertsLeft(): number {
    return this.#insertsLeft;
  }

  /** A forward pass begins: both limits are whole again. */
  beginStep(): void {
    this.#bytesLeft = this.#options.bytesPerStep;
    this.#insertsLeft = this.#options.insertsPerStep;
  }

  /** The fetches for one coming layer, from a predictor's scores; none where it knew nothing. */
  planLayer(layer: number, scores: Float64Array | undefined, view: PrefetchView): PlannedFetch[] {
    if (scores === undefined) return [];
    return this.plan(candidatesOf(this.#options, layer, scores), view);
  }

  /** The fetches for any candidates, best first, ties by id. What it returns is charged to the step. */
  plan(candidates: readonly Candidate[], view: PrefetchView): PlannedFetch[] {
    const fetches = new Map<ExpertId, PlannedFetch>();
    for (const { expert, score } of candidates.toSorted(byScore)) {
      if (this.#insertsLeft === 0) break;
      if (fetches.has(expert) || view.isResident(expert) || view.isInFlight(expert)) continue;
      const bytes = view.bytesOf(expert);
      if (bytes > this.#bytesLeft) continue;
      this.#bytesLeft -= bytes;
      this.#insertsLeft--;
      fetches.set(expert, { expert, score, bytes });
    }
    return [...fetches.values()];
  }
}
