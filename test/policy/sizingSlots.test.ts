/** Our sizing: allocation rounding, slots for unequal experts, slices per layer. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  expertFootprint,
  noRounding,
  roundUpToMultiple,
  roundUpToPowerOfTwo,
} from "../../src/policy/sizing/allocationRounding.ts";
import { type SlicedLayer, sliceByLayer } from "../../src/policy/sizing/layerSlices.ts";
import { planSlots } from "../../src/policy/sizing/slotPlan.ts";
import { type ExpertLayer, equalLayers } from "../../src/policy/sizing/tokenCycle.ts";
import { OptionError } from "../../src/support/errors.ts";

describe("allocation rounding", () => {
  test("up to a multiple", () => {
    const pages = roundUpToMultiple(4096);
    expect([0, 1, 4096, 4097].map(pages)).toEqual([0, 4096, 4096, 8192]);
  });

  test("up to a power of two, from 64 bytes on", () => {
    const pool = roundUpToPowerOfTwo();
    expect([0, 1, 64, 65, 128, 2 ** 40 + 1].map(pool)).toEqual([64, 64, 64, 128, 128, 2 ** 41]);
    expect(roundUpToPowerOfTwo(1)(1)).toBe(1);
  });

  test("an expert takes the sum of its tensors, each rounded for itself", () => {
    expect(expertFootprint([100, 100, 200])).toBe(400);
    expect(expertFootprint([100, 100, 200], noRounding)).toBe(400);
    expect(expertFootprint([100, 100, 200], roundUpToPowerOfTwo())).toBe(128 + 128 + 256);
    expect(expertFootprint([100, 100, 200], roundUpToMultiple(256))).toBe(3 * 256);
  });

  test("planning from raw bytes promises slots that the allocator does not have", () => {
    const tensors = [884736, 884736, 1290240]; // gate and up in Q4_K, down in Q6_K
    const budget = 8 * 2 ** 30;
    const slots = (expertBytes: number) => Math.floor(budget / expertBytes);
    expect(slots(expertFootprint(tensors))).toBe(2807);
    expect(slots(expertFootprint(tensors, roundUpToPowerOfTwo()))).toBe(2048);
  });

  test("never takes fewer bytes than asked for, and rounding twice changes nothing", () => {
    const roundings = fc.oneof(
      fc.constant(noRounding),
      fc.integer({ min: 1, max: 5000 }).map(roundUpToMultiple),
      fc.nat({ max: 12 }).map((power) => roundUpToPowerOfTwo(2 ** power)),
    );
    fc.assert(
      fc.property(roundings, fc.nat(), (rounding, bytes) => {
        expect(rounding(bytes)).toBeGreaterThanOrEqual(bytes);
        expect(rounding(rounding(bytes))).toBe(rounding(bytes));
      }),
    );
  });

  test("refuses units that are none", () => {
    expect(() => roundUpToMultiple(0)).toThrow(OptionError);
    expect(() => roundUpToPowerOfTwo(0)).toThrow(OptionError);
    expect(() => roundUpToPowerOfTwo(48)).toThrow("must be a power of two, not 48");
    expect(() => expertFootprint([1.5])).toThrow(OptionError);
  });
});

/** A K_M file: of 6 layers, the first and last keep a finer quantisation. */
const fine: ExpertLayer = { expertCount: 8, expertsPerToken: 2, expertBytes: 150 };
const coarse: ExpertLayer = { expertCount: 8, expertsPerToken: 2, expertBytes: 100 };
const mixed = [fine, coarse, coarse, coarse, coarse, fine];

describe("slots for unequal experts", () => {
  test("one pool has slots for the largest expert", () => {
    const plan = planSlots({ layers: mixed, budgetBytes: 3000 });
    expect(plan.onePool).toEqual({ slots: 20, slotBytes: 150, layers: [0, 1, 2, 3, 4, 5] });
  });

  test("a pool per size loses no byte to smaller experts, and holds the same share of each size", () => {
    const plan = planSlots({ layers: mixed, budgetBytes: 2800 }); // half of 16 x 150 + 32 x 100
    expect(plan.poolPerSize).toEqual([
      { slots: 8, slotBytes: 150, layers: [0, 5] },
      { slots: 16, slotBytes: 100, layers: [1, 2, 3, 4] },
    ]);
  });

  test("pools come largest size first, wherever in the file those layers are", () => {
    const { poolPerSize } = planSlots({ layers: [coarse, fine, coarse], budgetBytes: 1e6 });
    expect(poolPerSize.map(({ slotBytes, layers }) => [slotBytes, layers])).toEqual([
      [150, [1]],
      [100, [0, 2]],
    ]);
  });

  test("the budget is stated in token cycles, at the size that each layer's experts have", () => {
    const plan = planSlots({ layers: mixed, budgetBytes: 2900, reserveBytes: 100 });
    expect(plan.tokenCycleBytes).toBe(2 * (2 * 150 + 4 * 100));
    expect(plan.tokenCycles).toBe(2);
  });

  test("the verdict is about the one pool and the policy asked for", () => {
    const plan = planSlots({ layers: mixed, budgetBytes: 3000, entryShare: 0.25 });
    expect(plan.cliff.status).toBe("BelowSegmentCliff");
    const counting = planSlots({
      layers: mixed,
      budgetBytes: 3000,
      entryShare: 0.25,
      countsUses: true,
    });
    expect(counting.cliff.status).toBe("Ok");
    expect(planSlots({ layers: mixed, budgetBytes: 3000 }).cliff.status).toBe("Ok");
  });

  test("no more slots than experts, none for a reserve beyond the budget, none without layers", () => {
    const ample = planSlots({ layers: mixed, budgetBytes: 1e9 });
    expect(ample.onePool.slots).toBe(48);
    expect(ample.poolPerSize.map(({ slots }) => slots)).toEqual([16, 32]);
    const reserved = planSlots({ layers: mixed, budgetBytes: 100, reserveBytes: 200 });
    expect(reserved.onePool.slots).toBe(0);
    const empty = planSlots({ layers: [], budgetBytes: 1000 });
    expect(empty).toMatchObject({
      onePool: { slots: 0, slotBytes: 0 },
      poolPerSize: [],
      tokenCycles: 0,
    });
  });

  test("neither way takes more than the budget, and more budget never gives fewer slots", () => {
    const layer = fc.record({
      expertCount: fc.integer({ min: 1, max: 20 }),
      expertsPerToken: fc.integer({ min: 1, max: 4 }),
      expertBytes: fc.constantFrom(1, 7, 100, 150, 4096),
    });
    const layers = fc.array(layer, { maxLength: 6 });
    const bytes = fc.nat({ max: 100_000 });
    fc.assert(
      fc.property(layers, bytes, bytes, bytes, (all, budgetBytes, reserveBytes, more) => {
        const small = planSlots({ layers: all, budgetBytes, reserveBytes });
        const large = planSlots({ layers: all, budgetBytes: budgetBytes + more, reserveBytes });
        const left = Math.max(0, budgetBytes - reserveBytes);
        const taken = small.poolPerSize.reduce((sum, pool) => sum + pool.slots * pool.slotBytes, 0);
        expect(small.onePool.slots * small.onePool.slotBytes).toBeLessThanOrEqual(left);
        expect(taken).toBeLessThanOrEqual(left);
        expect(large.onePool.slots).toBeGreaterThanOrEqual(small.onePool.slots);
        small.poolPerSize.forEach((pool, index) => {
          expect(large.poolPerSize[index]?.slots).toBeGreaterThanOrEqual(pool.slots);
        });
      }),
    );
  });

  test("refuses budgets that are no whole numbers of bytes", () => {
    expect(() => planSlots({ layers: mixed, budgetBytes: 0.5 })).toThrow(OptionError);
    expect(() => planSlots({ layers: mixed, budgetBytes: 1, reserveBytes: -1 })).toThrow(
      OptionError,
    );
  });
});

describe("slices per layer", () => {
  const alike = (count: number) => equalLayers(count, { ...coarse, expertBytes: 1 });

  test("equal weights give equal slices, the remainder to the first layers", () => {
    expect(sliceByLayer(alike(4), 10)).toEqual([3, 3, 2, 2]);
  });

  test("weights divide the slots, and a layer of weight 0 gets none", () => {
    const layers = [6, 3, 1, 0].map((weight) => ({ expertCount: 99, expertBytes: 1, weight }));
    expect(sliceByLayer(layers, 20)).toEqual([12, 6, 2, 0]);
  });

  test("what a full layer cannot use goes to the others", () => {
    const layers = [
      { expertCount: 2, expertBytes: 1, weight: 100 },
      { expertCount: 99, expertBytes: 1 },
    ];
    expect(sliceByLayer(layers, 10)).toEqual([2, 8]);
  });

  test("slots are paid at the size of the layer's experts", () => {
    expect(sliceByLayer([fine, coarse], 600)).toEqual([2, 2]);
    expect(sliceByLayer([fine, coarse], 749)).toEqual([3, 2]);
  });

  test("ample bytes give every expert a slot, none gives nobody one", () => {
    expect(sliceByLayer(mixed, 1e6)).toEqual([8, 8, 8, 8, 8, 8]);
    expect(sliceByLayer(mixed, 0)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(sliceByLayer([], 100)).toEqual([]);
  });

  test("refuses numbers that are none", () => {
    expect(() => sliceByLayer(mixed, Number.NaN)).toThrow(OptionError);
    expect(() => sliceByLayer([{ ...coarse, weight: -1 }], 1)).toThrow(OptionError);
    expect(() => sliceByLayer([{ ...coarse, expertBytes: 0 }], 1)).toThrow(OptionError);
    expect(() => sliceByLayer([{ ...coarse, expertCount: -1 }], 1)).toThrow(OptionError);
  });

  test("never over the budget or a layer's experts, and no layer loses when the budget grows", () => {
    const layer: fc.Arbitrary<SlicedLayer> = fc.record({
      expertCount: fc.nat({ max: 10 }),
      expertBytes: fc.integer({ min: 1, max: 20 }),
      weight: fc.double({ min: 0, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(layer, { maxLength: 6 }),
        fc.nat(300),
        fc.nat(100),
        (layers, budget, more) => {
          const slices = sliceByLayer(layers, budget);
          const larger = sliceByLayer(layers, budget + more);
          const taken = slices.reduce((sum, n, index) => sum + n * layers[index]!.expertBytes, 0);
          expect(taken).toBeLessThanOrEqual(budget);
          slices.forEach((slots, index) => {
            expect(slots).toBeLessThanOrEqual(layers[index]!.expertCount);
            expect(larger[index]).toBeGreaterThanOrEqual(slots);
          });
        },
      ),
    );
  });
});
