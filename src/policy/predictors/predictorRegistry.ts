/** All predictors that an engine can run, by name. */
import { OptionError } from "../../support/errors.ts";
import type { ExpertGrid } from "../expertId.ts";
import { DecayedCountsPredictor } from "./decayedCounts.ts";
import { GateLookaheadPredictor } from "./gateLookahead.ts";
import type { ExpertPredictor } from "./predictor.ts";
import { PreviousTokenPredictor } from "./previousToken.ts";
import { RandomPredictor } from "./random.ts";
import { TransitionPredictor } from "./transitions.ts";

export interface PredictorSetting extends ExpertGrid {
  readonly expertsPerToken: number;
}

interface PredictorEntry {
  readonly summary: string;
  /** It lives on early router logits, which cost the engine a little each layer. */
  readonly needsLookahead?: boolean;
  readonly make: (setting: PredictorSetting) => ExpertPredictor;
}

const predictors: Readonly<Record<string, PredictorEntry>> = {
  "gate-lookahead": {
    summary: "the next layer's router, asked early",
    needsLookahead: true,
    make: (setting) => new GateLookaheadPredictor(setting),
  },
  transitions: {
    summary: "which experts followed these before",
    make: (setting) => new TransitionPredictor(setting),
  },
  "decayed-counts": {
    summary: "the layer's most used of late",
    make: (setting) => new DecayedCountsPredictor(setting),
  },
  "previous-token": {
    summary: "what the layer asked for last time",
    make: (setting) =>
      new PreviousTokenPredictor({ ...setting, maxActive: setting.expertsPerToken }),
  },
  random: {
    summary: "any: the null predictor",
    make: (setting) => new RandomPredictor({ ...setting, seed: 1 }),
  },
};

export const predictorNames: readonly string[] = Object.keys(predictors);

/** What there is to say about a predictor. Throws OptionError if it is unknown. */
export function predictorEntry(name: string): PredictorEntry {
  const entry = Object.hasOwn(predictors, name) ? predictors[name] : undefined;
  if (entry === undefined) {
    throw new OptionError(
      `there is no predictor "${name}"; there are ${predictorNames.join(", ")}`,
    );
  }
  return entry;
}

/** Makes a predictor that has seen nothing yet. Throws OptionError if there is none of this name. */
export function createPredictor(name: string, setting: PredictorSetting): ExpertPredictor {
  return predictorEntry(name).make(setting);
}
