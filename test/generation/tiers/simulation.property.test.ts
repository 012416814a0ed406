/**
 * The engine decides as the simulator does: every hit, victim, bypass, prefetch and pin of a run is
 * the one that a replay of its recorded routing arrives at.
 */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type OpenOptions, openModel } from "../../../src/generation/languageModel.ts";
import { planRam, type RamPlan } from "../../../src/generation/ramPlan.ts";
import { fillOrder } from "../../../src/policy/cache/fillOrder.ts";
import { type CacheDecision, predictorNames } from "../../../src/policy/index.ts";
import { subscribe } from "../../../src/support/events.ts";
import { openTrace } from "../../../src/trace/openTrace.ts";
import { replayBatches } from "../../../src/trace/simulation/batchRule.ts";
import { futureOf, traceAccesses } from "../../../src/trace/simulation/traceAccesses.ts";
import { TraceRecorder } from "../../../src/trace/traceRecorder.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";
import { anySteps, play, type Step } from "./steps.ts";
import { budgetsOf, fixture, layersOf, writeModels } from "./tierModels.ts";

const scratch = scratchFolder();
const generated = writeModels(scratch);
const models = ["mixtral/q8_0", "olmoe/q8_0", "qwen3moe/q4_0", ...generated.keys()];

const anyOptions: fc.Arbitrary<OpenOptions> = fc.record(
  {
    policy: fc.constantFrom(
      "lru",
      "lfu-decay:halfLife=8",
      "cycle-aware",
      "random:seed=5",
      "sharpinference-slru",
      "llamacpp-lru",
      "w-tinylfu",
      "per-layer(lfu)",
      "gdsf",
    ),
    predictor: fc.constantFrom(...predictorNames, "gate-lookahead", "off"),
    batchTokens: fc.constantFrom(1, 8, 40),
    load: fc.constantFrom("eager" as const, "lazy" as const),
    prefetchBytes: fc.constantFrom(7000, 60_000, 2 ** 30),
    insertCap: fc.constantFrom(0, 2, 100),
    warmPins: fc.constantFrom(0, 2),
    warmPinsAfter: fc.constantFrom(1, 50),
  },
  { requiredKeys: ["policy", "predictor", "batchTokens"] },
);

interface Run {
  readonly decisions: readonly CacheDecision[];
  readonly plan: RamPlan;
}

/** Opens a model with some tenths of the slots, plays the steps and records what is routed. */
async function runEngine(
  path: string,
  { tenths, options, steps }: { tenths: number; options: OpenOptions; steps: readonly Step[] },
  traceFile: string,
): Promise<Run> {
  const { leastFor, allBytes } = await budgetsOf(path, options);
  const leastBytes = leastFor(options.policy ?? "");
  const ramBytes = Math.floor(leastBytes + (tenths / 10) * (allBytes - leastBytes));
  await using model = await openModel(path, { ...options, ramBytes });
  const decisions: CacheDecision[] = [];
  const stop = subscribe("sluice:cache", ({ model: source, tier: _, ...decision }) => {
    if (source === model.identity) decisions.push(decision);
  });
  const recorder = new TraceRecorder(traceFile, model);
  await play(model, steps);
  recorder.close();
  stop();
  const plan = planRam({
    budget: ramBytes,
    fixedBytes: model.experts.fixedBytes,
    layers: layersOf(model).map(({ expertCount, slotBytes }) => {
      const { expertsPerToken } = model.shape;
      return { expertCount, expertsPerToken, expertBytes: slotBytes };
    }),
  });
  expect(plan.slotBytes).toBe(model.experts.slotBytes);
  return { decisions, plan };
}

/** What a replay of the trace decides with the same slots, and the same experts in them at first. */
async function replay(
  traceFile: string,
  { pools, holdsAll }: RamPlan,
  options: OpenOptions,
): Promise<CacheDecision[]> {
  const trace = await openTrace(traceFile, { lookahead: true });
  const accesses = traceAccesses(trace);
  const { policy = "", predictor, prefetchBytes, insertCap, warmPins, warmPinsAfter } = options;
  const slots = pools.reduce((sum, pool) => sum + pool.slots, 0);
  // The simulator wants early logits to predict from; a run of batches alone has none to record.
  const isBlind = predictor === "gate-lookahead" && !trace.columns.lookahead?.length;
  const guesses = predictor !== undefined && predictor !== "off" && !holdsAll && !isBlind;
  const decisions: CacheDecision[] = [];
  replayBatches(
    {
      policy: holdsAll ? "lru" : policy,
      capacity: { pools, slots, bytes: undefined, cycles: 0 },
      trace,
      accesses,
      future: () => futureOf(accesses),
      settings: {
        residents: fillOrder(trace.header),
        ...(guesses && { predictor }),
        ...(prefetchBytes !== undefined && { prefetchBytes }),
        ...(insertCap !== undefined && { insertsPerPass: insertCap }),
        ...(warmPins !== undefined &&
          !holdsAll && {
            warmPins: {
              perLayer: warmPins,
              ...(warmPinsAfter !== undefined && { afterAccesses: warmPinsAfter }),
            },
          }),
      },
    },
    (decision) => decisions.push(decision),
  );
  return decisions;
}

test("a replay of the routing that was recorded makes the same decisions", async () => {
  const kinds = new Map<string, number>();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...models),
      fc.integer({ min: 0, max: 10 }),
      anyOptions,
      anySteps(),
      async (name, tenths, given, steps) => {
        const options = { threads: 1, contextLength: 128, ...given };
        const path = generated.get(name) ?? fixture(name);
        const traceFile = join(scratch, `${runs++}.trace`);
        const { decisions, plan } = await runEngine(path, { tenths, options, steps }, traceFile);
        expect(decisions).toEqual(await replay(traceFile, plan, options));
        for (const { kind } of decisions) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      },
    ),
    { numRuns: 120 },
  );
  for (const kind of ["hit", "admit", "bypass", "prefetch", "pin"]) {
    expect(kinds.get(kind), kind).toBeGreaterThan(20);
  }
}, 120_000);
