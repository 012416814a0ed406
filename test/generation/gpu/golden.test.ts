/**
 * The golden models on GPUs. `fast` runs must have the logits, the routing and the text of the
 * processor's, bit for bit; `exact` ones sum in an order of their own and are held against llama.cpp.
 */
import { describe, expect, test } from "vitest";
import type { GpuReport } from "../../../src/generation/gpuReport.ts";
import {
  type LanguageModel,
  type OpenOptions,
  openModel,
} from "../../../src/generation/languageModel.ts";
import { compare, type GoldenCase, goldenCases } from "../../golden/golden.ts";
import { fixture, layersOf } from "../tiers/tierModels.ts";
import {
  bitsOf,
  expertBytesOf,
  forStrictAdapters,
  gpuCountsOf,
  onGpus,
  routingOf,
  type ToldRouting,
} from "./gpuRuns.ts";
import { shareDevices } from "./sharedDevices.ts";

await forStrictAdapters();
shareDevices();

const one = await onGpus(1);
const two = await onGpus(2);

/** Where the experts are to be; judged by what the model reports, so that no run tests another. */
interface Arrangement {
  readonly options: (model: LanguageModel) => OpenOptions;
  readonly check: (gpus: readonly GpuReport[], model: LanguageModel) => void;
}

const arrangements = {
  "all on the GPU": {
    options: () => one,
    check([gpu], model) {
      expect(gpu!.slots).toBe(gpu!.experts);
      expect(gpu).toMatchObject({ hasOutput: true, layers: layersOfModel(model) });
      expect(missesOf(model)).toBe(0);
    },
  },
  "half the experts in slots": {
    options: (model) => ({ ...one, gpuExpertBytes: expertBytesOf(model) / 2 }),
    check([gpu], model) {
      expect(gpu!.slots).toBeGreaterThan(gpu!.experts / 2 - 3);
      expect(gpu!.slots).toBeLessThanOrEqual(gpu!.experts / 2);
      expect(missesOf(model)).toBeGreaterThan(0);
    },
  },
  "one slot more than a token needs": {
    options: (model) => {
      const slots = model.shape.expertsPerToken + 1;
      return { ...one, gpuExpertBytes: layersOf(model)[0]!.slotBytes * slots };
    },
    check([gpu], model) {
      expect(gpu!.slots).toBe(model.shape.expertsPerToken + 1);
      expect(missesOf(model)).toBeGreaterThan(0);
    },
  },
  "on two devices": {
    options: (model) => ({ ...two, gpuExpertBytes: expertBytesOf(model) / 4 }),
    check([first, second], model) {
      expect([...first!.layers, ...second!.layers]).toEqual(layersOfModel(model));
      expect(Math.min(first!.layers.length, second!.layers.length)).toBeGreaterThan(0);
      expect([first!.hasOutput, second!.hasOutput]).toEqual([false, true]);
      expect(missesOf(model)).toBeGreaterThan(0);
    },
  },
} as const satisfies Record<string, Arrangement>;
type ArrangementName = keyof typeof arrangements;

/** Every family meets every arrangement; formats that no golden model has are in `formats.test.ts`. */
const matrix: readonly (readonly [string, ...ArrangementName[]])[] = [
  [
    "mixtral/q8_0",
    "half the experts in slots",
    "on two devices",
    "one slot more than a token needs",
  ],
  ["olmoe/q8_0", "on two devices", "all on the GPU", "one slot more than a token needs"],
  ["qwen3moe/q8_0", "on two devices", "all on the GPU"],
  ["qwen3moe/q4_0", "half the experts in slots", "one slot more than a token needs"],
  ["mixtral/f32", "all on the GPU"],
  ["olmoe/f32", "half the experts in slots"],
  ["qwen3moe/f16", "half the experts in slots"],
  ["qwen3moe/bf16", "half the experts in slots"],
  ["qwen3moe/mxfp4_moe", "half the experts in slots"],
  ["qwen3moe/iq4_nl", "half the experts in slots"],
  ["mixtral/k_q4_k_m", "all on the GPU"],
  ["olmoe/k_q4_k_m", "half the experts in slots"],
  ["qwen3moe/k_q5_k_m", "half the experts in slots"],
  ["qwen3moe/k_q6_k", "all on the GPU"],
];

const folder = fixture("x").replace(/x\.gguf$/, "");
const casesByModel = Map.groupBy(
  goldenCases(folder, ["llama", "olmoe", "qwen3moe"]),
  ({ title }) => title.split(" ", 1)[0]!,
);

describe("fast arithmetic", () => {
  test.for(matrix)("%s has the processor's bits", async ([name, ...wanted]) => {
    const { file } = casesByModel.get(name)![0]!;
    const { given, expected, options } = await onProcessor(name);
    for (const arrangement of wanted) {
      const { check } = arrangements[arrangement];
      await using model = await openModel(file, { ...given, ...options[arrangement] });
      expect.soft(await saidBy(model, name), arrangement).toEqual(expected);
      check(model.gpus, model);
    }
  });
});

interface Said {
  /** Bits, one row per position. */
  readonly logits: readonly (readonly number[])[];
  readonly routing: readonly ToldRouting[];
  readonly greedy: readonly number[];
}

async function onProcessor(name: string) {
  const given: OpenOptions = { threads: 1, contextLength: 64, batchTokens: 16 };
  await using model = await openModel(casesByModel.get(name)![0]!.file, given);
  const entries = Object.entries(arrangements) as [ArrangementName, Arrangement][];
  const options = Object.fromEntries(entries.map(([key, value]) => [key, value.options(model)]));
  return {
    given,
    expected: await saidBy(model, name),
    options: options as Record<ArrangementName, OpenOptions>,
  };
}

/** The golden run's prompt at once and its tokens one by one; then greedy text from the prompt. */
async function saidBy(model: LanguageModel, name: string): Promise<Said> {
  const { prompt, fed_tokens_after_prompt: fed } = shortRun(name);
  using routing = routingOf(model);
  using sequence = model.createSequence();
  const logits = [bitsOf(await sequence.feed(prompt, { outputs: "all" }))];
  for (const token of fed) logits.push(bitsOf(await sequence.feed([token])));
  const answer = model.generate(prompt, { maxTokens: 4, temperature: 0 });
  await Array.fromAsync(answer);
  return { logits, routing: routing.told, greedy: answer.tokens };
}

function shortRun(name: string): GoldenCase["run"] {
  return casesByModel.get(name)!.find(({ run }) => run.name === "short")!.run;
}

describe("exact arithmetic", () => {
  /** Families and arrangements; the formats' exact shaders have tests of their own. */
  const cases: readonly (readonly [string, ArrangementName])[] = [
    ["mixtral/q8_0", "one slot more than a token needs"],
    ["olmoe/q8_0", "on two devices"],
    ["qwen3moe/q8_0", "half the experts in slots"],
    ["qwen3moe/k_q6_k", "all on the GPU"],
  ];
  test.for(cases)("%s, %s, agrees with llama.cpp", async ([name, arrangement]) => {
    const golden = casesByModel
      .get(name)!
      .find(({ arithmetic, run }) => arithmetic === "exact" && run.name === "short")!;
    const { options } = await onProcessor(name);
    const { problems, logits } = await compare(golden, {
      ...options[arrangement],
      threads: 1,
      contextLength: 64,
      batchTokens: 16,
    });
    expect(problems).toEqual([]);
    expect(logits).toBeLessThan(1e-3);
  });
});

function layersOfModel({ shape }: LanguageModel): number[] {
  return Array.from({ length: shape.layerCount }, (_, layer) => layer);
}

function missesOf(model: LanguageModel): number {
  return gpuCountsOf(model).reduce((sum, { uses, hits }) => sum + uses - hits, 0);
}
