import { describe, expect, test } from "vitest";
import { createSampler, type SamplingOptions } from "../../src/generation/sampler.ts";
import { Candidates } from "../../src/generation/sampling/candidates.ts";
import { topP } from "../../src/generation/sampling/stages.ts";
import { OptionError, SluiceError } from "../../src/support/errors.ts";
import { naiveMinP, naiveTemperature, naiveTopK, naiveTopP, oddsOf } from "./naiveSampling.ts";

/** Nothing cut off, odds as the model gives them. */
const plain = { topK: 0, topP: 1, minP: 0, temperature: 1 } as const;
const logits = Float32Array.of(1.5, -2, 0.25, 3, 3, -Infinity, 0, 2.25);

function draws(options: SamplingOptions, count: number, from = logits): number[] {
  const sampler = createSampler(options);
  return Array.from({ length: count }, () => sampler.sample(from));
}

describe("the drawn tokens follow the exact distribution", () => {
  const drawCount = 20_000;

  test.each<SamplingOptions>([
    plain,
    { ...plain, temperature: 0.5 },
    { ...plain, temperature: 4 },
    { topK: 5, topP: 0.97, minP: 0.1, temperature: 2 },
  ])("%o", (options) => {
    const settings = { ...plain, ...options };
    let odds = oddsOf(logits);
    if (settings.topK > 0) odds = naiveTopK(odds, settings.topK);
    odds = naiveTopP(odds, settings.topP);
    odds = naiveMinP(odds, settings.minP);
    odds = naiveTemperature(odds, settings.temperature);

    const seen = new Float64Array(logits.length);
    for (const token of draws({ ...options, seed: 2026 }, drawCount)) seen[token]!++;
    let chiSquare = 0;
    let counted = 0;
    for (const { token, probability } of odds) {
      const expected = drawCount * probability;
      counted += seen[token]!;
      // The approximation wants about 5 draws per cell; colder cells only have to stay cold.
      if (expected < 5) expect(seen[token]).toBeLessThan(20);
      else chiSquare += (seen[token]! - expected) ** 2 / expected;
    }
    expect(counted).toBe(drawCount);
    // The 0.999 quantile for 6 degrees of freedom, the most there are here. A fair sampler stays
    // below it for 999 seeds of 1000; the seed is fixed, so the test cannot come out both ways.
    expect(chiSquare).toBeLessThan(22.46);
  });
});

describe("seeds", () => {
  test("the same seed draws the same tokens, another seed draws others", () => {
    const options = { ...plain, temperature: 3 };
    expect(draws({ ...options, seed: 7 }, 50)).toEqual(draws({ ...options, seed: 7 }, 50));
    expect(draws({ ...options, seed: 7 }, 50)).not.toEqual(draws({ ...options, seed: 8 }, 50));
  });

  test("a sampler without a seed draws one and tells it, so that its run can be repeated", () => {
    const options = { ...plain, temperature: 3 };
    const first = createSampler(options);
    const tokens = Array.from({ length: 50 }, () => first.sample(logits));
    expect(draws({ ...options, seed: first.seed }, 50)).toEqual(tokens);
    expect(createSampler(options).seed).not.toBe(first.seed);
  });

  test("a published seed keeps its tokens across versions", () => {
    expect(draws({ seed: 42 }, 12)).toMatchInlineSnapshot(`
      [
        4,
        3,
        3,
        7,
        3,
        3,
        3,
        3,
        7,
        3,
        3,
        4,
      ]
    `);
  });

  test("temperature 0 takes the likeliest token whatever the seed, the lowest of equals", () => {
    for (const seed of [0, 1, 2 ** 32 - 1]) {
      expect(draws({ temperature: 0, seed }, 5)).toEqual([3, 3, 3, 3, 3]);
    }
  });
});

describe("edges of the settings", () => {
  const flat = new Float32Array(8);

  test("top-k 1 is greedy", () => {
    expect(draws({ ...plain, topK: 1 }, 5)).toEqual([3, 3, 3, 3, 3]);
  });

  test.each([0, 1e-12])("top-p %d keeps one token", (share) => {
    expect(new Set(draws({ ...plain, topP: share }, 50, flat))).toEqual(new Set([0]));
  });

  test("top-p stops at the token with which the sum meets it exactly", () => {
    const kept = draws({ ...plain, topP: 0.5, seed: 1 }, 100, flat);
    expect(new Set(kept)).toEqual(new Set([0, 1, 2, 3]));
  });

  test("min-p 1 keeps every token that is as likely as the likeliest", () => {
    expect(new Set(draws({ ...plain, minP: 1, seed: 1 }, 50))).toEqual(new Set([3, 4]));
  });

  test("a temperature near 0 does not overflow", () => {
    expect(new Set(draws({ ...plain, temperature: 1e-300, seed: 1 }, 50))).toEqual(new Set([3, 4]));
  });

  test("logits too large for exp do not overflow", () => {
    const large = Float32Array.of(1000, 1001, 900);
    expect(new Set(draws({ ...plain, seed: 1 }, 50, large))).toEqual(new Set([0, 1]));
  });

  test("a vocabulary of one token has one answer", () => {
    expect(draws({}, 3, Float32Array.of(-5))).toEqual([0, 0, 0]);
  });

  test("a sampler takes vocabularies of different sizes in turn", () => {
    const sampler = createSampler({ temperature: 0 });
    expect(sampler.sample(Float32Array.of(0, 1))).toBe(1);
    expect(sampler.sample(logits)).toBe(3);
    expect(sampler.sample(Float32Array.of(0, 1))).toBe(1);
  });

  test("top-p finds a nucleus larger than its first guess in a vocabulary in no order", () => {
    const vocabulary = Float32Array.from({ length: 5000 }, (_, i) =>
      Math.fround(((i * 7919) % 5000) / 2500),
    );
    for (const share of [0.01, 0.3, 0.9]) {
      const candidates = new Candidates(vocabulary.length);
      candidates.load(vocabulary);
      topP(share)(candidates);
      const expected = nucleus(vocabulary, share);
      expect([...candidates.tokens.subarray(0, candidates.size)]).toEqual(expected);
    }
  });
});

/** `naiveTopP` in one pass, for a vocabulary too long for its quadratic sums. */
function nucleus(vocabulary: Float32Array, mass: number): number[] {
  const odds = oddsOf(vocabulary);
  const tokens: number[] = [];
  let sum = 0;
  for (const { token, probability } of odds) {
    if (sum >= mass) break;
    sum += probability;
    tokens.push(token);
  }
  return tokens;
}

describe("logits that no token can be drawn from", () => {
  test.each([
    ["a NaN", Float32Array.of(1, NaN, 2)],
    ["only NaN", Float32Array.of(NaN, NaN)],
    ["+Infinity", Float32Array.of(1, 2, Infinity)],
    ["only masked tokens", Float32Array.of(-Infinity, -Infinity)],
    ["no tokens", new Float32Array(0)],
  ])("%s are refused, greedy or not", (_, bad) => {
    for (const temperature of [0, 0.8]) {
      const sample = () => createSampler({ temperature }).sample(bad);
      expect(sample).toThrow(SluiceError);
      expect(sample).toThrow(expect.objectContaining({ code: "bad-number" }));
    }
  });

  test("the error says what was found and what may be wrong", () => {
    expect(() =>
      createSampler().sample(Float32Array.of(1, NaN)),
    ).toThrowErrorMatchingInlineSnapshot(
      `[SluiceError: the model produced no usable logits (token 1 has NaN); is its file damaged?]`,
    );
    expect(() => createSampler().sample(new Float32Array(0))).toThrowErrorMatchingInlineSnapshot(
      `[SluiceError: the model produced no usable logits (there are none); is its file damaged?]`,
    );
  });

  test("the sampler works on after such an error", () => {
    const sampler = createSampler({ temperature: 0 });
    expect(() => sampler.sample(Float32Array.of(NaN))).toThrow();
    expect(sampler.sample(logits)).toBe(3);
  });
});

describe("options", () => {
  test.each<[SamplingOptions]>([
    [{ temperature: -0.1 }],
    [{ temperature: NaN }],
    [{ temperature: Infinity }],
    [{ topK: -1 }],
    [{ topK: 2.5 }],
    [{ topP: 1.01 }],
    [{ topP: -0.01 }],
    [{ topP: NaN }],
    [{ minP: 1.5 }],
    [{ minP: -1 }],
    [{ seed: -1 }],
    [{ seed: 0.5 }],
    [{ seed: 2 ** 32 }],
    [{ topK: "40" as unknown as number }],
  ])("%o is refused by name and value", (options) => {
    const [[name, value]] = Object.entries(options) as [[string, unknown]];
    expect(() => createSampler(options)).toThrow(OptionError);
    expect(() => createSampler(options)).toThrow(
      new RegExp(`^${name} is "?${value}"?; it may be `),
    );
  });

  test("the message says what the option may be", () => {
    expect(() => createSampler({ topP: 1.5 })).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: topP is 1.5; it may be a number from 0 to 1 (off)]`,
    );
  });
});
