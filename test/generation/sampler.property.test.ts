import fc from "fast-check";
import { expect, test } from "vitest";
import { createSampler } from "../../src/generation/sampler.ts";
import { Candidates, type Stage } from "../../src/generation/sampling/candidates.ts";
import {
  dynamicTemperature,
  minP,
  temperature,
  topK,
  topP,
} from "../../src/generation/sampling/stages.ts";
import { topNSigma } from "../../src/generation/sampling/topNSigma.ts";
import { typicalP } from "../../src/generation/sampling/typical.ts";
import { xtc } from "../../src/generation/sampling/xtc.ts";
import {
  isCloseMinP,
  isCloseTopNSigma,
  isCloseTopP,
  isCloseTypicalP,
  isCloseXtc,
  naiveDynamicTemperature,
  naiveMinP,
  naiveTemperature,
  naiveTopK,
  naiveTopNSigma,
  naiveTopP,
  naiveTypicalP,
  naiveXtc,
  type Odds,
  oddsOf,
} from "./naiveSampling.ts";

/**
 * Temperature stores the logits as f32 again, five times at most: relative errors of 2^-24 each,
 * which move a probability p = exp(logit) by `5 * 2^-24 * |logit| * p`, so by less than 2e-7.
 */
const PROBABILITY_TOLERANCE = 1e-6;

// Small whole numbers make ties, which is where an order or a cut goes wrong. The others lie on a
// grid, so that rounding by temperature cannot make new ties.
const logit = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 3, arbitrary: fc.integer({ min: -1280, max: 1280 }).map((n) => n / 64) },
  { weight: 1, arbitrary: fc.constant(-Infinity) },
);
const vocabulary = fc
  .array(logit, { minLength: 1, maxLength: 24 })
  .filter((logits) => logits.some((value) => value > -Infinity))
  .map((logits) => Float32Array.from(logits));

const counts = fc.integer({ min: 1, max: 30 });
const shares = fc.oneof(
  fc.constantFrom(0.05, 0.5, 0.95, 1),
  fc.double({ min: 0.001, max: 1, noNaN: true }),
);
const divisors = fc.oneof(fc.constantFrom(0.5, 1, 2), fc.double({ min: 0.1, max: 5, noNaN: true }));

/** A stage, its naive twin, and whether rounding alone may decide it. */
interface Step {
  readonly name: string;
  readonly stage: Stage;
  readonly naive: (odds: Odds[]) => Odds[];
  readonly isClose: (odds: Odds[]) => boolean;
}
const never = () => false;
const step: fc.Arbitrary<Step> = fc.oneof(
  counts.map((count) => ({
    name: `topK(${count})`,
    stage: topK(count),
    naive: (odds: Odds[]) => naiveTopK(odds, count),
    isClose: never,
  })),
  shares.map((mass) => ({
    name: `topP(${mass})`,
    stage: topP(mass),
    naive: (odds: Odds[]) => naiveTopP(odds, mass),
    isClose: (odds: Odds[]) => isCloseTopP(odds, mass),
  })),
  shares.map((share) => ({
    name: `minP(${share})`,
    stage: minP(share),
    naive: (odds: Odds[]) => naiveMinP(odds, share),
    isClose: (odds: Odds[]) => isCloseMinP(odds, share),
  })),
  divisors.map((divisor) => ({
    name: `temperature(${divisor})`,
    stage: temperature(divisor),
    naive: (odds: Odds[]) => naiveTemperature(odds, divisor),
    isClose: never,
  })),
  shares.map((mass) => ({
    name: `typicalP(${mass})`,
    stage: typicalP(mass),
    naive: (odds: Odds[]) => naiveTypicalP(odds, mass),
    isClose: (odds: Odds[]) => isCloseTypicalP(odds, mass),
  })),
  fc.constantFrom(0.05, 0.1, 0.3, 0.5).map((threshold) => ({
    name: `xtc(${threshold})`,
    stage: xtc({ xtcProbability: 1, xtcThreshold: threshold }, () => 0.5),
    naive: (odds: Odds[]) => naiveXtc(odds, threshold),
    isClose: (odds: Odds[]) => isCloseXtc(odds, threshold),
  })),
  divisors.map((n) => ({
    name: `topNSigma(${n})`,
    stage: topNSigma(n),
    naive: (odds: Odds[]) => naiveTopNSigma(odds, n),
    isClose: (odds: Odds[]) => isCloseTopNSigma(odds, n),
  })),
  // The lowest temperature stays above 0.1, so that the logits stay in the range of the tolerance.
  fc
    .record({
      temperature: fc.constantFrom(0.5, 1, 2),
      range: fc.constantFrom(0.1, 0.3),
      exponent: fc.constantFrom(0, 0.5, 1, 3),
    })
    .map(({ temperature, range, exponent }) => ({
      name: `dynamicTemperature(${temperature}, ${range}, ${exponent})`,
      stage: dynamicTemperature({
        temperature,
        dynamicTemperatureRange: range,
        dynamicTemperatureExponent: exponent,
      }),
      naive: (odds: Odds[]) => naiveDynamicTemperature(odds, { temperature, range, exponent }),
      isClose: never,
    })),
);
const steps = fc
  .array(step, { maxLength: 5 })
  .map((chain) =>
    Object.assign(chain, { [fc.toStringMethod]: () => chain.map((s) => s.name).join() }),
  );

function expectSameOdds(candidates: Candidates, odds: Odds[]): void {
  candidates.softmax();
  const found = Array.from(candidates.tokens.subarray(0, candidates.size), (token, i) => ({
    token,
    probability: candidates.probabilities[i]!,
  })).sort((a, b) => a.token - b.token);
  const expected = odds.toSorted((a, b) => a.token - b.token);
  expect(found.map(({ token }) => token)).toEqual(expected.map(({ token }) => token));
  const gaps = found.map(({ probability }, i) => Math.abs(probability - expected[i]!.probability));
  expect(Math.max(...gaps)).toBeLessThan(PROBABILITY_TOLERANCE);
}

test("any chain of stages leaves the tokens and odds that sorting everything leaves", () => {
  fc.assert(
    fc.property(vocabulary, steps, (logits, chain) => {
      const candidates = new Candidates(logits.length);
      candidates.load(logits);
      let odds = oddsOf(logits);
      expectSameOdds(candidates, odds);
      for (const { stage, naive, isClose } of chain) {
        fc.pre(!isClose(odds));
        stage(candidates);
        odds = naive(odds);
        expectSameOdds(candidates, odds);
      }
    }),
    { numRuns: 1000 },
  );
});

test("the best of any list stand best first, ties by the lowest token", () => {
  fc.assert(
    fc.property(vocabulary, counts, (logits, count) => {
      const candidates = new Candidates(logits.length);
      candidates.load(logits);
      candidates.keep(candidates.best(count));
      const expected = oddsOf(logits).slice(0, count);
      expect([...candidates.tokens.subarray(0, candidates.size)]).toEqual(
        expected.map(({ token }) => token),
      );
    }),
  );
});

test("a sampler draws only what its settings leave, and leaves the logits as they are", () => {
  const settings = fc.record({
    topK: fc.nat({ max: 10 }),
    topP: fc.double({ min: 0, max: 1, noNaN: true }),
    minP: fc.double({ min: 0, max: 1, noNaN: true }),
    temperature: fc.constantFrom(0, 0.2, 1, 3),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(vocabulary, settings, (logits, options) => {
      const before = logits.slice();
      let odds = oddsOf(logits);
      if (options.temperature === 0) odds = odds.slice(0, 1);
      if (options.topK > 0) odds = naiveTopK(odds, options.topK);
      if (options.topP < 1) {
        fc.pre(!isCloseTopP(odds, options.topP));
        odds = naiveTopP(odds, options.topP);
      }
      fc.pre(!isCloseMinP(odds, options.minP));
      odds = naiveMinP(odds, options.minP);
      const allowed = odds.map(({ token }) => token);
      const sampler = createSampler(options);
      for (let i = 0; i < 10; i++) expect(allowed).toContain(sampler.sample(logits));
      expect(logits).toEqual(before);
    }),
  );
});
