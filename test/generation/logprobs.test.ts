import fc from "fast-check";
import { expect, test } from "vitest";
import { logprobsOf } from "../../src/generation/sampling/logprobs.ts";
import { oddsOf } from "./naiveSampling.ts";

const logit = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -2000, max: 2000 }).map((value) => value / 16) },
  { weight: 1, arbitrary: fc.constant(-Infinity) },
);
const vocabulary = fc
  .array(logit, { minLength: 1, maxLength: 20 })
  .filter((logits) => logits.some((value) => value > -Infinity))
  .map((logits) => Float32Array.from(logits));

test("alternatives are the likeliest tokens in order, with the logarithms of their probabilities", () => {
  fc.assert(
    fc.property(vocabulary, fc.nat({ max: 25 }), fc.nat(), (logits, count, pick) => {
      const odds = oddsOf(logits);
      const { token, probability } = odds[pick % odds.length]!;
      const found = logprobsOf(logits, token, count);
      expect(found.token).toBe(token);
      expect(Math.exp(found.logprob)).toBeCloseTo(probability, 9);
      expect(found.alternatives.map((one) => one.token)).toEqual(
        odds.slice(0, count).map((one) => one.token),
      );
      for (const [i, one] of found.alternatives.entries())
        expect(Math.exp(one.logprob)).toBeCloseTo(odds[i]!.probability, 9);
    }),
  );
});

test("the probabilities of all tokens sum to 1", () => {
  fc.assert(
    fc.property(vocabulary, (logits) => {
      const { alternatives } = logprobsOf(logits, oddsOf(logits)[0]!.token, logits.length);
      const sum = alternatives.reduce((total, { logprob }) => total + Math.exp(logprob), 0);
      expect(sum).toBeCloseTo(1, 9);
      expect(Math.max(...alternatives.map(({ logprob }) => logprob))).toBeLessThanOrEqual(1e-12);
    }),
  );
});
