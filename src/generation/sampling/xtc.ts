/** XTC, "exclude top choices": now and then the obvious continuation is forbidden. */
import type { Stage } from "./candidates.ts";

export interface XtcSettings {
  /** How often it happens. */
  readonly xtcProbability: number;
  /** How likely a token must be to count as a top choice; above 0.5 there cannot be two of them. */
  readonly xtcThreshold: number;
}

/**
 * Drops all top choices but the least likely one, which keeps the text sensible.
 *
 * @param random numbers in [0, 1), its own sequence; one is taken where there is a choice
 * Source: p-e-w, https://github.com/oobabooga/text-generation-webui/pull/6335.
 */
export function xtc({ xtcProbability, xtcThreshold }: XtcSettings, random: () => number): Stage {
  return (candidates) => {
    if (candidates.size < 2 || random() >= xtcProbability) return;
    candidates.softmax();
    const { probabilities, size } = candidates;
    let choices = 0;
    for (let i = 0; i < size; i++) if (probabilities[i]! >= xtcThreshold) choices++;
    if (choices < 2) return;
    const excluded = new Set(candidates.best(choices).subarray(0, choices - 1));
    candidates.keepWhere((_, position) => !excluded.has(position));
  };
}
