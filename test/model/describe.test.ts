/** Descriptions of models, from headers alone. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { embeddedModelPath } from "../../src/generation/embeddedModel.ts";
import { openModel } from "../../src/generation/languageModel.ts";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { describeModel, type ModelDescription } from "../../src/model/describe.ts";
import { f32Tensor, type GgufSource, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();
const golden = fileURLToPath(new URL("../fixtures/golden/qwen3moe/k_q4_k_m.gguf", import.meta.url));

async function describe(path: string): Promise<ModelDescription> {
  await using file = await openGguf(path);
  return describeModel(file, {
    hasKernel: (format) => format === "F32",
    contextLengthLimit: 256,
  });
}

let made = 0;
async function describeMade(source: GgufSource): Promise<ModelDescription> {
  return describe(writeGguf(join(scratch, `${made++}.gguf`), source));
}

test("counts what the embedded model's documentation says", async () => {
  const { experts, parameters, vocabulary, formats } = await describe(embeddedModelPath);
  expect(parameters).toEqual({ total: 11_521_664, activePerToken: 3_264_128 });
  expect(experts?.layers).toEqual(
    [0, 1, 2, 3, 4, 5].map((layer) => ({ layer, expertBytes: 44_288 })),
  );
  expect(experts?.tokenCycle).toEqual({ slots: 24, bytes: 24 * 44_288 });
  expect(vocabulary).toEqual({
    size: 2048,
    kind: "gpt2",
    splitPattern: "qwen2",
    hasChatTemplate: true,
  });
  expect(formats.map(({ format, hasKernel }) => [format, hasKernel])).toEqual([
    ["Q8_0", false],
    ["Q6_K", false],
    ["F32", true],
  ]);
});

test.each([embeddedModelPath, golden])(
  "foresees the memory that opening takes: %s",
  async (path) => {
    const { memory } = await describe(path);
    await using model = await openModel(path, { contextLength: 256, keyValueFormat: "f32" });
    const { hotBytes, expertBytes, keyValueBytes } = model.memory;
    expect({ hotBytes: memory.hotBytes, expertBytes: memory.expertBytes }).toEqual({
      hotBytes,
      expertBytes,
    });
    expect(memory.keyValues?.defaultContextLength).toBe(256);
    expect(256 * (memory.keyValues?.bytesPerToken.f32 ?? 0)).toBe(keyValueBytes);
  },
);

test("dense layers in front and shared experts are not the router's", async () => {
  const { experts, parameters, memory } = await describeMade({
    metadata: {
      "general.architecture": "someday",
      "someday.block_count": 2,
      "someday.expert_count": 4,
      "someday.expert_used_count": 3,
    },
    tensors: [
      f32Tensor("blk.0.ffn_gate.weight", [8, 2]),
      f32Tensor("blk.1.ffn_gate_exps.weight", [8, 2, 4]),
      f32Tensor("blk.1.ffn_down_exps.bias", [8, 4]),
      f32Tensor("blk.1.ffn_gate_shexp.weight", [8, 2]),
      f32Tensor("blk.1.ffn_gate_inp.weight", [8, 4]),
    ],
  });
  expect(experts).toEqual({
    expertCount: 4,
    expertsPerToken: 3,
    layers: [{ layer: 1, expertBytes: 96 }],
    tokenCycle: { slots: 3, bytes: 288 },
  });
  expect(memory).toEqual({ hotBytes: 256, expertBytes: 384, keyValues: undefined });
  expect(parameters).toEqual({ total: 160, activePerToken: 64 + 72 });
});

test("the old layout, a tensor per expert, counts as experts", async () => {
  const { experts, parameters } = await describeMade({
    metadata: {
      "general.architecture": "llama",
      "llama.expert_count": 2,
      "llama.expert_used_count": 1,
    },
    tensors: [0, 1].flatMap((expert) =>
      ["gate", "up", "down"].map((part) => f32Tensor(`blk.0.ffn_${part}.${expert}.weight`, [4, 4])),
    ),
  });
  expect(experts?.layers).toEqual([{ layer: 0, expertBytes: 192 }]);
  expect(parameters).toEqual({ total: 96, activePerToken: 48 });
});

test("vectors count as f32 in memory, whatever their format in the file", async () => {
  const halves = { type: "F16", data: new Uint16Array(8) } as const;
  const { memory } = await describeMade({
    tensors: [
      { name: "output_norm.weight", shape: [8], ...halves },
      { name: "output.weight", shape: [4, 2], ...halves },
    ],
  });
  expect(memory.hotBytes).toBe(8 * 4 + 8 * 2);
});

test("a dense model has no experts and no token cycle", async () => {
  const { experts, parameters } = await describeMade({
    metadata: { "general.architecture": "llama", "llama.expert_count": 0 },
    tensors: [f32Tensor("output_norm.weight", [4])],
  });
  expect(experts).toBeUndefined();
  expect(parameters).toEqual({ total: 4, activePerToken: 4 });
});

test("says what is in the way of running a model", async () => {
  const tensors = [f32Tensor("token_embd.weight", [4])];
  const obstacles = await Promise.all([
    describeMade({ tensors }),
    describeMade({ metadata: { "general.architecture": "someday" }, tensors }),
    describeMade({ metadata: { "general.architecture": "llama" }, tensors }),
    describeMade({ metadata: { "general.architecture": 7 }, tensors }),
  ]);
  expect(
    obstacles.map(({ obstacle }) => obstacle?.replace(/^\d+\.gguf/, "FILE")),
  ).toMatchInlineSnapshot(`
    [
      "the file names no architecture",
      "FILE is a "someday" model; Sluice runs llama, olmoe, qwen3moe",
      "FILE has no metadata key "llama.block_count" (a count expected)",
      "the file names no architecture",
    ]
  `);
});

test("what a header says wrongly is as good as not said", async () => {
  const { layerCount, hiddenSize, contextLength, experts } = await describeMade({
    metadata: {
      "general.architecture": "someday",
      "someday.block_count": "three",
      "someday.embedding_length": [64, 64],
      "someday.context_length": -1,
      "someday.expert_count": 4,
      "someday.expert_used_count": [2, 3],
    },
    tensors: [f32Tensor("blk.0.ffn_up_exps.weight", [2, 2, 4])],
  });
  expect([layerCount, hiddenSize, contextLength]).toEqual([undefined, 64, undefined]);
  expect(experts).toMatchObject({ expertsPerToken: undefined, tokenCycle: undefined });
});
