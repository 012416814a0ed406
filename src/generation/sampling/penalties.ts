/**
 * Penalties for tokens of the recent past.
 *
 * Sources: repetition penalty, Keskar et al., "CTRL", arXiv:1909.05858, section 4.1, with the
 * correction for negative logits; frequency and presence penalty as in OpenAI's API; both together
 * as llama.cpp has them (`llama_sampler_penalties_apply`).
 */
import type { Stage } from "./candidates.ts";
import { recentTokens } from "./history.ts";

export interface PenaltySettings {
  /** Divides positive logits and multiplies the others. 1 is off. */
  readonly repeatPenalty: number;
  /** Subtracted once per occurrence. */
  readonly frequencyPenalty: number;
  /** Subtracted once. */
  readonly presencePenalty: number;
  /** How many tokens of the past count; -1 is all of them. */
  readonly penaltyLastN: number;
}

/** @param history prompt and generated tokens, read anew for each token */
export function penalties(settings: PenaltySettings, history: readonly number[]): Stage {
  const { repeatPenalty, frequencyPenalty, presencePenalty, penaltyLastN } = settings;
  let counts = new Uint32Array(0);

  return (candidates) => {
    const capacity = candidates.tokens.length;
    if (counts.length < capacity) counts = new Uint32Array(capacity);
    const recent = recentTokens(history, penaltyLastN);
    // A table instead of a map: looking up a whole vocabulary costs little then. Tokens beyond the
    // vocabulary fall beside it, as writes outside a typed array do.
    for (const token of recent) counts[token]!++;
    const { tokens, logits, size } = candidates;
    for (let i = 0; i < size; i++) {
      const count = counts[tokens[i]!]!;
      if (count === 0) continue;
      const logit = logits[i]!;
      logits[i] = logit > 0 ? logit / repeatPenalty : logit * repeatPenalty;
      candidates.lower(i, count * frequencyPenalty + presencePenalty);
    }
    for (const token of recent) counts[token] = 0;
  };
}
