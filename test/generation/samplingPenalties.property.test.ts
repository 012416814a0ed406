/** Penalties and DRY against models that count and compare token by token. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Candidates, type Stage } from "../../src/generation/sampling/candidates.ts";
import { dry } from "../../src/generation/sampling/dry.ts";
import { penalties } from "../../src/generation/sampling/penalties.ts";
import { naivePenalties, naiveRepeats, oddsOf } from "./naiveSampling.ts";

const vocabularySize = 6;
/** Few distinct tokens, so that they repeat; some are none of the vocabulary. */
const history = fc.array(fc.nat({ max: vocabularySize + 1 }), { maxLength: 24 });
const logits = fc
  .array(fc.integer({ min: -64, max: 64 }), {
    minLength: vocabularySize,
    maxLength: vocabularySize,
  })
  .map((values) => Float32Array.from(values, (value) => value / 8));
const windows = fc.integer({ min: -1, max: 12 });

function window(tokens: readonly number[], count: number): readonly number[] {
  return count === -1 ? tokens : tokens.slice(Math.max(0, tokens.length - count));
}

/** The logits a stage leaves, by token. */
function logitsAfter(stage: Stage, before: Float32Array): number[] {
  const candidates = new Candidates(before.length);
  candidates.load(before);
  stage(candidates);
  expect([...candidates.tokens]).toEqual([...before.keys()]);
  return [...candidates.logits];
}

test("penalties count what is in the window", () => {
  const settings = fc.record({
    repeat: fc.constantFrom(0.5, 1, 1.25, 2),
    frequency: fc.constantFrom(-1, 0, 0.5),
    presence: fc.constantFrom(-0.5, 0, 2),
  });
  fc.assert(
    fc.property(logits, history, windows, settings, (before, tokens, lastN, setting) => {
      const stage = penalties(
        {
          repeatPenalty: setting.repeat,
          frequencyPenalty: setting.frequency,
          presencePenalty: setting.presence,
          penaltyLastN: lastN,
        },
        tokens,
      );
      const expected = naivePenalties(oddsOf(before), window(tokens, lastN), setting)
        .sort((a, b) => a.token - b.token)
        .map(({ logit }) => Math.fround(logit));
      const found = logitsAfter(stage, before);
      for (const [token, value] of expected.entries()) expect(found[token]).toBeCloseTo(value, 4);
      // Nothing of one token is left for the next.
      expect(logitsAfter(stage, before)).toEqual(found);
    }),
    { numRuns: 500 },
  );
});

test("a stage sees the tokens that came since it was made", () => {
  const tokens: number[] = [];
  const stage = penalties(
    { repeatPenalty: 1, frequencyPenalty: 1, presencePenalty: 0, penaltyLastN: 2 },
    tokens,
  );
  const zeros = new Float32Array(3);
  expect(logitsAfter(stage, zeros)).toEqual([0, 0, 0]);
  tokens.push(1, 1);
  expect(logitsAfter(stage, zeros)).toEqual([0, -2, 0]);
  tokens.push(2);
  expect(logitsAfter(stage, zeros)).toEqual([0, -1, -1]);
});

const settings = fc.record({
  dryMultiplier: fc.constantFrom(0.5, 1, 4),
  dryBase: fc.constantFrom(1, 1.75, 2),
  dryAllowedLength: fc.nat({ max: 4 }),
  dryPenaltyLastN: windows,
});

test("DRY finds the longest repeat that each token would go on with, back to the last breaker", () => {
  const breakers = fc.uniqueArray(fc.nat({ max: vocabularySize - 1 }), { maxLength: 2 });
  fc.assert(
    fc.property(logits, history, settings, breakers, (before, tokens, setting, singles) => {
      const { dryMultiplier, dryBase, dryAllowedLength, dryPenaltyLastN } = setting;
      const stage = dry(setting, tokens, new Map(singles.map((token) => [token, [[]]])));
      const recent = window(tokens, dryPenaltyLastN);
      const limit = recent.length - 1 - recent.findLastIndex((token) => singles.includes(token));
      const repeats = naiveRepeats(recent, limit);
      const expected = [...before].map((logit, token) => {
        const length = repeats.get(token);
        const isFree = length === undefined || length < dryAllowedLength || singles.includes(token);
        return isFree ? logit : logit - dryMultiplier * dryBase ** (length - dryAllowedLength);
      });
      const found = logitsAfter(stage, before);
      for (const [token, value] of expected.entries()) {
        expect(Math.abs(found[token]! - value)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(value)));
      }
    }),
    { numRuns: 2000 },
  );
});

test("a breaker of several tokens breaks only where all of them stand", () => {
  const setting = { dryMultiplier: 1, dryBase: 2, dryAllowedLength: 1, dryPenaltyLastN: -1 };
  const breakers = new Map([[3, [[4]]]]);
  const after = (tokens: number[]) =>
    logitsAfter(dry(setting, tokens, breakers), new Float32Array(vocabularySize));
  expect(after([0, 1, 2, 5, 0, 1])).toEqual([0, 0, -2, 0, 0, 0]);
  // Behind the breaker nothing is left to repeat, then one token, then two.
  expect(after([0, 3, 4, 1, 5, 0, 3, 4])).toEqual([0, 0, 0, 0, 0, 0]);
  expect(after([3, 4, 0, 1, 5, 3, 4, 0])).toEqual([0, -1, 0, 0, 0, 0]);
  expect(after([3, 4, 0, 1, 5, 3, 4, 0, 1])).toEqual([0, 0, 0, 0, 0, -2]);
  // "3 5" is no breaker, and "3" alone may be penalised.
  expect(after([3, 5, 0, 1, 3, 5, 0])).toEqual([0, -4, 0, 0, 0, 0]);
  expect(after([5, 3, 1, 5])).toEqual([0, 0, 0, -1, 0, 0]);
});

test("a penalty too large for a number leaves a token that is merely unlikely", () => {
  const setting = { dryMultiplier: 1, dryBase: 1e6, dryAllowedLength: 0, dryPenaltyLastN: -1 };
  const tokens = new Array<number>(200).fill(0);
  const [penalised, free] = logitsAfter(dry(setting, tokens, new Map()), new Float32Array(2));
  expect(penalised).toBeLessThan(-1e29);
  expect(Number.isFinite(penalised)).toBe(true);
  expect(free).toBe(0);
});
