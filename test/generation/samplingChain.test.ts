/** The whole sampler: the order of its stages, biases, masks, Mirostat, and what is drawn. */
import { describe, expect, test } from "vitest";
import {
  createSampler,
  type SamplerContext,
  type SamplerStage,
  type SamplingOptions,
  samplerStages,
} from "../../src/generation/sampler.ts";
import type { TokenMask } from "../../src/generation/sampling/tokenMask.ts";
import { OptionError } from "../../src/support/errors.ts";
import { naiveXtc, oddsOf } from "./naiveSampling.ts";

/** Nothing cut off, odds as the model gives them. */
const plain = { topK: 0, topP: 1, minP: 0, temperature: 1, seed: 11 } as const;
const falling = Float32Array.from([0.4, 0.3, 0.2, 0.1], Math.log);

function draws(options: SamplingOptions, count: number, context: SamplerContext = {}): number[] {
  const sampler = createSampler({ ...plain, ...options }, context);
  return Array.from({ length: count }, () => sampler.sample(falling));
}

/** Which tokens ever come. */
function support(options: SamplingOptions, context: SamplerContext = {}): number[] {
  return [...new Set(draws(options, 300, context))].sort();
}

/** Pearson's statistic of drawn tokens; below 16.27 for 999 of 1000 fair samplers of 4 tokens. */
function chiSquare(tokens: readonly number[], probabilities: readonly number[]): number {
  return probabilities.reduce((sum, probability, token) => {
    const expected = probability * tokens.length;
    const seen = tokens.filter((one) => one === token).length;
    return expected === 0
      ? sum + (seen === 0 ? 0 : Infinity)
      : sum + (seen - expected) ** 2 / expected;
  }, 0);
}
const LARGEST_FAIR = 16.27;
const drawCount = 10_000;

describe("the drawn tokens follow the distribution that the options describe", () => {
  test("biases multiply the odds by their exponential", () => {
    const weights = [0.4 * 2, 0.3, 0, 0.1 / 2];
    const total = weights.reduce((sum, weight) => sum + weight);
    const logitBias = { 0: Math.log(2), 2: -Infinity, 3: -Math.log(2) };
    const probabilities = weights.map((weight) => weight / total);
    expect(chiSquare(draws({ logitBias }, drawCount), probabilities)).toBeLessThan(LARGEST_FAIR);
  });

  test("XTC acts as often as it shall", () => {
    const odds = naiveXtc(oddsOf(falling), 0.15);
    const probabilities = [0.4, 0.3, 0.2, 0.1].map((probability, token) => {
      const excluding = odds.find((one) => one.token === token)?.probability ?? 0;
      return 0.75 * probability + 0.25 * excluding;
    });
    const tokens = draws({ xtcProbability: 0.25, xtcThreshold: 0.15 }, drawCount);
    expect(chiSquare(tokens, probabilities)).toBeLessThan(LARGEST_FAIR);
  });

  test("penalties shift the odds of what was said", () => {
    const weights = [0.4 * Math.exp(-2), 0.3 * Math.exp(-1), 0.2, 0.1];
    const total = weights.reduce((sum, weight) => sum + weight);
    const tokens = draws({ frequencyPenalty: 1 }, drawCount, { history: [3, 0, 1, 0] });
    const within = draws({ frequencyPenalty: 1, penaltyLastN: 3 }, drawCount, {
      history: [3, 0, 1, 0],
    });
    expect(
      chiSquare(
        within,
        weights.map((weight) => weight / total),
      ),
    ).toBeLessThan(LARGEST_FAIR);
    expect(
      chiSquare(
        tokens,
        weights.map((weight) => weight / total),
      ),
    ).toBeGreaterThan(LARGEST_FAIR);
  });
});

describe("order", () => {
  const cases: [SamplerStage[], number[]][] = [
    // 0.4 and 0.3 make up 0.6; XTC takes the first away, before or after.
    [["topP", "xtc"], [1]],
    [
      ["xtc", "topP"],
      [1, 2],
    ],
    [["xtc"], [1, 2, 3]],
    [[], [0, 1, 2, 3]],
  ];
  test.each(cases)("%j", (samplers, expected) => {
    const options = { topP: 0.6, xtcProbability: 1, xtcThreshold: 0.25 };
    expect(support({ ...options, samplers })).toEqual(expected);
  });

  test("the default is llama.cpp's", () => {
    expect(samplerStages.join(";")).toBe(
      "penalties;dry;topNSigma;topK;typicalP;topP;minP;xtc;temperature",
    );
    const options = { topP: 0.6, xtcProbability: 1, xtcThreshold: 0.25 };
    expect(support(options)).toEqual(support({ ...options, samplers: samplerStages }));
  });

  test("a stage that is left out does nothing", () => {
    expect(support({ temperature: 0, samplers: ["topK"] })).toEqual([0, 1, 2, 3]);
    expect(support({ topK: 1, samplers: ["temperature"] })).toEqual([0, 1, 2, 3]);
  });
});

describe("switches", () => {
  test.each<[string, SamplingOptions]>([
    ["a penalty window of 0", { repeatPenalty: 100, penaltyLastN: 0 }],
    ["a DRY window of 0", { dryMultiplier: 100, dryPenaltyLastN: 0 }],
    ["an XTC threshold above 0.5", { xtcProbability: 1, xtcThreshold: 0.51 }],
    ["top-n-sigma 0", { topNSigma: 0 }],
  ])("%s is off", (_, options) => {
    const history = [0, 1, 0, 1, 0, 1];
    expect(draws(options, 50, { history })).toEqual(draws({}, 50, { history }));
  });

  test("the seed decides when XTC acts", () => {
    const options = { ...plain, temperature: 0, xtcProbability: 0.5, xtcThreshold: 0.25 };
    const seeds = Array.from({ length: 40 }, (_, seed) => seed);
    const tokens = seeds.map((seed) => createSampler({ ...options, seed }).sample(falling));
    expect(new Set(tokens)).toEqual(new Set([0, 1]));
  });

  test("using XTC does not disturb the draws that it lets alone", () => {
    expect(draws({ xtcProbability: 1e-9 }, 50)).toEqual(draws({}, 50));
  });

  test("DRY sees the prompt and what is accepted", () => {
    const options = { ...plain, temperature: 0, dryMultiplier: 10, drySequenceBreakers: [] };
    const sampler = createSampler(options, { history: [2, 3, 0, 2] });
    expect(sampler.sample(falling)).toBe(0);
    sampler.accept(3);
    expect(sampler.sample(falling)).toBe(1);
  });

  test("DRY asks for the tokenizer that finds its breakers", () => {
    expect(() => createSampler({ dryMultiplier: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: drySequenceBreakers needs the model's tokenizer; without it, it may be an empty list]`,
    );
    const tokenizer = {
      vocabularySize: 4,
      bytes: (token: number) => Uint8Array.of(token === 3 ? 0x0a : 0x61 + token),
      encode: () => [],
    };
    const options = { ...plain, temperature: 0, dryMultiplier: 10, dryAllowedLength: 1 };
    const greedy = (history: number[]) =>
      createSampler(options, { tokenizer, history }).sample(falling);
    expect(greedy([1, 0, 2, 1])).toBe(1);
    // "0" would repeat "1 0", but for the line end between.
    expect(greedy([1, 0, 3, 2, 1])).toBe(1);
    expect(greedy([1, 0, 2, 1, 3])).toBe(0);
  });
});

describe("Mirostat 2", () => {
  test("replaces the stages but for temperature", () => {
    const options = { mirostat: 2, mirostatTau: 10, mirostatEta: 0 } as const;
    expect(support({ ...options, topK: 1, xtcProbability: 1 })).toEqual([0, 1, 2, 3]);
    expect(support({ ...options, temperature: 0 })).toEqual([0]);
  });

  test("cuts at twice the target, and never everything", () => {
    // Surprises of 1.3, 1.7, 2.3 and 3.3 bits.
    const options = { mirostat: 2, mirostatEta: 0 } as const;
    expect(support({ ...options, mirostatTau: 1 })).toEqual([0, 1]);
    expect(support({ ...options, mirostatTau: 0 })).toEqual([0]);
    const sampler = createSampler({ ...plain, ...options, mirostatTau: 0 });
    expect(sampler.sample(falling.toReversed())).toBe(3);
  });

  test("moves the cut so that the mean surprise comes to the target", () => {
    const vocabulary = Float32Array.from({ length: 200 }, (_, token) => -2 * Math.log(token + 1));
    const odds = oddsOf(vocabulary).map((one) => ({ ...one, bits: -Math.log2(one.probability) }));
    const [target, rate, count] = [1.25, 0.1, 3000];
    const sampler = createSampler({
      ...plain,
      mirostat: 2,
      mirostatTau: target,
      mirostatEta: rate,
    });
    let limit = 2 * target;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const kept = odds.filter(({ bits, token }) => bits <= limit || token === 0);
      const token = sampler.sample(vocabulary);
      const drawn = kept.find((one) => one.token === token);
      const share = kept.reduce((total, { probability }) => total + probability, 0);
      const bits = -Math.log2((drawn?.probability ?? NaN) / share);
      limit -= rate * (bits - target);
      sum += bits;
    }
    expect(sum / count).toBeCloseTo(target, 1);
  });
});

describe("token masks", () => {
  /** Allows a set of tokens, and notes what it is asked and told. */
  function maskOf(allowed: readonly number[]) {
    const asked: number[] = [];
    const accepted: number[] = [];
    const mask: TokenMask = {
      allows(token) {
        asked.push(token);
        return allowed.includes(token);
      },
      accept: (token) => accepted.push(token),
    };
    return { mask, asked, accepted };
  }

  test("only allowed tokens are drawn, in their own proportions", () => {
    const { mask } = maskOf([1, 3]);
    const sampler = createSampler(plain, { tokenMask: mask });
    const tokens = Array.from({ length: drawCount }, () => sampler.sample(falling));
    expect(new Set(tokens)).toEqual(new Set([1, 3]));
    // Drawn anew where the first draw is refused: 0.3 + 0.6 * 3/4 against 0.1 + 0.6 * 1/4.
    expect(chiSquare(tokens, [0, 0.75, 0, 0.25])).toBeLessThan(LARGEST_FAIR);
  });

  test("the mask comes before the chain: top-k keeps the best of what is allowed", () => {
    const { mask } = maskOf([2, 3]);
    expect(support({ topK: 1 }, { tokenMask: mask })).toEqual([2]);
  });

  test("an allowed first draw costs one question", () => {
    const { mask, asked, accepted } = maskOf([0, 1, 2, 3]);
    const sampler = createSampler({ ...plain, temperature: 0 }, { tokenMask: mask });
    expect(sampler.sample(falling)).toBe(0);
    expect(asked).toEqual([0]);
    expect(accepted).toEqual([]);
    sampler.accept(0);
    expect(accepted).toEqual([0]);
  });

  test("a mask that leaves nothing is an error", () => {
    const sampler = createSampler({ logitBias: { 2: -Infinity } }, { tokenMask: maskOf([2]).mask });
    expect(() => sampler.sample(falling)).toThrow(OptionError);
    expect(() => sampler.sample(falling)).toThrow("allows none of the tokens");
  });
});

test("biases apply where logits are -Infinity already, and may not forbid everything", () => {
  const masked = Float32Array.of(-Infinity, 0, -Infinity, 0, 0);
  const sampler = createSampler({ ...plain, temperature: 0, logitBias: { 0: 5, 3: 1, 9: 1 } });
  expect(sampler.sample(masked)).toBe(3);
  const nothing = createSampler({ logitBias: { 1: -Infinity, 3: -Infinity, 4: -Infinity } });
  expect(() => nothing.sample(masked)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: logitBias leaves no token to draw]`,
  );
});

describe("options out of range are refused by name", () => {
  test.each<[SamplingOptions]>([
    [{ dynamicTemperatureRange: -1 }],
    [{ dynamicTemperatureExponent: NaN }],
    [{ typicalP: 1.1 }],
    [{ topNSigma: -0.5 }],
    [{ xtcProbability: 2 }],
    [{ xtcThreshold: -0.1 }],
    [{ repeatPenalty: 0 }],
    [{ frequencyPenalty: Infinity }],
    [{ presencePenalty: NaN }],
    [{ penaltyLastN: -2 }],
    [{ dryMultiplier: -1 }],
    [{ dryBase: 0.5 }],
    [{ dryAllowedLength: 1.5 }],
    [{ dryPenaltyLastN: -2 }],
    [{ mirostatTau: -1 }],
    [{ mirostatEta: Infinity }],
    [{ mirostat: 1 as unknown as 2 }],
    [{ drySequenceBreakers: [""] }],
    [{ drySequenceBreakers: ["é".repeat(21)] }],
    [{ logitBias: { 5: NaN } }],
    [{ logitBias: { 5: Infinity } }],
    [{ logitBias: { x: 1 } as Record<number, number> }],
    [{ samplers: ["topK", "topK"] }],
    [{ samplers: ["top_k" as SamplerStage] }],
  ])("%j", (options) => {
    const [name] = Object.keys(options);
    expect(() => createSampler(options)).toThrow(OptionError);
    expect(() => createSampler(options)).toThrow(new RegExp(`^${name} is .+; it may be `));
  });

  test("the message shows lists as they are", () => {
    const samplers = ["topK", "top_p"] as unknown as SamplerStage[];
    expect(() => createSampler({ samplers })).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: samplers is ["topK","top_p"]; it may be a list of stages, each at most once: penalties, dry, topNSigma, topK, typicalP, topP, minP, xtc, temperature]`,
    );
  });
});

test("a whole vocabulary is sampled with the defaults in about a millisecond", () => {
  const vocabulary = Float32Array.from({ length: 150_000 }, (_, i) => ((i * 7919) % 15_013) / 1000);
  const sampler = createSampler({ seed: 1 });
  const times = Array.from({ length: 40 }, () => {
    const start = performance.now();
    sampler.sample(vocabulary);
    return performance.now() - start;
  });
  // The best of many, with room for slow and busy machines.
  expect(Math.min(...times)).toBeLessThan(4);
});
