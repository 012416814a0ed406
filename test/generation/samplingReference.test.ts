/** The numbers llama.cpp's own tests expect (tests/test-sampling.cpp), stage by stage. */
import { describe, expect, test } from "vitest";
import { Candidates, type Stage } from "../../src/generation/sampling/candidates.ts";
import { dry } from "../../src/generation/sampling/dry.ts";
import { penalties } from "../../src/generation/sampling/penalties.ts";
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

/** What a stage makes of these probabilities; 0 for the tokens it dropped. */
function after(stage: Stage, probabilities: readonly number[]): number[] {
  const candidates = new Candidates(probabilities.length);
  candidates.load(Float32Array.from(probabilities, Math.log));
  stage(candidates);
  candidates.softmax();
  const result = probabilities.map(() => 0);
  for (let i = 0; i < candidates.size; i++)
    result[candidates.tokens[i]!] = candidates.probabilities[i]!;
  return result;
}

function expectOdds(found: readonly number[], expected: readonly number[]): void {
  const gaps = found.map((value, i) => Math.abs(value - expected[i]!));
  expect(found).toHaveLength(expected.length);
  // llama.cpp's tests allow 1e-5 and write some of their numbers with six digits.
  expect(Math.max(...gaps), `${found} instead of ${expected}`).toBeLessThan(1e-5);
}

const rising = [0.1, 0.2, 0.3, 0.4];
const falling = [0.4, 0.3, 0.2, 0.1];
const even = [0.2, 0.2, 0.2, 0.2, 0.2];

test.each<[string, Stage, number[], number[]]>([
  ["temperature 1", temperature(1), rising, rising],
  ["temperature 0", temperature(0), rising, [0, 0, 0, 1]],
  ["top-k 1", topK(1), rising, [0, 0, 0, 1]],
  ["top-k 3", topK(3), rising, [0, 2 / 9, 3 / 9, 4 / 9]],
  ["top-k 4", topK(4), rising, rising],
  ["top-p 0", topP(0), rising, [0, 0, 0, 1]],
  ["top-p 0.7", topP(0.7), rising, [0, 0, 3 / 7, 4 / 7]],
  ["top-p 0.8", topP(0.8), rising, [0, 2 / 9, 3 / 9, 4 / 9]],
  ["min-p 0.24", minP(0.24), rising, rising],
  ["min-p 0.26", minP(0.26), rising, [0, 2 / 9, 3 / 9, 4 / 9]],
  ["min-p 0.49", minP(0.49), rising, [0, 2 / 9, 3 / 9, 4 / 9]],
  ["min-p 0.51", minP(0.51), rising, [0, 0, 3 / 7, 4 / 7]],
  ["min-p 0.74", minP(0.74), rising, [0, 0, 3 / 7, 4 / 7]],
  ["min-p 0.76", minP(0.76), rising, [0, 0, 0, 1]],
  ["min-p 1", minP(1), rising, [0, 0, 0, 1]],
  ["typical-p 0.5, one likely", typicalP(0.5), [0.97, 0.01, 0.01, 0.01], [1, 0, 0, 0]],
  ["typical-p 0.5, three alike", typicalP(0.5), [0.4, 0.2, 0.2, 0.2], [0, 1 / 3, 1 / 3, 1 / 3]],
  ["top-n-sigma 1", topNSigma(1), rising, [0, 0, 3 / 7, 4 / 7]],
  ["top-n-sigma 3", topNSigma(3), rising, rising],
])("%s", (_, stage, before, expected) => {
  expectOdds(after(stage, before), expected);
});

test.each([
  [0.09, [0, 0, 0, 1]],
  [0.19, [0, 0, 2 / 3, 1 / 3]],
  [0.29, [0, 3 / 6, 2 / 6, 1 / 6]],
  [0.39, falling],
])("XTC with the threshold %d", (xtcThreshold, expected) => {
  expectOdds(
    after(
      xtc({ xtcProbability: 0.99, xtcThreshold }, () => 0.5),
      falling,
    ),
    expected,
  );
  expectOdds(
    after(
      xtc({ xtcProbability: 0.99, xtcThreshold }, () => 0.995),
      falling,
    ),
    falling,
  );
});

test.each([
  [[0], [0, 0.25, 0.25, 0.25, 0.25], 50, 0],
  [[0, 1, 2], [0, 0, 0, 0.5, 0.5], 50, 0],
  [[0, 1, 2, 0, 0], [0, 0, 0, 0.5, 0.5], 50, 0],
  [[0], [0.000011, 0.249997, 0.249997, 0.249997, 0.249997], 1, 5],
  [[0, 1, 2], [0.000023, 0.000023, 0.000023, 0.499966, 0.499966], 1, 5],
  [[0, 1, 2, 0, 0], [0, 0.000023, 0.000023, 0.499977, 0.499977], 1, 5],
])("penalties after %j", (history, expected, repeatPenalty, penalty) => {
  const settings = {
    repeatPenalty,
    frequencyPenalty: penalty,
    presencePenalty: penalty,
    penaltyLastN: history.length,
  };
  expectOdds(after(penalties(settings, history), even), expected);
});

describe("DRY", () => {
  const four = [0.25, 0.25, 0.25, 0.25];
  test.each<[number[], number[], number[], number, number, number[]]>([
    [[0, 1], four, four, 1, 2, []],
    [[0, 1, 2, 0, 1], four, [0.296923, 0.296923, 0.109232, 0.296923], 1, 2, []],
    [[0, 1, 3, 4, 0, 1], even, even, 1, 2, [3]],
    [[0, 1, 2, 0, 1], even, [0.241818, 0.241818, 0.032727, 0.241818, 0.241818], 2, 2, []],
    [[0, 1, 2, 3, 4, 0, 1], even, even, 1, 4, []],
  ])("after %j", (history, before, expected, dryMultiplier, dryAllowedLength, breakers) => {
    const settings = { dryMultiplier, dryBase: 1.1, dryAllowedLength, dryPenaltyLastN: -1 };
    const sequences = new Map(breakers.map((token) => [token, [[]]]));
    expectOdds(after(dry(settings, history, sequences), before), expected);
  });
});

test("a dynamic temperature is the plain one if its range is 0, and lowest where the model is sure", () => {
  const dynamic = (temperatureSetting: number, range: number) =>
    dynamicTemperature({
      temperature: temperatureSetting,
      dynamicTemperatureRange: range,
      dynamicTemperatureExponent: 1,
    });
  expectOdds(after(dynamic(1, 0), rising), rising);
  expectOdds(after(dynamic(0, 0), rising), [0, 0, 0, 1]);
  // All alike: the entropy is the largest possible, the temperature the highest; nothing changes.
  expectOdds(after(dynamic(1, 0.5), even), even);
  const sure = [0.001, 0.001, 0.001, 0.997];
  expectOdds(after(dynamic(1, 1), sure), [0, 0, 0, 1]);
});
