/** SharpInference's sizing: its own unit tests in our words, and laws that hold for any input. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  planSharpInference,
  type SharpInferenceSizing,
} from "../../src/policy/sizing/sharpInferencePlan.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** 8 layers x 64 experts = 512 of 2 MiB; 8 active, so 128 recommended. */
const model = {
  layerCount: 8,
  expertsPerLayer: 64,
  expertsPerToken: 8,
  freeBytes: 100 * GIB,
  expertBytes: 2 * MIB,
  reserveBytes: 512 * MIB,
};
const tight = { ...model, freeBytes: 512 * MIB + 50 * 2 * MIB };
const plan = (change: Partial<SharpInferenceSizing> = {}) =>
  planSharpInference({ ...model, ...change });

describe("as the original's unit tests have it", () => {
  test("ample memory holds every expert, and no more slots are planned than that", () => {
    expect(plan()).toEqual({
      slots: 512,
      recommendedSlots: 128,
      budgetSlots: 50944,
      status: "Ok",
    });
  });

  test("tight memory holds exactly what fits, and says that it is less than recommended", () => {
    expect(planSharpInference(tight)).toEqual({
      slots: 50,
      recommendedSlots: 128,
      budgetSlots: 50,
      status: "BelowRecommended",
    });
  });

  test("the recommendation is twice the active experts per layer, capped at all of them", () => {
    expect(plan({ layerCount: 4, expertsPerLayer: 8 }).recommendedSlots).toBe(32);
  });

  test("without layers or experts there is nothing to size", () => {
    const empty = { slots: 0, recommendedSlots: 0, budgetSlots: 0, status: "Empty" };
    expect(plan({ layerCount: 0 })).toEqual(empty);
    expect(plan({ expertsPerLayer: 0 })).toEqual(empty);
  });

  test("a budget of nothing still gives one slot, and only the status tells", () => {
    const exhausted = {
      slots: 1,
      recommendedSlots: 128,
      budgetSlots: 0,
      status: "BudgetExhausted",
    };
    expect(plan({ freeBytes: 512 * MIB })).toEqual(exhausted);
    expect(plan({ freeBytes: 0 })).toEqual(exhausted);
    expect(plan({ freeBytes: 512 * MIB + 2 * MIB - 1 })).toEqual(exhausted);
  });

  test("an unknown expert size plans a slot for every expert, whatever the budget", () => {
    const unknown = {
      slots: 512,
      recommendedSlots: 128,
      budgetSlots: 512,
      status: "UnknownExpertSize",
    };
    expect(plan({ expertBytes: 0 })).toEqual(unknown);
    expect(plan({ expertBytes: -1, freeBytes: 0 })).toEqual(unknown);
  });
});

test("a model of one expert is not empty", () => {
  expect(plan({ layerCount: 1, expertsPerLayer: 1, expertsPerToken: 1 })).toMatchObject({
    slots: 1,
    recommendedSlots: 1,
    status: "Ok",
  });
});

test("the recommended slots are Ok, one fewer is below", () => {
  const budget = (slots: number) => ({ freeBytes: 512 * MIB + slots * 2 * MIB });
  expect(plan(budget(128)).status).toBe("Ok");
  expect(plan(budget(127)).status).toBe("BelowRecommended");
});

test("budget slots stop at the largest 32-bit number, as in the original", () => {
  expect(plan({ freeBytes: 2 ** 52, expertBytes: 1, reserveBytes: 0 }).budgetSlots).toBe(
    2147483647,
  );
});

test("slots fit the budget unless it is exhausted, and more memory never gives fewer", () => {
  const size = fc.nat({ max: 40 });
  fc.assert(
    fc.property(size, size, size, fc.nat(5000), fc.nat(500), fc.nat(100), fc.nat(2000), (...n) => {
      const [layerCount, expertsPerLayer, expertsPerToken, freeBytes, reserveBytes, bytes, more] =
        n;
      const sizing = { layerCount, expertsPerLayer, expertsPerToken, freeBytes, reserveBytes };
      const small = planSharpInference({ ...sizing, expertBytes: bytes });
      const large = planSharpInference({
        ...sizing,
        expertBytes: bytes,
        freeBytes: freeBytes + more,
      });
      expect(large.slots).toBeGreaterThanOrEqual(small.slots);
      expect(small.slots).toBeLessThanOrEqual(layerCount * expertsPerLayer);
      expect(small.recommendedSlots).toBeLessThanOrEqual(layerCount * expertsPerLayer);
      if (small.status === "Ok" || small.status === "BelowRecommended") {
        expect(small.slots * bytes).toBeLessThanOrEqual(freeBytes - reserveBytes);
        expect(small.budgetSlots >= small.recommendedSlots).toBe(small.status === "Ok");
      }
    }),
  );
});
