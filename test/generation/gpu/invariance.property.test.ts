/**
 * Whatever is on GPUs, whoever has a slot there and for how long: not a bit of a logit changes, the
 * same routing is told in the same order, and the counts add up.
 */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { GpuBackend } from "../../../src/compute/gpu/gpuBackend.ts";
import { GpuSlotArena } from "../../../src/experts/gpuSlots.ts";
import {
  type LanguageModel,
  type OpenOptions,
  openModel,
} from "../../../src/generation/languageModel.ts";
import { type CacheEvent, subscribe } from "../../../src/support/events.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";
import { budgetsOf, layersOf, writeModels } from "../tiers/tierModels.ts";
import {
  bitsOf,
  expertBytesOf,
  forStrictAdapters,
  onGpus,
  routingOf,
  type ToldRouting,
} from "./gpuRuns.ts";
import { shareDevices } from "./sharedDevices.ts";

await forStrictAdapters();
shareDevices();

const paths = writeModels(scratchFolder());
/** The first has experts of two sizes, so that layers are in several arenas and pools. */
const models = [
  "mixed sizes",
  "one per token",
  "everybody chosen",
  "routers of two formats",
] as const;
/** The first relies on nothing that an adapter may lack. */
const devices: readonly OpenOptions[] = [
  { ...(await onGpus(1)), gpuLimits: "default" },
  await onGpus(2),
];

const prompt = Array.from({ length: 21 }, (_, index) => (index * 37 + 11) % 61);
const decoded = [7, 7, 50, 23];

interface Trial {
  readonly model: (typeof models)[number];
  readonly deviceCount: 1 | 2;
  /** Of the bytes that all experts take. */
  readonly gpuRoom: number;
  /** From the least budget for RAM (0) to one that holds all experts (1). */
  readonly ramRoom: number;
  readonly gpuLayers: "auto" | "all" | 1 | 2;
  /** Slots that the largest buffer has room for; `undefined`: no such limit. */
  readonly bindingSlots: number | undefined;
  readonly options: OpenOptions;
}

const policies = ["lru", "w-tinylfu", "cycle-burst", "random:seed=3", "s3-fifo", "per-layer(lru)"];
const anyTrial: fc.Arbitrary<Trial> = fc.record({
  model: fc.constantFrom(...models),
  deviceCount: fc.constantFrom(1, 2),
  gpuRoom: fc.oneof(fc.constantFrom(0, 1.1), fc.double({ min: 0.1, max: 0.9, noNaN: true })),
  ramRoom: fc.double({ min: 0, max: 1, noNaN: true }),
  gpuLayers: fc.constantFrom("auto" as const, "all" as const, 1 as const, 2 as const),
  bindingSlots: fc.constantFrom(undefined, 4, 7),
  options: fc.record({
    batchTokens: fc.constantFrom(1, 3, 40),
    policy: fc.constantFrom("lru", "w-tinylfu"),
    gpuPolicy: fc.constantFrom(...policies),
    gpuInsertCap: fc.constantFrom(0, 1, 3, 1000),
    predictor: fc.constantFrom("off", "previous-token", "gate-lookahead"),
    threads: fc.constantFrom(1, 1, 2),
  }),
});
const halfOnOne: Trial = {
  model: "mixed sizes",
  deviceCount: 1,
  gpuRoom: 0.5,
  ramRoom: 0.2,
  gpuLayers: "all",
  bindingSlots: 4,
  options: { batchTokens: 40, policy: "lru", gpuPolicy: "lru", gpuInsertCap: 1000, threads: 1 },
};
const someOnTwo: Trial = {
  ...halfOnOne,
  model: "routers of two formats",
  deviceCount: 2,
  gpuRoom: 0.15,
  gpuLayers: "auto",
  bindingSlots: undefined,
  options: { ...halfOnOne.options, batchTokens: 3, gpuInsertCap: 1, predictor: "gate-lookahead" },
};
const allOnOne: Trial = {
  ...someOnTwo,
  model: "one per token",
  deviceCount: 1,
  gpuRoom: 1.1,
  options: { ...halfOnOne.options, batchTokens: 3 },
};

test("what GPUs hold changes no bit, and all of it is counted", { timeout: 240_000 }, async () => {
  const seen = { hits: 0, admitted: 0, bypassed: 0, partial: 0, severalArenas: 0 };
  const arenas = vi.spyOn(GpuSlotArena, "create");
  const bindingBytes = vi.spyOn(GpuBackend.prototype, "bindingBytes", "get");
  await fc.assert(
    fc.asyncProperty(anyTrial, async (trial) => {
      const { model: name, deviceCount, gpuRoom, ramRoom, bindingSlots } = trial;
      const options = { contextLength: 48, ...trial.options };
      const expected = await onProcessor(name, options.batchTokens!);
      const { leastFor, allBytes } = await budgetsOf(paths.get(name)!, options);
      const least = leastFor(options.policy!);
      arenas.mockClear();
      bindingBytes.mockReturnValue((bindingSlots ?? 1000) * expected.largestSlot);
      await using model = await openModel(paths.get(name)!, {
        ...options,
        ...devices[deviceCount - 1],
        gpuLayers: trial.gpuLayers,
        gpuExpertBytes: Math.floor((expected.expertBytes * gpuRoom) / deviceCount),
        ramBytes: Math.ceil(least + ramRoom * (allBytes - least)),
      });
      const decisions: CacheEvent[] = [];
      const stop = subscribe("sluice:cache", (event) => {
        if (event.model === model.identity && event.tier === "gpu") decisions.push(event);
      });
      const said = await saidBy(model).finally(stop);
      expect(said).toEqual(expected.said);

      if (arenas.mock.calls.length > model.gpus.length) seen.severalArenas++;
      for (const { device, counts, profile, slots, experts, layers } of model.gpus) {
        const { prefill, decode } = counts;
        const own = decisions.filter((event) => event.device === device);
        // Experts are numbered over the whole model, those that are served in the layer that is.
        const numbersOf = ({ layer, expert }: CacheEvent) => {
          const ordinal = Math.floor(expert / profile.expertsPerLayer);
          return [layer, ordinal, model.expertLayers[ordinal]?.layer];
        };
        for (const event of own.filter(({ kind }) => kind !== "pin")) {
          const [layer, ordinal, modelLayer] = numbersOf(event);
          expect(ordinal).toBe(layer);
          expect(layers).toContain(modelLayer);
        }
        const told = (kind: string) => own.filter((event) => event.kind === kind).length;
        for (const { uses, hits, admitted, bypassed } of [prefill, decode]) {
          expect(uses).toBe(hits + admitted + bypassed);
          seen.hits += hits;
          seen.admitted += admitted;
          seen.bypassed += bypassed;
        }
        expect([told("hit"), told("admit"), told("bypass")]).toEqual([
          prefill.hits + decode.hits,
          prefill.admitted + decode.admitted,
          prefill.bypassed + decode.bypassed,
        ]);
        if (slots > 0) expect(profile.accesses).toBe(prefill.uses + decode.uses);
        // Where all experts are of one size and buffer, all layers of a GPU have slots, or none.
        if (slots > 0 && name !== "mixed sizes" && bindingSlots === undefined) {
          expect(prefill.uses + decode.uses).toBe(usesOf(said.routing, layers));
        }
        if (slots > 0 && slots < experts) seen.partial++;
      }
    }),
    {
      numRuns: Number(process.env["SLUICE_GPU_RUNS"] ?? 8),
      examples: [[halfOnOne], [someOnTwo], [allOnOne]],
    },
  );
  vi.restoreAllMocks();
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});

interface Said {
  readonly logits: readonly (readonly number[])[];
  readonly routing: readonly ToldRouting[];
}

/** A prompt, a rewind, a second sequence between the first one's tokens. */
async function saidBy(model: LanguageModel): Promise<Said> {
  using routing = routingOf(model);
  using first = model.createSequence();
  using second = model.createSequence();
  const logits: number[][] = [];
  const say = async (values: Promise<Float32Array>) => logits.push(bitsOf(await values));
  await say(first.feed(prompt));
  first.rewind(17);
  await say(second.feed(prompt.slice(0, 5)));
  await say(first.feed(prompt.slice(17), { outputs: "all" }));
  for (const token of decoded) {
    await say(first.feed([token]));
    await say(second.feed([prompt[second.length]!]));
  }
  expect(logits.flat().every((bits) => (bits & 0x7f80_0000) !== 0x7f80_0000)).toBe(true);
  return { logits, routing: routing.told };
}

/** Asks of distinct experts, pass by pass. */
function usesOf(routing: readonly ToldRouting[], layers: readonly number[]): number {
  const own = routing.filter(({ layer }) => layers.includes(layer));
  return own.reduce((sum, { experts }) => sum + new Set(experts).size, 0);
}

const known = new Map<string, Promise<{ said: Said; expertBytes: number; largestSlot: number }>>();

function onProcessor(name: string, batchTokens: number) {
  const compute = async () => {
    const options = { contextLength: 48, threads: 1, batchTokens };
    await using model = await openModel(paths.get(name)!, options);
    const largestSlot = Math.max(...layersOf(model).map(({ slotBytes }) => slotBytes));
    return { said: await saidBy(model), expertBytes: expertBytesOf(model), largestSlot };
  };
  const key = `${name} ${batchTokens}`;
  const answer = known.get(key) ?? compute();
  known.set(key, answer);
  return answer;
}
