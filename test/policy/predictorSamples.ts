/** Predictors of every kind, and the accesses of a small model, for tests. */
import fc from "fast-check";
import type { Access } from "../../src/policy/evictionPolicy.ts";
import { expertId } from "../../src/policy/expertId.ts";
import { CombinedPredictor } from "../../src/policy/predictors/combined.ts";
import { DecayedCountsPredictor } from "../../src/policy/predictors/decayedCounts.ts";
import { GateLookaheadPredictor } from "../../src/policy/predictors/gateLookahead.ts";
import type { ExpertPredictor } from "../../src/policy/predictors/predictor.ts";
import { PreviousTokenPredictor } from "../../src/policy/predictors/previousToken.ts";
import { RandomPredictor } from "../../src/policy/predictors/random.ts";
import { StaticHotListPredictor } from "../../src/policy/predictors/staticHotList.ts";
import { TransitionPredictor } from "../../src/policy/predictors/transitions.ts";
import { grid, profileOf } from "./profileSamples.ts";

/** Experts numbered within their layer, as tests like to write them. */
export function access(layer: number, experts: readonly number[], tokenCount?: number): Access {
  const ids = experts.map((expert) => expertId(grid, layer, expert));
  const one = { step: 0, layer, experts: ids };
  return tokenCount === undefined ? one : { ...one, tokenCount };
}

/** A fresh one of each. */
export const everyPredictor: Readonly<Record<string, () => ExpertPredictor>> = {
  "previous-token": () => new PreviousTokenPredictor({ ...grid, maxActive: 2 }),
  "static-hot-list": () =>
    new StaticHotListPredictor(
      profileOf([
        ["hit", 0, 1],
        ["miss", 2, 3],
      ]),
    ),
  random: () => new RandomPredictor({ ...grid, seed: 7 }),
  "decayed-counts": () => new DecayedCountsPredictor({ ...grid, halfLife: 3 }),
  transitions: () => new TransitionPredictor(grid),
  "gate-lookahead": () => new GateLookaheadPredictor(grid),
  "2*previous-token+1*random": () =>
    new CombinedPredictor([
      { predictor: new PreviousTokenPredictor({ ...grid, maxActive: 2 }), weight: 2 },
      { predictor: new RandomPredictor({ ...grid, seed: 7 }), weight: 1 },
    ]),
};

/** Mostly forward passes through all layers in turn, batches now and then. */
export const anyAccesses: fc.Arbitrary<Access[]> = fc.array(
  fc
    .tuple(
      fc.nat({ max: grid.layerCount - 1 }),
      fc.uniqueArray(fc.nat({ max: grid.expertsPerLayer - 1 }), { minLength: 1 }),
      fc.constantFrom(undefined, 1, 1, 5),
    )
    .map(([layer, experts, tokenCount]) => access(layer, experts, tokenCount)),
  { maxLength: 30 },
);

/** What a predictor would say about all layers, `undefined` where it knows nothing. */
export function predictions(predictor: ExpertPredictor): (number[] | undefined)[] {
  return Array.from({ length: grid.layerCount }, (_, layer) => {
    const scores = predictor.predict(layer);
    return scores === undefined ? undefined : [...scores];
  });
}
