/**
 * What every predictor is to its callers: a guess which experts a coming layer will ask for.
 *
 * A guess is only ever a hint to fetch something early. A wrong one costs a transfer, never a token,
 * so a predictor may know nothing and say so.
 */
import type { Access } from "../evictionPolicy.ts";
import { type ExpertGrid, type ExpertId, expertId } from "../expertId.ts";

export interface ExpertPredictor {
  readonly name: string;
  /** The router has chosen: `access` happens now. Layers come in the order of the forward pass. */
  observe(access: Access): void;
  /**
   * Scores of the experts of `layer`, `[expertsPerLayer]`, at least 0; higher is likelier, 0 is "no
   * sign of it". Scores of one call compare with each other, not with those of another predictor.
   *
   * @returns `undefined` if the predictor knows nothing about the layer
   */
  predict(layer: number): Float64Array | undefined;
  /**
   * Early router logits of a coming layer, `[expertsPerLayer]`, from engines that compute them.
   * @throws OptionError if their number is not that of the experts
   */
  foresee?(layer: number, logits: ArrayLike<number>): void;
  /** A new sequence begins: from here on it answers as if it had just been made. */
  reset(): void;
}

/** One expert that may be asked for soon. */
export interface Candidate {
  readonly expert: ExpertId;
  /** Above 0. */
  readonly score: number;
}

/** The experts with a score, best first, ties by id. */
export function candidatesOf(grid: ExpertGrid, layer: number, scores: Float64Array): Candidate[] {
  const candidates: Candidate[] = [];
  scores.forEach((score, expert) => {
    if (score > 0) candidates.push({ expert: expertId(grid, layer, expert), score });
  });
  return candidates.sort(byScore);
}

/** Descending by score, ascending by id among equals. */
export function byScore(one: Candidate, other: Candidate): number {
  return other.score - one.score || one.expert - other.expert;
}
