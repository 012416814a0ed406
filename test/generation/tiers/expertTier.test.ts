/** What an open model says of its experts, and which options it refuses. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type OpenOptions, openModel } from "../../../src/generation/languageModel.ts";
import { AccessProfile } from "../../../src/policy/index.ts";
import { type CacheEvent, type LoadEvent, subscribe } from "../../../src/support/events.ts";
import { tinyModel } from "../../robustness/tinyModels.ts";
import { errorOf } from "../../support/errorOf.ts";
import { f32Tensor, type GgufSource, writeGguf } from "../../support/ggufBuilder.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";
import { path, prompt, roomy, tight } from "./faultBed.ts";
import { budgetsOf, writeModels } from "./tierModels.ts";

const scratch = scratchFolder();

describe("the report", () => {
  test("adds up after a run", async () => {
    await using model = await openModel(path, tight);
    using sequence = model.createSequence();
    await sequence.feed(prompt);
    for (const token of prompt) await sequence.feed([token]);
    await expect.poll(() => model.experts.pending).toBe(0);
    const { counts, prefetch, bytesRead, ...report } = model.experts;
    expect(report.experts).toBe(24);
    expect(report.slots).toBeLessThan(24);
    expect(report.tokenCycleSlots).toBe(9);
    expect(report.fixedBytes + report.slotBytes).toBeLessThanOrEqual(report.budgetBytes);
    expect(report.budgetBytes).toBe(tight.ramBytes);
    expect(counts.decode.uses).toBe(prompt.length * report.tokenCycleSlots);
    expect(report.profile.total()).toMatchObject({
      hits: counts.decode.hits + counts.prefill.hits,
      misses:
        counts.decode.admitted +
        counts.decode.bypassed +
        counts.prefill.admitted +
        counts.prefill.bypassed,
    });
    const expertBytes = model.expertLayers[0]?.expertBytes ?? 0;
    const moved = counts.decode.movedBytes + counts.prefill.movedBytes + prefetch.issued.bytes;
    // Reads given up before they began are missing, those of the first filling are extra.
    expect(bytesRead).toBeLessThanOrEqual(moved + report.slots * expertBytes);
    expect(bytesRead).toBeGreaterThan(0.5 * moved);
    const { useful, late, wasted, dropped, pending, issued } = prefetch;
    const ends = [useful, late, wasted, dropped, pending];
    expect(ends.reduce((sum, { count }) => sum + count, 0)).toBe(issued.count);
    expect(report.stallMs).toBeGreaterThan(0);
  });

  test("calls a prefetch useful when its bytes were there in time", async () => {
    await using model = await openModel(path, { ...tight, policy: "lru", prefetchBytes: 2 ** 20 });
    using sequence = model.createSequence();
    // The previous token's experts are guessed, and a token repeated asks for just these.
    for (let turn = 0; turn < 12; turn++) {
      await sequence.feed([5]);
      await expect.poll(() => model.experts.pending, { interval: 1 }).toBe(0);
    }
    expect(model.experts.prefetch.useful.count).toBeGreaterThan(0);
  });

  test("of a model in memory knows no misses, whatever the policy", async () => {
    for (const policy of ["sharpinference-slru", "per-layer(lru)", "llamacpp-lru"]) {
      await using model = await openModel(path, { ...roomy, policy, load: "eager" });
      using sequence = model.createSequence();
      await sequence.feed(prompt);
      const { slots, experts, pending, counts, predictor } = model.experts;
      expect([slots, experts, pending, predictor]).toEqual([24, 24, 0, undefined]);
      expect(counts.prefill).toMatchObject({ admitted: 0, bypassed: 0 });
    }
  });

  test("of a dense model has no experts", async () => {
    await using model = await openModel(writeGguf(join(scratch, "dense.gguf"), denseModel()), {
      threads: 1,
    });
    using sequence = model.createSequence();
    await sequence.feed([1, 2, 3]);
    expect(model.experts).toMatchObject({ slots: 0, experts: 0, slotBytes: 0, tokenCycleSlots: 0 });
    expect(model.experts.counts.prefill.uses).toBe(0);
  });
});

describe("slots are filled", () => {
  test("before the first token, or beside it", async () => {
    await using eager = await openModel(path, { ...tight, load: "eager" });
    expect(eager.experts).toMatchObject({ pending: 0, bytesRead: eager.experts.slots * 3456 });
    await using lazy = await openModel(path, { ...tight, load: "lazy" });
    expect(lazy.experts.pending).toBe(lazy.experts.slots);
    await expect.poll(() => lazy.experts.pending).toBe(0);
    expect(lazy.experts.bytesRead).toBe(eager.experts.bytesRead);
  });

  test("with those who were hot in earlier runs", async () => {
    const grid = { layerCount: 3, expertsPerLayer: 8 };
    const profile = new AccessProfile(grid);
    const calm = { ...tight, policy: "lru", predictor: "off", insertCap: 0, profile };
    await using first = await openModel(path, calm);
    const step = async (model: typeof first) => {
      using sequence = model.createSequence();
      await sequence.feed([7]);
    };
    await step(first);
    expect(profile.accesses).toBe(9);
    const cold = first.experts.counts.prefill.hits;
    await using second = await openModel(path, calm);
    await step(second);
    const { slots, counts } = second.experts;
    expect(counts.prefill.hits).toBeGreaterThan(cold);
    expect(counts.prefill.hits).toBe(Math.min(9, slots));
  });

  test("in the sight of whoever listens, up to the last byte", async () => {
    const events: LoadEvent[] = [];
    const stop = subscribe("sluice:load", (event) => events.push(event));
    await using model = await openModel(path, { ...tight, load: "eager" });
    using sequence = model.createSequence();
    await sequence.feed(prompt);
    stop();
    const { slots } = model.experts;
    expect(events.at(-1)).toEqual({
      file: "q4_0.gguf",
      loadedBytes: slots * 3456,
      totalBytes: slots * 3456,
    });
  });
});

describe("refused is", () => {
  const cases: readonly (readonly [string, OpenOptions, string])[] = [
    ["an unknown policy", { policy: "lifo" }, 'there is no policy "lifo"'],
    ["a parameter it has not", { policy: "lru:x=1" }, 'lru has no parameter "x"'],
    ["a clairvoyant policy", { policy: "belady" }, "a clairvoyant policy must be given"],
    ["weights for other layers", { policy: "per-layer(lru):weights=1/2" }, "one positive weight"],
    ["an unknown predictor", { predictor: "oracle" }, 'there is no predictor "oracle"'],
    ["a budget that is no number", { ramBytes: Number.NaN }, "ramBytes must be a whole number"],
    ["a negative budget", { ramBytes: -5 }, "ramBytes must be a whole number of at least 1"],
    ["half a byte ahead", { prefetchBytes: 0.5 }, "prefetchBytes must be a whole number"],
    ["a negative cap", { insertCap: -1 }, "insertCap must be"],
    ["pins in parts", { warmPins: 1.5 }, "warmPins must be"],
    ["pins before any use", { warmPinsAfter: 0 }, "warmPinsAfter must be"],
    ["a disk without time", { readTimeoutMs: 0 }, "readTimeoutMs must be"],
    ["a word", { load: "later" as "lazy" }, 'load must be "eager" or "lazy", not "later"'],
    [
      "another model's profile",
      { profile: new AccessProfile({ layerCount: 2, expertsPerLayer: 8 }) },
      "the profile is of 2 layers of 8 experts, the model has 3 layers of 8 experts",
    ],
  ];

  test.for(cases)("%s", async ([, options, message]) => {
    const refusal = await errorOf(openModel(path, { threads: 1, ...options }));
    expect(refusal).toMatch(/^bad-option: /);
    expect(refusal).toContain(message);
  });

  test("a budget below the experts of one layer, and it says which would do", async () => {
    const large = writeModels(scratch).get("one layer") ?? "";
    const { leastBytes } = await budgetsOf(large, roomy);
    const refusal = await errorOf(openModel(large, { ...roomy, ramBytes: leastBytes - 1 }));
    const mib = Math.ceil(leastBytes / 2 ** 20);
    expect(refusal).toMatch(
      new RegExp(`^out-of-memory: this model needs at least ${mib} MiB of RAM, 0 MiB may be used;`),
    );
    await using model = await openModel(large, { ...roomy, policy: "lru", ramBytes: leastBytes });
    expect(model.experts.slots).toBe(2);
  });
});

test("decisions of one model are not taken for another's", async () => {
  await using one = await openModel(path, { ...tight });
  await using other = await openModel(path, { ...tight });
  const events: CacheEvent[] = [];
  const stop = subscribe("sluice:cache", (event) => events.push(event));
  using sequence = one.createSequence();
  await sequence.feed(prompt);
  stop();
  expect(events.length).toBeGreaterThan(0);
  expect(events.every(({ model }) => model === one.identity)).toBe(true);
  expect(other.experts.counts.prefill.uses).toBe(0);
});

/** Llama without experts: one feed-forward per layer. */
function denseModel(): GgufSource {
  const { metadata, tensors } = tinyModel("llama");
  delete metadata["llama.expert_count"];
  delete metadata["llama.expert_used_count"];
  const parts = [0, 1].flatMap((layer) =>
    ["gate", "up", "down"].map((part) =>
      f32Tensor(
        `blk.${layer}.ffn_${part}.weight`,
        [32, 32],
        Array.from({ length: 1024 }, (_, index) => ((index * 37) % 11) / 100),
      ),
    ),
  );
  return {
    metadata,
    tensors: [...tensors.filter(({ name }) => !/exps|gate_inp/.test(name)), ...parts],
  };
}
