/** What each predictor expects of a coming layer. */
import { describe, expect, test } from "vitest";
import { CombinedPredictor } from "../../src/policy/predictors/combined.ts";
import { DecayedCountsPredictor } from "../../src/policy/predictors/decayedCounts.ts";
import { GateLookaheadPredictor } from "../../src/policy/predictors/gateLookahead.ts";
import { candidatesOf } from "../../src/policy/predictors/predictor.ts";
import { PreviousTokenPredictor } from "../../src/policy/predictors/previousToken.ts";
import { RandomPredictor } from "../../src/policy/predictors/random.ts";
import { StaticHotListPredictor } from "../../src/policy/predictors/staticHotList.ts";
import { TransitionPredictor } from "../../src/policy/predictors/transitions.ts";
import { OptionError } from "../../src/support/errors.ts";
import { access } from "./predictorSamples.ts";
import { grid, profileOf } from "./profileSamples.ts";

/** Experts of a layer by falling score: what a prefetcher would fetch, in its order. */
function expected(layer: number, scores: Float64Array | undefined): number[] | undefined {
  return scores && candidatesOf(grid, layer, scores).map(({ expert }) => expert % 4);
}

describe("candidates", () => {
  test("come best first, ties by id, without those of score 0", () => {
    expect(candidatesOf(grid, 1, Float64Array.of(0.2, 0, 0.7, 0.2))).toEqual([
      { expert: 6, score: 0.7 },
      { expert: 4, score: 0.2 },
      { expert: 7, score: 0.2 },
    ]);
  });
});

describe("previous token", () => {
  const fresh = (maxActive = 3) => new PreviousTokenPredictor({ ...grid, maxActive });

  test("knows nothing about a layer it has not seen", () => {
    expect(fresh().predict(0)).toBeUndefined();
  });

  test("recalls the last selection of a layer, in the router's order, and of that layer only", () => {
    const predictor = fresh();
    predictor.observe(access(2, [3, 0, 1]));
    expect(expected(2, predictor.predict(2))).toEqual([3, 0, 1]);
    expect(predictor.predict(1)).toBeUndefined();
  });

  test("forgets a selection for the next one", () => {
    const predictor = fresh();
    predictor.observe(access(0, [1, 2]));
    predictor.observe(access(0, [3]));
    expect(expected(0, predictor.predict(0))).toEqual([3]);
  });

  test("keeps no more experts than it was told", () => {
    const predictor = fresh(2);
    predictor.observe(access(0, [3, 2, 1, 0]));
    expect(expected(0, predictor.predict(0))).toEqual([3, 2]);
  });

  test("ignores layers that it does not have", () => {
    const predictor = fresh();
    predictor.observe({ step: 0, layer: 3, experts: [12] });
    expect(predictor.predict(3)).toBeUndefined();
  });

  test("is fresh after a reset", () => {
    const predictor = fresh();
    predictor.observe(access(1, [3]));
    predictor.reset();
    expect(predictor.predict(1)).toBeUndefined();
  });

  test("refuses to remember no expert", () => {
    expect(() => fresh(0)).toThrow(OptionError);
  });
});

describe("static hot list", () => {
  const profile = profileOf([
    ["hit", 0, 2],
    ["miss", 0, 2],
    ["hit", 0, 1],
  ]);

  test("expects the most used experts of an earlier run", () => {
    expect(expected(0, new StaticHotListPredictor(profile).predict(0))).toEqual([2, 1]);
  });

  test("knows nothing about layers that never asked, or do not exist", () => {
    const predictor = new StaticHotListPredictor(profile);
    expect(predictor.predict(1)).toBeUndefined();
    expect(predictor.predict(3)).toBeUndefined();
  });

  test("neither what it observes, nor a reset, nor the profile's later counts change it", () => {
    const growing = profileOf([["hit", 0, 2]]);
    const predictor = new StaticHotListPredictor(growing);
    for (let use = 0; use < 9; use++) growing.recordHit(0, 3);
    predictor.observe();
    predictor.reset();
    predictor.predict(0)?.fill(9);
    expect(predictor.predict(0)).toEqual(Float64Array.of(0, 0, 1, 0));
  });
});

describe("random", () => {
  const scoresOf = (seed: number, layer = 0, seen = 0) => {
    const predictor = new RandomPredictor({ ...grid, seed });
    for (let i = 0; i < seen; i++) predictor.observe();
    return predictor.predict(layer);
  };

  test("says the same twice, and something else for another seed, layer or time", () => {
    const scores = scoresOf(1);
    expect(scoresOf(1)).toEqual(scores);
    for (const other of [scoresOf(2), scoresOf(1, 1), scoresOf(1, 0, 1)]) {
      expect(other).not.toEqual(scores);
    }
  });

  test("prefers no expert: each is the favourite equally often", () => {
    const predictor = new RandomPredictor({ ...grid, seed: 3 });
    const favourites = [0, 0, 0, 0];
    for (let token = 0; token < 4000; token++) {
      const first = expected(1, predictor.predict(1))![0]!;
      favourites[first] = favourites[first]! + 1;
      predictor.observe();
    }
    // Binomial with mean 1000 and deviation 27.4: five deviations either way.
    for (const count of favourites) expect(Math.abs(count - 1000)).toBeLessThan(137);
  });

  test("scores are above 0, so that no expert is ruled out, and at most 1", () => {
    const scores = Array.from({ length: 500 }, (_, seed) => [...scoresOf(seed)!]).flat();
    expect(Math.min(...scores)).toBeGreaterThan(0);
    expect(Math.max(...scores)).toBeLessThanOrEqual(1);
  });

  test("knows only the layers there are, and refuses a seed that is no number", () => {
    expect(scoresOf(1, 3)).toBeUndefined();
    expect(() => scoresOf(Number.NaN)).toThrow(OptionError);
  });
});

describe("decayed counts", () => {
  const fresh = (halfLife = 2) => new DecayedCountsPredictor({ ...grid, halfLife });

  test("a use counts half after one half-life of its layer's tokens", () => {
    const predictor = fresh();
    predictor.observe(access(0, [3]));
    predictor.observe(access(1, [0])); // another layer's tokens age nothing here
    predictor.observe(access(0, [1]));
    predictor.observe(access(0, [1]));
    const scores = predictor.predict(0);
    expect(scores?.[3]).toBe(0.5);
    expect(scores?.[1]).toBeCloseTo(1 + 2 ** -0.5, 15);
    expect(scores?.[0]).toBe(0);
  });

  test("a batch ages by all of its tokens", () => {
    const predictor = fresh();
    predictor.observe(access(0, [3]));
    predictor.observe(access(0, [1], 4));
    expect(predictor.predict(0)).toEqual(Float64Array.of(0, 1, 0, 0.25));
  });

  test("after a topic switch the new favourite leads within a half-life, whatever the past", () => {
    const predictor = fresh(4);
    for (let token = 0; token < 1000; token++) predictor.observe(access(0, [0]));
    for (let token = 0; token < 5; token++) predictor.observe(access(0, [1]));
    expect(expected(0, predictor.predict(0))).toEqual([1, 0]);
  });

  test("forgets with a half-life of 32 tokens unless told otherwise", () => {
    const predictor = new DecayedCountsPredictor(grid);
    predictor.observe(access(0, [3]));
    predictor.observe(access(0, [1], 32));
    expect(predictor.predict(0)?.[3]).toBe(0.5);
  });

  test("knows nothing about layers it has not seen or does not have", () => {
    const predictor = fresh();
    predictor.observe({ step: 0, layer: 3, experts: [12] });
    expect(predictor.predict(0)).toBeUndefined();
    expect(predictor.predict(3)).toBeUndefined();
  });

  test("a reset forgets the times as well as the sums: nothing lies in the future afterwards", () => {
    const predictor = fresh(0.5);
    predictor.observe(access(0, [3], 2000));
    predictor.reset();
    predictor.observe(access(0, [1]));
    expect(predictor.predict(0)).toEqual(Float64Array.of(0, 1, 0, 0));
  });

  test("refuses a half-life that is not above 0", () => {
    expect(() => fresh(0)).toThrow(OptionError);
    expect(() => fresh(Number.NaN)).toThrow(OptionError);
  });
});

describe("transitions", () => {
  test("a layer follows the layer before it as it did for earlier tokens", () => {
    const predictor = new TransitionPredictor(grid);
    for (const [from, to] of [
      [0, 1],
      [0, 1],
      [0, 2],
      [3, 0],
    ] as const) {
      predictor.observe(access(0, [from]));
      predictor.observe(access(1, [to]));
    }
    predictor.observe(access(0, [0]));
    expect([...predictor.predict(1)!]).toEqual([0, 2 / 3, 1 / 3, 0]);
    predictor.observe(access(0, [3]));
    expect(expected(1, predictor.predict(1))).toEqual([0]);
  });

  test("several experts of the layer before are averaged", () => {
    const predictor = new TransitionPredictor(grid);
    predictor.observe(access(0, [0]));
    predictor.observe(access(1, [1]));
    predictor.observe(access(0, [3]));
    predictor.observe(access(1, [1, 2]));
    predictor.observe(access(0, [0, 3]));
    expect([...predictor.predict(1)!]).toEqual([0, 1, 0.5, 0]);
  });

  test("the first layer follows the last one of the token before", () => {
    const predictor = new TransitionPredictor(grid);
    predictor.observe(access(0, [0]));
    predictor.observe(access(1, [1]));
    predictor.observe(access(0, [2]));
    predictor.observe(access(1, [1]));
    expect(expected(0, predictor.predict(0))).toEqual([2]);
  });

  test("layers without experts are skipped", () => {
    const predictor = new TransitionPredictor(grid);
    predictor.observe(access(0, [1]));
    predictor.observe(access(2, [3]));
    expect(expected(2, predictor.predict(2))).toEqual([3]);
    expect(predictor.predict(1)).toBeUndefined();
  });

  test("a layer that comes after another than it used to teaches nothing wrong", () => {
    const predictor = new TransitionPredictor(grid);
    predictor.observe(access(0, [1]));
    predictor.observe(access(2, [3]));
    predictor.observe(access(1, [1]));
    predictor.observe(access(2, [0])); // after layer 1 this time
    predictor.observe(access(0, [1]));
    expect(expected(2, predictor.predict(2))).toEqual([3]);
  });

  test("an expert that nothing was learnt about says nothing", () => {
    const predictor = new TransitionPredictor(grid);
    predictor.observe(access(0, [1]));
    predictor.observe(access(1, [3]));
    predictor.observe(access(0, [2]));
    expect([...predictor.predict(1)!]).toEqual([0, 0, 0, 0]);
  });

  test("batches teach nothing, since nobody knows which expert followed which", () => {
    const predictor = new TransitionPredictor(grid);
    predictor.observe(access(0, [0, 1], 2));
    predictor.observe(access(1, [0, 1], 2));
    expect(predictor.predict(1)).toBeUndefined();
    predictor.observe(access(2, [0]));
    expect(predictor.predict(2)).toBeUndefined();
    predictor.observe(access(0, [0, 1], 2));
    expect(predictor.predict(0)).toBeUndefined();
  });
});

describe("gate look-ahead", () => {
  const logits = [0, Math.log(3), -Infinity, Math.log(4)];

  test("turns early router logits into probabilities", () => {
    const predictor = new GateLookaheadPredictor(grid);
    predictor.foresee(1, logits);
    const scores = predictor.predict(1)!;
    [0.125, 0.375, 0, 0.5].forEach((score, expert) => {
      expect(scores[expert]).toBeCloseTo(score, 12);
    });
    expect(predictor.predict(0)).toBeUndefined();
  });

  test("large logits do not overflow", () => {
    const predictor = new GateLookaheadPredictor(grid);
    predictor.foresee(0, Float32Array.of(1000, 999, -1000, 1000));
    expect(expected(0, predictor.predict(0))).toEqual([0, 3, 1]);
  });

  test("speaks of one token: once the layer is routed, the guess is gone", () => {
    const predictor = new GateLookaheadPredictor(grid);
    predictor.foresee(1, logits);
    predictor.foresee(2, logits);
    predictor.observe(access(1, [3]));
    expect(predictor.predict(1)).toBeUndefined();
    expect(predictor.predict(2)).toBeDefined();
  });

  test("a guess cannot be changed through what it returned", () => {
    const predictor = new GateLookaheadPredictor(grid);
    predictor.foresee(1, logits);
    predictor.predict(1)!.fill(0);
    expect(expected(1, predictor.predict(1))).toEqual([3, 1, 0]);
  });

  test("a reset forgets guesses that were made for the sequence before", () => {
    const predictor = new GateLookaheadPredictor(grid);
    predictor.foresee(1, logits);
    predictor.reset();
    expect(predictor.predict(1)).toBeUndefined();
  });

  test.each([[[0, Number.NaN, 0, 0]], [[-Infinity, -Infinity, -Infinity, -Infinity]]])(
    "logits without a meaning (%o) are no guess, and remove an older one",
    (bad) => {
      const predictor = new GateLookaheadPredictor(grid);
      predictor.foresee(1, logits);
      predictor.foresee(1, bad);
      expect(predictor.predict(1)).toBeUndefined();
    },
  );

  test("refuses logits of another number of experts", () => {
    const predictor = new GateLookaheadPredictor(grid);
    expect(() => predictor.foresee(1, [0, 1])).toThrow("2 router logits for 4 experts of layer 1");
  });
});

describe("combined", () => {
  const previous = () => new PreviousTokenPredictor({ ...grid, maxActive: 2 });
  const hot = () => new StaticHotListPredictor(profileOf([...new Array(50).fill(["hit", 0, 3])]));

  test("weighs its parts after bringing each to a sum of 1", () => {
    const predictor = new CombinedPredictor([
      { predictor: previous(), weight: 1 },
      { predictor: hot(), weight: 3 },
    ]);
    predictor.observe(access(0, [0, 1])); // scores 1 and 0.5; the hot list's 50 must not drown them
    const scores = predictor.predict(0)!;
    expect([...scores]).toEqual([2 / 3, 1 / 3, 0, 3]);
  });

  test("leaves out a part that knows nothing about the layer", () => {
    const predictor = new CombinedPredictor([
      { predictor: previous(), weight: 9 },
      { predictor: hot(), weight: 2 },
    ]);
    expect([...predictor.predict(0)!]).toEqual([0, 0, 0, 2]);
    expect(predictor.predict(1)).toBeUndefined();
  });

  test("leaves out a part whose scores are all 0 instead of dividing by their sum", () => {
    const transitions = new TransitionPredictor(grid);
    const predictor = new CombinedPredictor([{ predictor: transitions, weight: 1 }]);
    predictor.observe(access(0, [1]));
    predictor.observe(access(1, [3]));
    predictor.observe(access(0, [2]));
    expect(predictor.predict(1)).toBeUndefined();
  });

  test("resets its parts", () => {
    const predictor = new CombinedPredictor([{ predictor: previous(), weight: 1 }]);
    predictor.observe(access(0, [1]));
    predictor.reset();
    expect(predictor.predict(0)).toBeUndefined();
  });

  test("refuses to consist of nothing, and weights that are not above 0", () => {
    expect(() => new CombinedPredictor([])).toThrow(OptionError);
    expect(() => new CombinedPredictor([{ predictor: previous(), weight: 0 }])).toThrow(
      OptionError,
    );
  });
});
