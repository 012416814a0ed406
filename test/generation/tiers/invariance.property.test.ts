/** However experts are kept, fetched and guessed: not a bit of a logit changes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type OpenOptions, openModel } from "../../../src/generation/languageModel.ts";
import { seededRandom } from "../../../src/numerics/random.ts";
import {
  AccessProfile,
  type ExpertGrid,
  policyEntry,
  policyNames,
  predictorNames,
} from "../../../src/policy/index.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";
import { type Budgets, budgetsOf, fixture, writeModels } from "./tierModels.ts";

const generated = writeModels(scratchFolder());
const models = [
  "mixtral/q8_0",
  "olmoe/q8_0",
  "qwen3moe/q4_0",
  "qwen3moe/k_q4_k_m",
  "tiny-moe-q4_0",
  ...generated.keys(),
] as const;

/** More than a wide pass takes, a rewind, single tokens, then a second sequence between the first's. */
const prompt = Array.from({ length: 34 }, (_, index) => (index * 37 + 11) % 61);
const decoded = [7, 7, 50, 23];
const tokens = [...prompt, ...decoded];
const positions = 48;

const policies = [
  ...policyNames.filter((name) => {
    const { takesInner, traits } = policyEntry(name);
    return !takesInner && !traits.needsFuture;
  }),
  "slru:protected=0.5,fill=pooled",
  "s3-fifo:small=0.3,ghost=2,promotion=2",
  "lirs:hir=0.5",
  "lfu-decay:halfLife=2",
  "w-tinylfu:window=0.5",
  "sharpinference-slru:frequency=off",
  "gdsf:cost=bytes,size=bytes",
  "random:seed=3",
  "per-layer(lru)",
  "per-layer(sharpinference-slru)",
  "per-layer(w-tinylfu)",
  "per-layer(lirs)",
];

interface Trial {
  readonly model: (typeof models)[number];
  /** From the least budget (0) to one that holds all experts (1). */
  readonly room: number;
  readonly options: OpenOptions;
  /** Seed of what was hot in earlier runs; `undefined` without such runs. */
  readonly heat: number | undefined;
}

function anyTrial(): fc.Arbitrary<Trial> {
  const options: fc.Arbitrary<OpenOptions> = fc.record({
    contextLength: fc.constant(positions),
    policy: fc.constantFrom(...policies),
    load: fc.constantFrom("eager" as const, "lazy" as const),
    predictor: fc.constantFrom(...predictorNames, "off"),
    threads: fc.constantFrom(1, 1, 1, 1, 2, 3),
    batchTokens: fc.constantFrom(1, 3, 6, 40, 40, 40),
    prefetchBytes: fc.constantFrom(0, 5000, 200_000, 2 ** 30),
    insertCap: fc.constantFrom(0, 1, 5, 1000),
    warmPins: fc.constantFrom(0, 1, 3),
    warmPinsAfter: fc.constantFrom(1, 100),
    arenaBytes: fc.constantFrom(2 ** 17, 2 ** 26, 2 ** 26),
  });
  return fc.record({
    model: fc.constantFrom(...models),
    room: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
    options,
    heat: fc.option(fc.nat(), { nil: undefined }),
  });
}

/** Random uses of experts. */
function profileOf(grid: ExpertGrid, seed: number): AccessProfile {
  const profile = new AccessProfile(grid);
  const random = seededRandom(seed);
  for (let use = 0; use < 50; use++) {
    const [layer, expert] = [grid.layerCount, grid.expertsPerLayer].map((n) =>
      Math.floor(random() * n),
    );
    profile.recordHit(layer as number, expert as number);
  }
  return profile;
}

const pathOf = (model: string) => generated.get(model) ?? fixture(model);

/** Computed once per model: logits of all positions, everything in memory. */
const expectedOf = remembering(async (model) => {
  await using whole = await openModel(pathOf(model), { threads: 1, contextLength: positions });
  using sequence = whole.createSequence();
  const logits = await sequence.feed(tokens, { outputs: "all" });
  return (position: number) =>
    logits.subarray(position * whole.vocabularySize, (position + 1) * whole.vocabularySize);
});

const budgetOf = remembering(async (key): Promise<Budgets> => {
  const { model, ...options } = JSON.parse(key) as OpenOptions & { readonly model: string };
  return budgetsOf(pathOf(model), { contextLength: positions, ...options });
});

test("random ways to keep experts have the logits of a model in memory", async () => {
  const counts = { partial: 0, hits: 0, misses: 0, prefetched: 0, bypassed: 0 };
  await fc.assert(
    fc.asyncProperty(anyTrial(), async ({ model: name, room, options, heat }) => {
      const expected = await expectedOf(name);
      const { threads, batchTokens, predictor, prefetchBytes, policy } = options;
      const looksAhead = predictor === "gate-lookahead" && prefetchBytes !== 0;
      const { leastFor, allBytes, grid } = await budgetOf(
        JSON.stringify({
          model: name,
          threads,
          batchTokens,
          predictor: looksAhead ? predictor : "off",
        }),
      );
      const leastBytes = leastFor(policy ?? "");
      const profile = heat === undefined ? undefined : profileOf(grid, heat);
      const earlierUses = profile?.accesses ?? 0;
      const ramBytes = Math.floor(leastBytes + room * (allBytes - leastBytes));
      await using model = await openModel(pathOf(name), {
        ...options,
        ramBytes,
        ...(profile && { profile }),
      });
      using first = model.createSequence();
      using second = model.createSequence();
      const check = (logits: Float32Array, position: number) => {
        expect(Buffer.compare(bytesOf(logits), bytesOf(expected(position)))).toBe(0);
      };
      check(await first.feed(prompt), prompt.length - 1);
      first.rewind(28);
      check(await second.feed(prompt.slice(0, 9)), 8);
      check(await first.feed(prompt.slice(28)), prompt.length - 1);
      for (const [index, token] of decoded.entries()) {
        check(await first.feed([token]), prompt.length + index);
        if (index % 2 === 0) continue;
        check(await second.feed([prompt[second.length] as number]), second.length - 1);
      }
      const { slots, experts, slotBytes, fixedBytes, budgetBytes, ...report } = model.experts;
      expect(fixedBytes + slotBytes).toBeLessThanOrEqual(budgetBytes);
      const { decode, prefill } = report.counts;
      expect(prefill.uses + decode.uses).toBe(report.profile.accesses - earlierUses);
      if (slots < experts) counts.partial++;
      counts.hits += decode.hits + prefill.hits;
      counts.misses += decode.admitted + prefill.admitted;
      counts.bypassed += decode.bypassed + prefill.bypassed;
      counts.prefetched += report.prefetch.issued.count;
    }),
    { numRuns: Number(process.env["SLUICE_TIER_RUNS"] ?? 200) },
  );
  // Nothing would be tested if everything fitted, or nothing ever moved.
  expect(counts.partial).toBeGreaterThan(100);
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(100);
}, 240_000);

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function remembering<Value>(make: (key: string) => Promise<Value>): typeof make {
  const known = new Map<string, Promise<Value>>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}
