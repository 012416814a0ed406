/** What `sluice devices --model` plans with, on GPUs of any size; and that a run places the same. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { placeModel } from "../../src/cli/modelPlacement.ts";
import { placementLines } from "../../src/cli/placementText.ts";
import { embeddedModelPath } from "../../src/generation/embeddedModel.ts";
import { expertLayersOf } from "../../src/generation/gpuPlan.ts";
import { openModel } from "../../src/generation/languageModel.ts";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { architectureOf } from "../../src/model/architectures/index.ts";
import { writeGguf } from "../support/ggufBuilder.ts";
import { moeModel } from "../support/moeModel.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();
const mebibyte = 2 ** 20;
const sizes = { contextLength: 64, batchTokens: 8, keyValueFormat: "f16" } as const;
const golden = (name: string) =>
  new URL(`../fixtures/golden/qwen3moe/${name}.gguf`, import.meta.url).pathname;

function gpu(name: string, budgetBytes: number, bindingBytes = 2 ** 30) {
  const limits = { maxBufferSize: bindingBytes, maxStorageBufferBindingSize: bindingBytes };
  return { name, budgetBytes, limits };
}

async function place(path: string, gpus: readonly ReturnType<typeof gpu>[], flags = {}) {
  await using file = await openGguf(path);
  const architecture = architectureOf(file.metadata.string("general.architecture"), file.name);
  const shape = architecture.readShape(file.metadata);
  return placeModel({ file, shape, sizes, gpus, flags });
}

async function linesOn(path: string, gpus: readonly ReturnType<typeof gpu>[], flags = {}) {
  return placementLines("model.gguf", await place(path, gpus, flags), sizes);
}

test("with memory enough, all but the embedding is on the GPU", async () => {
  expect(await linesOn(embeddedModelPath, [gpu("Large", 2 ** 30)])).toMatchInlineSnapshot(`
    [
      "model.gguf on Large",
      "  may be used      1.00 GiB",
      "  computes         layers 0 to 5 and the output head",
      "  hot tensors      1.73 MiB",
      "  keys and values  96.0 KiB for 64 tokens",
      "  activations      about 1.17 MiB for batches of 8 tokens",
      "  experts          all 192 in slots, 8.11 MiB",
      "",
      "On the CPU: the embedding",
    ]
  `);
});

test("with less, fewer experts have slots; with far less, fewer layers are there", async () => {
  const few = await place(embeddedModelPath, [gpu("Small", 5 * mebibyte)]);
  expect(few.gpus[0]).toMatchObject({ layers: [0, 1, 2, 3, 4, 5], experts: 192 });
  expect(few.gpus[0]!.slots).toBeGreaterThan(0);
  expect(few.gpus[0]!.slots).toBeLessThan(192);
  const tiny = await place(embeddedModelPath, [gpu("Tiny", 2 * mebibyte)]);
  expect(tiny.gpus[0]!.layers.at(-1)).toBe(5);
  expect(tiny.cpuLayers).not.toEqual([]);
  expect(tiny.remarks).toEqual([expect.stringMatching(/^\d of 6 layers fit the memory of Tiny/)]);
});

test("two GPUs share the layers, and limits are kept to", async () => {
  const { gpus, cpuLayers } = await place(
    embeddedModelPath,
    [gpu("One", 2 ** 30), gpu("Two", 2 ** 30)],
    { gpuLayers: 4, gpuExperts: mebibyte },
  );
  expect(gpus.map(({ layers, hasOutput }) => ({ layers, hasOutput }))).toEqual([
    { layers: [2, 3], hasOutput: false },
    { layers: [4, 5], hasOutput: true },
  ]);
  expect(cpuLayers).toEqual([0, 1]);
  for (const { slotBytes } of gpus) expect(slotBytes).toBeLessThanOrEqual(mebibyte);
});

test("what no shader multiplies stays on the CPU, and that is said", async () => {
  const { gpus, remarks, cpuHasOutput } = await place(golden("k_zoo_misc"), [gpu("Any", 2 ** 30)]);
  expect(gpus[0]!.layers).toEqual([]);
  expect(cpuHasOutput).toBe(true);
  expect(remarks[0]).toMatch(/^layer 1 holds "blk\.1\.\S+" as \S+, which no shader multiplies/);
});

test("more layers than there are, or keys and values as no GPU has them, are refused", async () => {
  await expect(place(golden("q8_0"), [gpu("Any", 2 ** 30)], { gpuLayers: 9 })).rejects.toThrow(
    "this model has 3 layers",
  );
  await using file = await openGguf(golden("q8_0"));
  const shape = architectureOf("qwen3moe", file.name).readShape(file.metadata);
  const question = { file, shape, gpus: [gpu("Any", 2 ** 30)], flags: {} };
  expect(() => placeModel({ ...question, sizes: { ...sizes, keyValueFormat: "q8_0" } })).toThrow(
    "a GPU keeps keys and values as f16 or f32 only",
  );
});

test.each([
  ["apart", false],
  ["fused", true],
])("slots are as large as an open model's with gate and up %s", async (name, isFused) => {
  const path = join(scratch, `${name}.gguf`);
  const shape = { layers: 2, experts: 4, expertsPerToken: 2, hidden: 64, expertSize: 32, isFused };
  writeGguf(path, moeModel(shape));
  await using file = await openGguf(path);
  const read = architectureOf("qwen3moe", file.name).readShape(file.metadata);
  const layers = expertLayersOf(file, read);
  await using model = await openModel(path, { contextLength: 16 });
  const { slotBytes, slots } = model.experts;
  expect(layers.map((layer) => layer.slotBytes)).toEqual([slotBytes / slots, slotBytes / slots]);
  expect(layers.map(({ layer, expertCount }) => [layer, expertCount])).toEqual([
    [0, 4],
    [1, 4],
  ]);
});
