import { expect, test } from "vitest";
import { CombinedPredictor } from "../../src/policy/predictors/combined.ts";
import { GateLookaheadPredictor } from "../../src/policy/predictors/gateLookahead.ts";
import {
  createPredictor,
  predictorEntry,
  predictorNames,
} from "../../src/policy/predictors/predictorRegistry.ts";
import { PreviousTokenPredictor } from "../../src/policy/predictors/previousToken.ts";

const setting = { layerCount: 2, expertsPerLayer: 4, expertsPerToken: 2 };

test.each(predictorNames)("%s is made by its name and guesses once it has seen enough", (name) => {
  const predictor = createPredictor(name, setting);
  expect(predictor.name).toBe(name);
  for (let step = 0; step < 3; step++) {
    for (const layer of [0, 1]) predictor.observe({ step, layer, experts: [layer * 4 + 1] });
  }
  predictor.foresee?.(1, [0, 9, 0, 0]);
  expect(predictor.predict(1)).toHaveLength(4);
});

test("only gate look-ahead costs the engine early logits", () => {
  const costly = predictorNames.filter((name) => predictorEntry(name).needsLookahead);
  expect(costly).toEqual(["gate-lookahead"]);
});

test.each(["transition", "", "toString"])("%j is refused, and the names are told", (name) => {
  expect(() => createPredictor(name, setting)).toThrow(
    `there is no predictor "${name}"; there are ${predictorNames.join(", ")}`,
  );
});

test("a combination passes early logits on to those that want them", () => {
  const combined = new CombinedPredictor([
    { predictor: new GateLookaheadPredictor(setting), weight: 1 },
    { predictor: new PreviousTokenPredictor({ ...setting, maxActive: 2 }), weight: 1 },
  ]);
  combined.foresee(1, [0, 0, 50, 0]);
  expect(combined.predict(1)?.[2]).toBeCloseTo(1);
});
