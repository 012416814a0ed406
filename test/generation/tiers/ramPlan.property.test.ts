/** A budget is never exceeded, never wasted without need, and its errors say what would do. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { planRam, type RamPlan, type RamQuestion } from "../../../src/generation/ramPlan.ts";
import { policyEntry } from "../../../src/policy/index.ts";
import { SluiceError } from "../../../src/support/errors.ts";

const anyLayer = fc
  .record({
    experts: fc.integer({ min: 1, max: 200 }),
    chosen: fc.integer({ min: 1, max: 12 }),
    // Few sizes, so that layers share pools.
    size: fc.constantFrom(64, 1_048_576, 2_867_200, 110_592),
  })
  .map(({ experts, chosen, size }) => ({
    expertCount: experts,
    expertsPerToken: Math.min(experts, chosen),
    expertBytes: size,
  }));

const anyQuestion: fc.Arbitrary<Omit<RamQuestion, "budget">> = fc.record({
  fixedBytes: fc.nat({ max: 2 ** 32 }),
  layers: fc.array(anyLayer, { minLength: 1, maxLength: 60 }),
  slotsTaken: fc.constantFrom(undefined, policyEntry("sharpinference-slru").slots),
});

/** Share of all experts that is paid for, from nothing to more than everything. */
const anyShare = fc.integer({ min: 0, max: 1300 }).map((thousandths) => thousandths / 1000);

const budgetFor = (question: Omit<RamQuestion, "budget">, share: number) =>
  question.fixedBytes + Math.floor((allBytes(question) - question.fixedBytes) * share);

function allBytes({ fixedBytes, layers }: Omit<RamQuestion, "budget">): number {
  return layers.reduce((sum, layer) => sum + layer.expertCount * layer.expertBytes, fixedBytes);
}

function planOrError(question: RamQuestion): RamPlan | SluiceError {
  try {
    return planRam(question);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}

const slotsOf = (plan: RamPlan) => plan.pools.reduce((sum, { slots }) => sum + slots, 0);

test("a plan keeps within the budget, serves each layer, and knows its own size", () => {
  let partial = 0;
  fc.assert(
    fc.property(anyQuestion, anyShare, (question, share) => {
      const budget = budgetFor(question, share);
      const plan = planOrError({ ...question, budget });
      if (plan instanceof SluiceError) return;
      expect(plan.fixedBytes + plan.slotBytes).toBeLessThanOrEqual(budget);
      const layers = plan.pools.flatMap((pool) => pool.layers).toSorted((a, b) => a - b);
      expect(layers).toEqual([...question.layers.keys()]);
      let slotBytes = 0;
      for (const pool of plan.pools) {
        slotBytes += (pool.slots + pool.scratchSlots) * pool.slotBytes;
        const members = pool.layers.map((index) => question.layers[index]!);
        const experts = members.reduce((sum, { expertCount }) => sum + expertCount, 0);
        expect(new Set(members.map(({ expertBytes }) => expertBytes))).toEqual(
          new Set([pool.slotBytes]),
        );
        expect(pool.slots).toBeLessThanOrEqual(experts);
        for (const { expertsPerToken } of members) {
          expect(pool.slots).toBeGreaterThanOrEqual(expertsPerToken);
          if (pool.slots < experts)
            expect(pool.scratchSlots).toBeGreaterThanOrEqual(expertsPerToken);
        }
        if (pool.slots < experts)
          expect(question.slotsTaken?.(pool.slots) ?? pool.slots).toBe(pool.slots);
      }
      expect(plan.slotBytes).toBe(slotBytes);
      const total = question.layers.reduce((sum, { expertCount }) => sum + expertCount, 0);
      expect(plan.holdsAll).toBe(budget >= allBytes(question));
      if (plan.holdsAll) expect(slotsOf(plan)).toBe(total);
      else partial++;
    }),
    { numRuns: 1000 },
  );
  expect(partial).toBeGreaterThan(200);
});

test("more budget never means fewer slots, in any pool", () => {
  fc.assert(
    fc.property(anyQuestion, anyShare, anyShare, (question, one, other) => {
      const [less, more] = [one, other]
        .toSorted((a, b) => a - b)
        .map((share) => planOrError({ ...question, budget: budgetFor(question, share) }));
      if (less === undefined || less instanceof SluiceError) return;
      expect(more).not.toBeInstanceOf(SluiceError);
      for (const [index, pool] of less.pools.entries()) {
        expect((more as RamPlan).pools[index]?.slots).toBeGreaterThanOrEqual(pool.slots);
      }
    }),
    { numRuns: 1000 },
  );
});

test("less than one slot of each size is left over", () => {
  fc.assert(
    fc.property(anyQuestion, anyShare, (question, share) => {
      const budget = budgetFor(question, share);
      const plan = planOrError({ ...question, budget });
      if (plan instanceof SluiceError || plan.holdsAll) return;
      const left = budget - plan.fixedBytes - plan.slotBytes;
      const isFull = plan.pools.every(({ layers, slots }) => {
        return (
          slots === layers.reduce((sum, layer) => sum + question.layers[layer]!.expertCount, 0)
        );
      });
      const oneOfEach = plan.pools.reduce((sum, { slotBytes }) => sum + slotBytes, 0);
      if (!isFull) expect(left).toBeLessThan(oneOfEach);
    }),
    { numRuns: 500 },
  );
});

test("the error names an amount that is enough, and a megabyte less is not", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const error = planOrError({ ...question, budget: 0 });
      if (!(error instanceof SluiceError)) return;
      expect(error.code).toBe("out-of-memory");
      const needed = Number(
        /needs at least (\d+) MiB of RAM, 0 MiB may be used/.exec(error.message)?.[1],
      );
      expect(planOrError({ ...question, budget: needed * 2 ** 20 })).not.toBeInstanceOf(
        SluiceError,
      );
      const lacking = (needed - 1) * 2 ** 20;
      const less = planOrError({ ...question, budget: lacking });
      // Rounded up, it may be just enough.
      if (!(less instanceof SluiceError)) expect(less.fixedBytes + less.slotBytes).toBe(lacking);
    }),
  );
});

test("a model without experts needs no slots", () => {
  expect(planRam({ budget: 1000, fixedBytes: 900, layers: [] })).toEqual({
    budgetBytes: 1000,
    fixedBytes: 900,
    slotBytes: 0,
    pools: [],
    holdsAll: true,
  });
  expect(() => planRam({ budget: 1000, fixedBytes: 2 ** 20, layers: [] })).toThrow(
    "this model needs at least 1 MiB of RAM, 0 MiB may be used; raise --ram, or take a shorter context (--context) or a smaller batch (--batch)",
  );
});

test("sizes of experts share what is left in proportion to those without a slot", () => {
  const layer = (expertBytes: number) => ({ expertCount: 10, expertsPerToken: 2, expertBytes });
  const layers = [layer(100), layer(300), layer(100)];
  // 2 + 2 slots of 300, 2 + 2 of 100 take 1600; half of the rest of 8 x 300 + 18 x 100 is 2100.
  const plan = planRam({ budget: 10 + 1600 + 2100, fixedBytes: 10, layers });
  expect(plan.pools).toEqual([
    { layers: [1], slotBytes: 300, slots: 2 + 4, scratchSlots: 2 },
    { layers: [0, 2], slotBytes: 100, slots: 2 + 9, scratchSlots: 2 },
  ]);
});

test("left to itself, it leaves memory for others", () => {
  const layer = { expertCount: 1000, expertsPerToken: 2, expertBytes: 2 ** 30 };
  const plan = planOrError({ budget: "auto", fixedBytes: 0, layers: [layer] });
  // A machine too small for four experts may run these tests.
  if (plan instanceof SluiceError) expect(plan.message).toContain("close other programs");
  else expect(plan.slotBytes).toBeLessThanOrEqual(plan.budgetBytes);
});

test("a policy that takes more slots than it is given is given as many as it takes", () => {
  const layers = [{ expertCount: 8, expertsPerToken: 1, expertBytes: 100 }];
  const slotsTaken = policyEntry("sharpinference-slru").slots;
  const plan = planRam({ budget: 300, fixedBytes: 0, layers, slotsTaken });
  expect(plan.pools).toEqual([{ layers: [0], slotBytes: 100, slots: 2, scratchSlots: 1 }]);
  expect(() => planRam({ budget: 299, fixedBytes: 0, layers, slotsTaken })).toThrow(
    "needs at least",
  );
  expect(planRam({ budget: 299, fixedBytes: 0, layers }).pools[0]?.slots).toBe(1);
});
