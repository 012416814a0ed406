/** Damaged models end in a typed error or load and run: never a crash, a hang or a leak. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openModel } from "../../src/generation/languageModel.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { SluiceError } from "../../src/support/errors.ts";
import { errorOf } from "../support/errorOf.ts";
import { f32Tensor, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const whole = readFileSync(
  fileURLToPath(new URL("../fixtures/golden/qwen3moe/q4_0.gguf", import.meta.url)),
);
const path = join(scratchFolder(), "damaged.gguf");
const timeLimitMs = 10_000;

/** Whether a model loads and computes a batch. */
async function runs(bytes: Uint8Array): Promise<boolean> {
  writeFileSync(path, bytes);
  const start = performance.now();
  try {
    await using model = await openModel(path, { threads: 1, batchTokens: 8 });
    using sequence = model.createSequence();
    await sequence.feed([1, 2, 3]);
    return true;
  } catch (error) {
    if (error instanceof SluiceError) return false;
    throw error;
  } finally {
    expect(performance.now() - start).toBeLessThan(timeLimitMs);
  }
}

test("the undamaged model runs", async () => {
  expect(await runs(whole)).toBe(true);
});

test("a model cut at any of 100 places does not load", async () => {
  for (let cut = 1; cut <= 100; cut++) {
    expect(await runs(whole.subarray(0, Math.floor((whole.length * cut) / 101)))).toBe(false);
  }
});

test("flipped bytes give a typed error or a model that runs", async () => {
  const random = seededRandom(7);
  const headerBytes = 12_000;
  let refused = 0;
  for (let round = 0; round < 150; round++) {
    const bytes = Uint8Array.from(whole);
    for (let flip = 0; flip < 3; flip++)
      bytes[Math.floor(random() * headerBytes)] = Math.floor(random() * 256);
    if (!(await runs(bytes))) refused++;
  }
  expect(refused).toBeGreaterThan(10);
});

test("no file stays open after a refusal", async () => {
  const openFiles = () => readdirSync("/proc/self/fd").length;
  await runs(whole.subarray(0, whole.length - 100));
  const before = openFiles();
  for (let round = 0; round < 20; round++)
    await runs(whole.subarray(0, whole.length - 1000 * round - 50));
  expect(openFiles()).toBeLessThanOrEqual(before);
});

test("weights that are not numbers end the generation with an error that says so", async () => {
  const bytes = Uint8Array.from(whole);
  bytes.fill(0xff, bytes.length - 60_000); // f16 scales of 0xffff are NaN
  writeFileSync(path, bytes);
  await using model = await openModel(path, { threads: 2 });
  const generation = model.generate([1, 2, 3], { maxTokens: 3 });
  await expect(Array.fromAsync(generation)).rejects.toMatchObject({ code: "bad-number" });
});

const sizes = {
  "general.architecture": "qwen3moe",
  "qwen3moe.block_count": 1,
  "qwen3moe.context_length": 64,
  "qwen3moe.embedding_length": 32,
  "qwen3moe.attention.head_count": 2,
  "qwen3moe.attention.layer_norm_rms_epsilon": 1e-6,
  "qwen3moe.expert_count": 4,
  "qwen3moe.expert_used_count": 2,
  "qwen3moe.expert_feed_forward_length": 32,
};

async function refusal(
  changes: Record<string, string | number | undefined>,
  tensors = [f32Tensor("token_embd.weight", [32, 8])],
) {
  const metadata = Object.fromEntries(
    Object.entries({ ...sizes, ...changes }).filter(([, value]) => value !== undefined),
  );
  writeGguf(path, { metadata: metadata as typeof sizes, tensors });
  return errorOf(openModel(path));
}

test("a model that cannot be run says what is wrong with it", async () => {
  expect(await refusal({ "general.architecture": "mamba" })).toMatchInlineSnapshot(
    `"unsupported-architecture: damaged.gguf is a "mamba" model; Sluice runs llama, olmoe, qwen3moe"`,
  );
  expect(await refusal({ "qwen3moe.block_count": undefined })).toMatchInlineSnapshot(
    `"missing-metadata: damaged.gguf has no metadata key "qwen3moe.block_count" (a count expected)"`,
  );
  expect(await refusal({ "qwen3moe.block_count": 0 })).toMatchInlineSnapshot(
    `"bad-gguf: damaged.gguf: metadata key "qwen3moe.block_count": 0 is not a positive whole number"`,
  );
  expect(await refusal({ "qwen3moe.block_count": 2 ** 31 })).toMatchInlineSnapshot(
    `"bad-gguf: damaged.gguf: metadata key "qwen3moe.block_count": 2147483648 layers are more than any model has"`,
  );
  expect(await refusal({ "qwen3moe.expert_used_count": 5 })).toMatchInlineSnapshot(
    `"bad-gguf: damaged.gguf: metadata key "qwen3moe.expert_used_count": 5 of 4 experts cannot serve a token"`,
  );
  expect(await refusal({ "qwen3moe.attention.head_count": 3 })).toMatchInlineSnapshot(
    `"bad-gguf: damaged.gguf: metadata key "qwen3moe.attention.key_length": 10.666666666666666 is not a positive whole number"`,
  );
  expect(await refusal({ "qwen3moe.rope.dimension_count": 15 })).toMatchInlineSnapshot(
    `"bad-gguf: damaged.gguf: metadata key "qwen3moe.rope.dimension_count": 15 of 16 values rotate; this family rotates whole heads, in pairs"`,
  );
  expect(await refusal({})).toMatchInlineSnapshot(
    `"missing-tensor: damaged.gguf has no tensor "blk.0.attn_norm.weight"; was it converted for this architecture?"`,
  );
  expect(await refusal({ "qwen3moe.embedding_length": 64 })).toMatchInlineSnapshot(
    `"bad-gguf: damaged.gguf: tensor "token_embd.weight" has the shape [32, 8], the header's sizes ask for [64, 8]"`,
  );
});
