/** Keys and values stored smaller: less memory, nearly the same logits. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { keyValueBytesPerToken } from "../../src/compute/keyValueCache.ts";
import { type OpenOptions, openModel } from "../../src/generation/languageModel.ts";
import { OptionError } from "../../src/support/errors.ts";

const tokens = Array.from({ length: 45 }, (_, index) => (index * 37 + 11) % 250);

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/golden/${name}.gguf`, import.meta.url));
}

async function logitsOf(file: string, options: OpenOptions): Promise<Float32Array> {
  await using model = await openModel(file, { contextLength: 64, arithmetic: "exact", ...options });
  using sequence = model.createSequence();
  return await sequence.feed(tokens, { outputs: "all" });
}

/** The largest difference, relative to the largest logit. */
function distance(a: Float32Array, b: Float32Array): number {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / largest;
}

describe("logits of a model with heads of 32 values", () => {
  // f16 keeps 11 bits of a value; q8_0 rounds to the 127th part of a block's largest.
  test.each([
    ["f16", 2e-3],
    ["q8_0", 5e-2],
  ] as const)("with keys and values as %s are within %f of those as f32", async (format, bound) => {
    const expected = await logitsOf(fixture("qwen3moe/f32"), { keyValueFormat: "f32" });
    const found = await logitsOf(fixture("qwen3moe/f32"), { keyValueFormat: format });
    const difference = distance(expected, found);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(bound);
  });
});

test("q8_0 takes 34 bytes for 32 values", async () => {
  const shape = { layerCount: 3, keyValueHeadCount: 2, headSize: 96, valueSize: 64 };
  expect(keyValueBytesPerToken(shape, "f32")).toBe(3 * 2 * 160 * 4);
  expect(keyValueBytesPerToken(shape, "f16")).toBe(3 * 2 * 160 * 2);
  expect(keyValueBytesPerToken(shape, "q8_0")).toBe(3 * 2 * 5 * 34);
  await using whole = await openModel(fixture("qwen3moe/f32"), { keyValueFormat: "f16" });
  await using small = await openModel(fixture("qwen3moe/f32"), { keyValueFormat: "q8_0" });
  expect(small.memory.keyValueBytes / whole.memory.keyValueBytes).toBe(34 / 64);
});

test("q8_0 is refused for heads that are no whole number of blocks", async () => {
  const opened = openModel(fixture("mixtral/f32"), { keyValueFormat: "q8_0" });
  await expect(opened).rejects.toThrow(OptionError);
  await expect(opened).rejects.toThrow(/blocks of 32, but this model's heads have \d+ values/);
});
