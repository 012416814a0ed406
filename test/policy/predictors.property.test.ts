/** Laws that every predictor keeps, and the naive recomputation of the decayed counts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Access } from "../../src/policy/evictionPolicy.ts";
import { expertId } from "../../src/policy/expertId.ts";
import { DecayedCountsPredictor } from "../../src/policy/predictors/decayedCounts.ts";
import { GateLookaheadPredictor } from "../../src/policy/predictors/gateLookahead.ts";
import type { ExpertPredictor } from "../../src/policy/predictors/predictor.ts";
import { anyAccesses, everyPredictor, predictions } from "./predictorSamples.ts";
import { grid } from "./profileSamples.ts";

/** Observes a run; the look-ahead also gets logits for the layer behind each one. */
function follow(predictor: ExpertPredictor, accesses: readonly Access[]): void {
  for (const access of accesses) {
    predictor.observe(access);
    if (predictor instanceof GateLookaheadPredictor) {
      predictor.foresee((access.layer + 1) % grid.layerCount, [
        access.experts.length,
        0,
        access.layer,
        1,
      ]);
    }
  }
}

describe.each(Object.entries(everyPredictor))("%s", (name, fresh) => {
  test("carries its name", () => {
    expect(fresh().name).toBe(name);
  });

  test("is deterministic: the same run gives the same predictions, asked once or often", () => {
    fc.assert(
      fc.property(anyAccesses, (accesses) => {
        const [one, other] = [fresh(), fresh()];
        follow(one, accesses);
        for (const access of accesses) {
          predictions(other);
          follow(other, [access]);
        }
        expect(predictions(other)).toEqual(predictions(one));
        expect(predictions(one)).toEqual(predictions(one));
      }),
    );
  });

  test("is as good as new after a reset", () => {
    fc.assert(
      fc.property(anyAccesses, anyAccesses, (before, after) => {
        const [used, unused] = [fresh(), fresh()];
        follow(used, before);
        used.reset();
        expect(predictions(used)).toEqual(predictions(unused));
        follow(used, after);
        follow(unused, after);
        expect(predictions(used)).toEqual(predictions(unused));
      }),
    );
  });

  test("gives one finite score of at least 0 per expert, or says that it knows nothing", () => {
    fc.assert(
      fc.property(anyAccesses, (accesses) => {
        const predictor = fresh();
        follow(predictor, accesses);
        for (const scores of predictions(predictor)) {
          if (scores === undefined) continue;
          expect(scores).toHaveLength(grid.expertsPerLayer);
          for (const score of scores) expect(score >= 0 && Number.isFinite(score)).toBe(true);
        }
      }),
    );
  });

  test("what it returned is the caller's: changing it changes no later prediction", () => {
    fc.assert(
      fc.property(anyAccesses, (accesses) => {
        const predictor = fresh();
        follow(predictor, accesses);
        const before = predictions(predictor);
        for (let layer = 0; layer < grid.layerCount; layer++) predictor.predict(layer)?.fill(-1);
        expect(predictions(predictor)).toEqual(before);
      }),
    );
  });
});

test("decayed counts equal the sum over all past uses, computed anew", () => {
  fc.assert(
    fc.property(
      anyAccesses,
      fc.double({ min: 0.5, max: 100, noNaN: true }),
      (accesses, halfLife) => {
        const predictor = new DecayedCountsPredictor({ ...grid, halfLife });
        follow(predictor, accesses);
        for (let layer = 0; layer < grid.layerCount; layer++) {
          const naive = naiveCounts(accesses, layer, halfLife);
          const scores = predictor.predict(layer) ?? new Float64Array(grid.expertsPerLayer);
          // The one is a sum of powers, the other their product step by step: rounding apart, equal.
          scores.forEach((score, expert) => {
            expect(score).toBeCloseTo(naive[expert]!, 10);
          });
        }
      },
    ),
  );
});

function naiveCounts(accesses: readonly Access[], layer: number, halfLife: number): number[] {
  const own = accesses.filter((access) => access.layer === layer);
  const tokens = (list: readonly Access[]) =>
    list.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0);
  return Array.from({ length: grid.expertsPerLayer }, (_, expert) =>
    own.reduce((sum, { experts }, index) => {
      const age = tokens(own.slice(index + 1));
      return experts.includes(expertId(grid, layer, expert)) ? sum + 2 ** (-age / halfLife) : sum;
    }, 0),
  );
}
