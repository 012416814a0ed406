/** A model in tiers whose experts are always on their way, and what it says when all is well. */
import { beforeEach, expect, type MockInstance, vi } from "vitest";
import type { Generation } from "../../../src/generation/generation.ts";
import {
  LanguageModel,
  type OpenOptions,
  openModel,
} from "../../../src/generation/languageModel.ts";
import { RuledPolicy } from "../../../src/policy/ruledPolicy.ts";
import type { FaultyFile } from "./faultyFile.ts";
import { budgetsOf, fixture } from "./tierModels.ts";

export const path: string = fixture("qwen3moe/q4_0");
export const prompt: readonly number[] = Array.from({ length: 12 }, (_, i) => (i * 37 + 11) % 61);
/** All experts in memory. */
export const roomy: OpenOptions = {
  threads: 1,
  contextLength: 64,
  batchTokens: 4,
  policy: "w-tinylfu", // turns some misses away, so that scratch slots are in use
  predictor: "previous-token",
  load: "lazy",
};
const { leastBytes, allBytes } = await budgetsOf(path, roomy);
/** A fifth of the way from the least memory to all. */
export const tight: OpenOptions = {
  ...roomy,
  ramBytes: leastBytes + Math.floor(0.2 * (allBytes - leastBytes)),
};

/** Greedy: the same tokens from every healthy model. */
export function generation(model: LanguageModel, signal?: AbortSignal): Generation {
  return model.generate(prompt, { maxTokens: 8, temperature: 0, ...(signal && { signal }) });
}

export async function generated(model: LanguageModel): Promise<readonly number[]> {
  const answer = generation(model);
  await Array.fromAsync(answer);
  return answer.tokens;
}

async function generatedWithoutTiers(): Promise<readonly number[]> {
  await using model = await openModel(path, roomy);
  return await generated(model);
}

export const expected: readonly number[] = await generatedWithoutTiers();

/** A model whose file does what the test says. */
export async function openWith(
  faulty: FaultyFile,
  given: OpenOptions = tight,
): Promise<LanguageModel> {
  return LanguageModel.load(faulty.file, given);
}

let access: MockInstance<RuledPolicy["access"]>;
beforeEach(() => {
  vi.restoreAllMocks();
  access = vi.spyOn(RuledPolicy.prototype, "access");
});

/** Of all policies that the test has used. */
export function expectNoLeases(): void {
  const policies = new Set(access.mock.contexts as RuledPolicy[]);
  expect(policies.size).toBeGreaterThan(0);
  for (const policy of policies) {
    expect(policy.resident().filter((expert) => policy.isLeased(expert))).toEqual([]);
  }
}

/** Nobody is leased, nothing is being read for ever, and the model says what it always says. */
export async function expectHealthy(model: LanguageModel): Promise<void> {
  // More often than there are scratch slots: a fault that loses one would lose them all.
  for (let round = 0; round < 4; round++) expect(await generated(model)).toEqual(expected);
  expectNoLeases();
  await vi.waitFor(() => expect(model.experts.pending).toBe(0));
}
