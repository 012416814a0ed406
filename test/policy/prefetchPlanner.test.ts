/** Which fetches the prefetch planner orders, and what it never orders. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Candidate } from "../../src/policy/predictors/predictor.ts";
import { PrefetchPlanner, type PrefetchView } from "../../src/policy/prefetch/prefetchPlanner.ts";
import { OptionError } from "../../src/support/errors.ts";

const grid = { layerCount: 3, expertsPerLayer: 4 };
const plannerOf = (bytesPerStep = 1000, insertsPerStep = 10) =>
  new PrefetchPlanner({ ...grid, bytesPerStep, insertsPerStep });

/** Every expert takes 100 bytes unless said otherwise; nothing is resident or in flight. */
function viewOf(
  resident: readonly number[] = [],
  inFlight: readonly number[] = [],
  bytesOf: (expert: number) => number = () => 100,
): PrefetchView {
  return {
    isResident: (expert) => resident.includes(expert),
    isInFlight: (expert) => inFlight.includes(expert),
    bytesOf,
  };
}
const idsOf = (fetches: readonly Candidate[]) => fetches.map(({ expert }) => expert);

describe("planning a layer", () => {
  test("fetches the likeliest experts first, ties by id, and none without a score", () => {
    const fetches = plannerOf().planLayer(1, Float64Array.of(0.1, 0.5, 0, 0.1), viewOf());
    expect(fetches).toEqual([
      { expert: 5, score: 0.5, bytes: 100 },
      { expert: 4, score: 0.1, bytes: 100 },
      { expert: 7, score: 0.1, bytes: 100 },
    ]);
  });

  test("fetches nothing where the predictor knew nothing", () => {
    expect(plannerOf().planLayer(1, undefined, viewOf())).toEqual([]);
  });
});

describe("planning", () => {
  const candidates = [3, 2, 1, 0].map((expert) => ({ expert, score: expert + 1 }));

  test("passes over residents and experts already on their way", () => {
    expect(idsOf(plannerOf().plan(candidates, viewOf([3], [1])))).toEqual([2, 0]);
  });

  test("an expert named twice is fetched once, at its better place", () => {
    const twice = [
      { expert: 1, score: 0.2 },
      { expert: 2, score: 0.5 },
      { expert: 1, score: 0.9 },
    ];
    expect(idsOf(plannerOf().plan(twice, viewOf()))).toEqual([1, 2]);
  });

  test("an expert too large for the bytes left does not keep a smaller one behind it away", () => {
    const sizes = viewOf([], [], (expert) => (expert === 2 ? 500 : 100));
    expect(idsOf(plannerOf(300).plan(candidates, sizes))).toEqual([3, 1, 0]);
  });

  test("both limits hold over all plans of a step, and are whole again in the next", () => {
    const planner = plannerOf(1000, 3);
    expect(idsOf(planner.plan(candidates.slice(0, 2), viewOf()))).toEqual([3, 2]);
    expect(planner.insertsLeft).toBe(1);
    expect(planner.bytesLeft).toBe(800);
    expect(idsOf(planner.plan(candidates.slice(2), viewOf()))).toEqual([1]);
    planner.beginStep();
    expect(planner.insertsLeft).toBe(3);
    expect(planner.bytesLeft).toBe(1000);
    expect(idsOf(planner.plan(candidates, viewOf()))).toEqual([3, 2, 1]);
  });

  test("a budget of exactly one expert is enough for one, a byte less for none", () => {
    expect(plannerOf(100).plan(candidates, viewOf())).toHaveLength(1);
    expect(plannerOf(99).plan(candidates, viewOf())).toHaveLength(0);
  });

  test("limits of 0 turn prefetching off", () => {
    expect(plannerOf(0).plan(candidates, viewOf())).toEqual([]);
    expect(plannerOf(1000, 0).plan(candidates, viewOf())).toEqual([]);
  });

  test("leaves the caller's list in its order", () => {
    const mine = [...candidates].reverse();
    plannerOf().plan(mine, viewOf());
    expect(idsOf(mine)).toEqual([0, 1, 2, 3]);
  });

  test("refuses limits that are no whole numbers", () => {
    expect(() => plannerOf(-1)).toThrow(OptionError);
    expect(() => plannerOf(1, 0.5)).toThrow(OptionError);
  });
});

test("no plan exceeds a limit, repeats, fetches what is there or coming, or is out of order", () => {
  const candidate = fc.record({
    expert: fc.nat({ max: 11 }),
    score: fc.constantFrom(0.25, 0.5, 0.75, 1),
  });
  const sets = fc.uniqueArray(fc.nat({ max: 11 }), { maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(fc.array(candidate, { maxLength: 8 }), { maxLength: 4 }),
      sets,
      sets,
      fc.nat({ max: 1000 }),
      fc.nat({ max: 6 }),
      fc.array(fc.nat({ max: 300 }), { minLength: 12, maxLength: 12 }),
      (plans, resident, inFlight, bytesPerStep, insertsPerStep, sizes) => {
        const planner = plannerOf(bytesPerStep, insertsPerStep);
        const view = viewOf(resident, inFlight, (expert) => sizes[expert]!);
        const all = plans.map((candidates) => planner.plan(candidates, view));

        const fetches = all.flat();
        const bytes = fetches.reduce((sum, fetch) => sum + sizes[fetch.expert]!, 0);
        expect(bytes).toBe(bytesPerStep - planner.bytesLeft);
        expect(bytes).toBeLessThanOrEqual(bytesPerStep);
        expect(fetches.length).toBe(insertsPerStep - planner.insertsLeft);
        expect(fetches.length).toBeLessThanOrEqual(insertsPerStep);
        for (const { expert } of fetches) expect([...resident, ...inFlight]).not.toContain(expert);
        for (const plan of all) {
          expect(new Set(idsOf(plan)).size).toBe(plan.length);
          const inOrder = plan.toSorted((a, b) => b.score - a.score || a.expert - b.expert);
          expect(plan).toEqual(inOrder);
        }
      },
    ),
  );
});

test("what was left out was there, coming, worse than all that came when inserts ran out, or too large", () => {
  const scores = fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(scores, fc.nat({ max: 450 }), fc.nat({ max: 4 }), (values, bytes, inserts) => {
      const planner = plannerOf(bytes, inserts);
      const fetched = planner.planLayer(0, Float64Array.from(values), viewOf([1]));
      const affordable = Math.min(Math.floor(bytes / 100), inserts, 3);
      const best = [0, 2, 3].sort((a, b) => values[b]! - values[a]!).slice(0, affordable);
      expect(idsOf(fetched)).toEqual(best);
    }),
  );
});
