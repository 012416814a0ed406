/** What llama.cpp demands of a family's header and tensors, and what it computes when there is a choice. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModel } from "../../src/generation/languageModel.ts";
import { type families, type ModelSource, tinyModel } from "../robustness/tinyModels.ts";
import { errorOf } from "../support/errorOf.ts";
import { f32, f32Tensor, type Value, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const path = join(scratchFolder(), "family.gguf");
type Family = (typeof families)[number];

function changed(family: Family, changes: Record<string, Value>): ModelSource {
  const source = tinyModel(family);
  const named = Object.entries(changes).map(([key, value]) => [`${family}.${key}`, value]);
  return { ...source, metadata: { ...source.metadata, ...Object.fromEntries(named) } };
}

async function logitsOf(source: ModelSource): Promise<Float32Array> {
  writeGguf(path, source);
  await using model = await openModel(path, {
    threads: 1,
    arithmetic: "exact",
    keyValueFormat: "f32",
  });
  using sequence = model.createSequence();
  return await sequence.feed([5, 6, 7, 8, 9, 10, 11]);
}

async function refusalOf(source: ModelSource): Promise<string> {
  return errorOf(logitsOf(source));
}

function without(source: ModelSource, tensor: string): ModelSource {
  return { ...source, tensors: source.tensors.filter(({ name }) => name !== tensor) };
}

test("the embedding stands in for a missing output head where the family allows it", async () => {
  expect(
    (await logitsOf(without(tinyModel("qwen3moe"), "output.weight"))).every(Number.isFinite),
  ).toBe(true);
  expect(
    (await logitsOf(without(tinyModel("llama"), "output.weight"))).every(Number.isFinite),
  ).toBe(true);
  expect(await refusalOf(without(tinyModel("olmoe"), "output.weight"))).toContain(
    'no tensor "output.weight"',
  );
});

test.for(["llama", "olmoe", "qwen3moe"] as const)("%s rotates whole heads only", async (family) => {
  expect(await refusalOf(changed(family, { "rope.dimension_count": 8 }))).toMatch(
    /bad-gguf: .*rotates whole heads/,
  );
});

test("sizes given per layer are read when all layers agree, and refused when they do not", async () => {
  for (const family of ["llama", "olmoe"] as const) {
    const plain = await logitsOf(tinyModel(family));
    expect(await logitsOf(changed(family, { feed_forward_length: [32, 32] }))).toEqual(plain);
    expect(await logitsOf(changed(family, { expert_used_count: [2, 2] }))).toEqual(plain);
    const mixed = await refusalOf(changed(family, { expert_used_count: [2, 1] }));
    expect(mixed).toMatch(/unsupported-architecture: .*differs between layers/);
  }
});

test("rope scaling: a factor of 0 is none, YaRN without a factor still scales by its own, others are refused", async () => {
  const plain = await logitsOf(tinyModel("qwen3moe"));
  expect(
    await logitsOf(
      changed("qwen3moe", { "rope.scaling.type": "none", "rope.scaling.factor": f32(4) }),
    ),
  ).toEqual(plain);
  expect(await logitsOf(changed("qwen3moe", { "rope.scaling.factor": f32(0) }))).toEqual(plain);
  expect(await logitsOf(changed("qwen3moe", { "rope.scaling.factor": f32(4) }))).not.toEqual(plain);
  expect(await logitsOf(changed("qwen3moe", { "rope.scaling.type": "yarn" }))).toEqual(plain);
  const yarn = { "rope.scaling.type": "yarn", "rope.scaling.attn_factor": f32(2) };
  expect(await logitsOf(changed("qwen3moe", yarn))).not.toEqual(plain);
  expect(await refusalOf(changed("qwen3moe", { "rope.scaling.type": "longrope" }))).toContain(
    "unsupported-architecture",
  );
});

test("factors of the rotation must be above 0", async () => {
  const source = tinyModel("llama");
  const factors = { ...f32Tensor("rope_freqs.weight", [8]), data: new Float32Array(8) };
  expect(await refusalOf({ ...source, tensors: [...source.tensors, factors] })).toContain(
    "not above 0",
  );
});

test("a negative epsilon is refused", async () => {
  expect(
    await refusalOf(changed("olmoe", { "attention.layer_norm_rms_epsilon": f32(-1) })),
  ).toContain("below 0");
});
