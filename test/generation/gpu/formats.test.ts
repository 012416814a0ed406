/**
 * Formats that no golden model has, mixed as no golden model mixes them: gate and up of an expert in
 * different formats, experts that no shader multiplies on layers that a GPU computes, layers that
 * stay on the processor.
 */
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { GpuMixer } from "../../../src/compute/gpu/gpuMixer.ts";
import {
  type LanguageModel,
  type OpenOptions,
  openModel,
} from "../../../src/generation/languageModel.ts";
import type { FormatName } from "../../../src/numerics/formats/blockFormat.ts";
import { seededRandom } from "../../../src/numerics/random.ts";
import { randomWeights } from "../../kernels/randomRows.ts";
import { errorOf } from "../../support/errorOf.ts";
import { type GgufSource, writeGguf } from "../../support/ggufBuilder.ts";
import { moeModel } from "../../support/moeModel.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";
import {
  bitsOf,
  expertBytesOf,
  forStrictAdapters,
  gpuCountsOf,
  onGpus,
  routingOf,
} from "./gpuRuns.ts";
import { shareDevices } from "./sharedDevices.ts";

await forStrictAdapters();
shareDevices();

const scratch = scratchFolder();
const given: OpenOptions = { threads: 1, contextLength: 32, batchTokens: 8 };

/** By a tensor's name without "weight". */
type FormatsByName = Readonly<Record<string, FormatName>>;

/** Random weights in place of those of the tensors named. */
function inFormats(source: GgufSource, wanted: FormatsByName): GgufSource {
  const random = seededRandom(7);
  const tensors = source.tensors!.map((tensor) => {
    const [, format] =
      Object.entries(wanted).find(([name]) => tensor.name === `${name}.weight`) ?? [];
    if (format === undefined) return tensor;
    const [columns, ...rows] = tensor.shape as [number, ...number[]];
    const count = rows.reduce((product, size) => product * size, 1);
    return { ...tensor, type: format, data: randomWeights(random, format, count, columns) };
  });
  return { ...source, tensors };
}

function modelOf(name: string, layers: number, formats: FormatsByName): string {
  const shape = { layers, experts: 4, expertsPerToken: 2, hidden: 256, expertSize: 256 };
  return writeGguf(join(scratch, `${name}.gguf`), inFormats(moeModel(shape), formats));
}

async function said(model: LanguageModel): Promise<object> {
  using routing = routingOf(model);
  using sequence = model.createSequence();
  const logits = [bitsOf(await sequence.feed([3, 1, 4, 1, 5], { outputs: "all" }))];
  for (const token of [9, 2, 6]) logits.push(bitsOf(await sequence.feed([token])));
  expect(logits.flat().every((bits) => (bits & 0x7f80_0000) !== 0x7f80_0000)).toBe(true);
  return { logits, routing: routing.told };
}

test("gate, up and down of formats of their own have the processor's bits", async () => {
  const path = modelOf("mixed", 2, {
    "blk.0.attn_q": "Q5_0",
    "blk.0.attn_k": "IQ4_XS",
    "blk.0.ffn_gate_exps": "Q4_1",
    "blk.0.ffn_up_exps": "Q5_0",
    "blk.0.ffn_down_exps": "Q2_K",
    "blk.1.ffn_gate_exps": "IQ4_XS",
    "blk.1.ffn_up_exps": "IQ4_XS",
    "blk.1.ffn_down_exps": "Q3_K",
  });
  await using onProcessor = await openModel(path, given);
  const gpuExpertBytes = Math.floor(0.6 * expertBytesOf(onProcessor));
  await using model = await openModel(path, { ...given, ...(await onGpus(1)), gpuExpertBytes });
  expect(await said(model)).toEqual(await said(onProcessor));
  expect(model.gpus).toMatchObject([{ layers: [0, 1], hasOutput: true, slots: 4 }]);
  expect(gpuCountsOf(model).every(({ hits, uses }) => hits > 0 && hits < uses)).toBe(true);
});

test("what has no shader stays on the processor, and the rest goes to the GPU", async () => {
  const path = modelOf("partly", 3, {
    "blk.0.attn_q": "TQ1_0",
    "blk.1.ffn_down_exps": "IQ1_S",
    output: "IQ2_S",
  });
  await using onProcessor = await openModel(path, given);
  await using model = await openModel(path, { ...given, ...(await onGpus(1)) });
  expect(await said(model)).toEqual(await said(onProcessor));
  // Layer 1 is computed there without its experts.
  expect(model.gpus).toMatchObject([{ layers: [1, 2], hasOutput: false, slots: 4 }]);
  expect(model.remarks.join("\n")).toMatch(
    /^layer 0 holds "blk.0.attn_q.weight" as TQ1_0, which no shader multiplies: it and those before it stay on the CPU$/m,
  );
  expect(model.remarks.join("\n")).toMatch(/^the output head holds "output.weight" as IQ2_S/m);
});

test("a model of which no layer has shaders is computed by the processor", async () => {
  const path = modelOf("none", 1, { "blk.0.attn_q": "TQ1_0" });
  await using onProcessor = await openModel(path, given);
  await using model = await openModel(path, { ...given, ...(await onGpus(1)) });
  expect(await said(model)).toEqual(await said(onProcessor));
  expect(model.gpus).toMatchObject([{ layers: [], slots: 0 }]);
});

test("an adapter that computes one of two formats otherwise moves no expert", async () => {
  const parts = ["ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"];
  const inLayer = (layer: number, format: FormatName) =>
    Object.fromEntries(parts.map((part) => [`blk.${layer}.${part}`, format]));
  // Blocks of the same size, so that both layers share a buffer.
  const path = modelOf("equal sizes", 2, { ...inLayer(0, "Q4_0"), ...inLayer(1, "IQ4_NL") });
  await using onProcessor = await openModel(path, given);
  const options = {
    ...given,
    ...(await onGpus(1)),
    gpuExpertBytes: expertBytesOf(onProcessor) / 2,
  };
  {
    await using model = await openModel(path, options);
    expect(model.gpus[0]).toMatchObject({ movesExperts: true });
  }
  const real = GpuMixer.prototype.compute;
  vi.spyOn(GpuMixer.prototype, "compute").mockImplementation(function (
    this: GpuMixer,
    rows,
    ...more
  ) {
    if (rows.shape.gate.matrix.format.name !== "IQ4_NL") real.call(this, rows, ...more);
  });
  try {
    await using model = await openModel(path, options);
    expect(model.gpus[0]).toMatchObject({ movesExperts: false });
  } finally {
    vi.restoreAllMocks();
  }
});

test("a policy for GPUs that does not exist is refused, whether or not one is used", async () => {
  const opening = openModel(undefined, { gpu: "off", gpuPolicy: "nope" });
  expect(await errorOf(opening)).toMatch(/^bad-option: there is no policy "nope"/i);
});
