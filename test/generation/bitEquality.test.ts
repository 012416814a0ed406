/** Threads, batches, SIMD builds and memories may change speed, never a bit of a logit. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type OpenOptions, openModel } from "../../src/generation/languageModel.ts";

const tokens = Array.from({ length: 45 }, (_, index) => (index * 37 + 11) % 250);

function fixture(name: string): string {
  const folder = name.startsWith("tiny-moe") ? "../../models" : "../fixtures/golden";
  return fileURLToPath(new URL(`${folder}/${name}.gguf`, import.meta.url));
}

async function logitsOf(file: string, options: OpenOptions): Promise<Uint8Array> {
  await using model = await openModel(file, { contextLength: 64, ...options });
  expect(model.memory.arenaCount > 1).toBe(options.arenaBytes !== undefined);
  using sequence = model.createSequence();
  const logits = await sequence.feed(tokens, { outputs: "all" });
  return new Uint8Array(logits.buffer);
}

const plainest: OpenOptions = { threads: 1, batchTokens: 1, kernels: "plain" };
const variants: [string, OpenOptions][] = [
  ["batches of 2", { batchTokens: 2 }],
  ["batches of 7", { batchTokens: 7 }],
  ["one batch", { batchTokens: 64 }],
  ["2 threads", { threads: 2, batchTokens: 16 }],
  ["5 threads", { threads: 5, batchTokens: 45 }],
  ["the relaxed build", { kernels: "relaxed", batchTokens: 9 }],
  ["many small memories", { arenaBytes: 64 * 1024, threads: 2, batchTokens: 13 }],
  ["many small memories, token by token", { arenaBytes: 64 * 1024, threads: 3 }],
];

const models = [
  "mixtral/q8_0",
  "olmoe/k_q4_k_m",
  "qwen3moe/f32",
  "qwen3moe/f16",
  "qwen3moe/q4_0",
  "qwen3moe/iq4_nl",
  "qwen3moe/k_q5_k_m",
  "qwen3moe/k_zoo_iq",
  "qwen3moe/k_zoo_misc",
  // Large enough for its single tokens to be shared between threads.
  "tiny-moe-q6_k",
];

describe.for(["fast", "exact"] as const)("%s arithmetic", (arithmetic) => {
  test.for(models)("%s has the same logits however it is computed", async (name) => {
    const base = { ...plainest, arithmetic };
    const expected = await logitsOf(fixture(name), base);
    for (const [title, options] of variants) {
      const found = await logitsOf(fixture(name), { ...base, ...options });
      expect(Buffer.compare(found, expected), title).toBe(0);
    }
  });
});

test.for(["f16", "q8_0"] as const)(
  "%s keys and values give the same bits in batches and one by one, in one memory and in many",
  async (keyValueFormat) => {
    const file = fixture("qwen3moe/q8_0");
    const expected = await logitsOf(file, { ...plainest, keyValueFormat });
    const full = await logitsOf(file, { threads: 2, batchTokens: 32, keyValueFormat: "f32" });
    expect(Buffer.compare(full, expected)).not.toBe(0);
    for (const [title, options] of variants) {
      const found = await logitsOf(file, { ...plainest, ...options, keyValueFormat });
      expect(Buffer.compare(found, expected), title).toBe(0);
    }
  },
);
