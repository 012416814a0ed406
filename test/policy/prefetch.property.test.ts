/** Predictor, planner, queue and ledger together, around the plainest cache: the books stay right. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Access } from "../../src/policy/evictionPolicy.ts";
import type { ExpertPredictor } from "../../src/policy/predictors/predictor.ts";
import { PrefetchLedger } from "../../src/policy/prefetch/prefetchLedger.ts";
import { type PlannedFetch, PrefetchPlanner } from "../../src/policy/prefetch/prefetchPlanner.ts";
import { PrefetchQueue, queueOverflows } from "../../src/policy/prefetch/prefetchQueue.ts";
import { anyAccesses, everyPredictor } from "./predictorSamples.ts";
import { grid } from "./profileSamples.ts";

/** First in, first out; tells the ledger whom it evicted. */
class FifoCache {
  readonly residents = new Set<number>();
  readonly #slots: number;
  readonly #ledger: PrefetchLedger;

  constructor(slots: number, ledger: PrefetchLedger) {
    this.#slots = slots;
    this.#ledger = ledger;
  }

  insert(expert: number): void {
    this.residents.add(expert);
    if (this.residents.size <= this.#slots) return;
    const [oldest] = this.residents;
    this.residents.delete(oldest!);
    this.#ledger.evict(oldest!);
  }
}

interface Setting {
  readonly predictor: ExpertPredictor;
  readonly slots: number;
  readonly queue: PrefetchQueue<PlannedFetch>;
  /** Fetches that the link finishes between two layers. */
  readonly linkSpeed: number;
}

/** Runs the accesses; returns the ledger and how many fetches were ordered and finished. */
function run({ predictor, slots, queue, linkSpeed }: Setting, accesses: readonly Access[]) {
  const ledger = new PrefetchLedger();
  const cache = new FifoCache(slots, ledger);
  const planner = new PrefetchPlanner({ ...grid, bytesPerStep: 25, insertsPerStep: 2 });
  let ordered = 0;
  let useful = 0;
  for (const access of accesses) {
    for (const expert of access.experts) {
      if (ledger.use(expert) === "useful") useful++;
      // A miss whose prefetch is under way waits for that; any other is fetched now.
      if (!cache.residents.has(expert) && !ledger.isInFlight(expert)) cache.insert(expert);
    }
    predictor.observe(access);
    planner.beginStep();
    const next = (access.layer + 1) % grid.layerCount;
    const fetches = planner.planLayer(next, predictor.predict(next), {
      isResident: (expert) => cache.residents.has(expert),
      isInFlight: (expert) => ledger.isInFlight(expert),
      bytesOf: () => 10,
    });
    for (const fetch of fetches) {
      ledger.issue(fetch.expert, fetch.bytes);
      ordered++;
      const dropped = queue.push(fetch);
      if (dropped !== undefined) ledger.drop(dropped.expert);
    }
    for (let finished = 0; finished < linkSpeed; finished++) {
      const fetch = queue.take();
      if (fetch === undefined) break;
      ledger.arrive(fetch.expert);
      cache.insert(fetch.expert);
    }
  }
  ledger.close();
  return { totals: ledger.totals(), ordered, useful };
}

test("with any predictor, queue and link every order ends in exactly one way", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(everyPredictor)),
      fc.integer({ min: 1, max: 6 }),
      fc.record({
        depth: fc.integer({ min: 1, max: 4 }),
        overflow: fc.constantFrom(...queueOverflows),
      }),
      fc.nat({ max: 3 }),
      anyAccesses,
      (fresh, slots, queueOptions, linkSpeed, accesses) => {
        const queue = new PrefetchQueue<PlannedFetch>(queueOptions);
        const setting = { predictor: fresh(), slots, queue, linkSpeed };
        const { totals, ordered, useful } = run(setting, accesses);
        const { issued, late, wasted, dropped, pending } = totals;
        expect(issued).toEqual({ count: ordered, bytes: 10 * ordered });
        expect(totals.useful.count).toBe(useful);
        expect(useful + late.count + wasted.count + dropped.count).toBe(ordered);
        expect(pending.count).toBe(0);
        if (linkSpeed === 0) expect(useful + wasted.count).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

test("a sequence that repeats itself makes the previous token's experts useful", () => {
  const token = [0, 1, 2].map((layer) => ({ step: 0, layer, experts: [4 * layer, 4 * layer + 1] }));
  const { totals } = run(
    {
      predictor: everyPredictor["previous-token"]!(),
      slots: 4,
      queue: new PrefetchQueue<PlannedFetch>(),
      linkSpeed: 2,
    },
    Array.from({ length: 10 }, () => token).flat(),
  );
  // FIFO with 4 slots forgets a layer before its next turn; after the first token all is foreseen.
  expect(totals).toMatchObject({ useful: { count: 2 * 3 * 9 }, late: { count: 0 } });
});
