/** How many slots of experts a GPU has room for, against plain sums. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planSlots, type SlotArenaPlan, type SlotQuestion } from "../../src/placement/slotPlan.ts";

const anyQuestion: fc.Arbitrary<SlotQuestion> = fc
  .record({
    expertCount: fc.integer({ min: 1, max: 12 }),
    k: fc.integer({ min: 1, max: 4 }),
    sizes: fc.array(fc.constantFrom(10, 10, 10, 16, 35), { minLength: 0, maxLength: 9 }),
    /** Of all experts' bytes; and of a layer's. */
    room: fc.double({ min: 0, max: 1.3, noNaN: true }),
    binding: fc.double({ min: 0.2, max: 12, noNaN: true }),
  })
  .map(({ expertCount, k, sizes, room, binding }) => {
    const layers = sizes.map((slotBytes, index) => {
      const expertsPerToken = Math.min(k, expertCount);
      return { layer: 3 + 2 * index, expertCount, expertsPerToken, slotBytes };
    });
    const all = layers.reduce((sum, { slotBytes }) => sum + slotBytes * expertCount, 0);
    const bindingBytes = Math.floor(binding * expertCount * 10);
    return { spareBytes: Math.floor(all * room), bindingBytes, layers };
  });

const bytesOf = (arenas: readonly SlotArenaPlan[]) =>
  arenas.reduce((sum, { slots, slotBytes }) => sum + slots * slotBytes, 0);
const slotsOf = (arenas: readonly SlotArenaPlan[]) =>
  arenas.reduce((sum, { slots }) => sum + slots, 0);

describe("a plan of slots", () => {
  test("takes no more than there is, in buffers that a shader can see", () => {
    fc.assert(
      fc.property(anyQuestion, (question) => {
        const arenas = planSlots(question);
        expect(bytesOf(arenas)).toBeLessThanOrEqual(question.spareBytes);
        for (const { slots, slotBytes } of arenas) {
          expect(slots * slotBytes).toBeLessThanOrEqual(question.bindingBytes);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  test("has a layer in one arena at most, with neighbours whose experts are as large", () => {
    fc.assert(
      fc.property(anyQuestion, (question) => {
        const arenas = planSlots(question);
        const order = arenas.flatMap(({ layers }) => layers);
        expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
        for (const { layers, slotBytes } of arenas) {
          const members = question.layers.filter(({ layer }) => layers.includes(layer));
          expect(new Set(members.map((member) => member.slotBytes))).toEqual(new Set([slotBytes]));
        }
      }),
      { numRuns: 20_000 },
    );
  });

  test("has slots for a token's experts at least, and for all experts at most", () => {
    fc.assert(
      fc.property(anyQuestion, (question) => {
        for (const { layers, slots, holdsAll } of planSlots(question)) {
          const members = question.layers.filter(({ layer }) => layers.includes(layer));
          const experts = members.reduce((sum, { expertCount }) => sum + expertCount, 0);
          expect(slots).toBeGreaterThanOrEqual(members[0]!.expertsPerToken);
          expect(slots).toBeLessThanOrEqual(experts);
          expect(holdsAll).toBe(slots === experts);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  test("holds all experts where there is room for all, and buffers are large enough", () => {
    fc.assert(
      fc.property(anyQuestion, (question) => {
        const all = question.layers.map(({ expertCount, slotBytes }) => expertCount * slotBytes);
        const spareBytes = all.reduce((sum, bytes) => sum + bytes, 0);
        const bindingBytes = Math.max(question.bindingBytes, ...all);
        const arenas = planSlots({ ...question, spareBytes, bindingBytes });
        expect(arenas.every(({ holdsAll }) => holdsAll)).toBe(true);
        expect(bytesOf(arenas)).toBe(spareBytes);
      }),
      { numRuns: 1000 },
    );
  });

  test("leaves less than a slot per arena where one size of slot fits all and buffers are large", () => {
    fc.assert(
      fc.property(anyQuestion, (question) => {
        const layers = question.layers.map((layer) => ({ ...layer, slotBytes: 10 }));
        const experts = layers.reduce((sum, { expertCount }) => sum + expertCount, 0);
        const arenas = planSlots({ ...question, layers, bindingBytes: 1e9 });
        const slots = Math.min(experts, Math.floor(question.spareBytes / 10));
        const least = layers[0]?.expertsPerToken ?? 0;
        expect(slotsOf(arenas)).toBe(slots >= least ? slots : 0);
      }),
      { numRuns: 20_000 },
    );
  });

  test("has no layer without slots that had some with less memory, if buffers hold a few tokens' experts", () => {
    fc.assert(
      fc.property(anyQuestion, fc.nat({ max: 300 }), (question, more) => {
        const { expertsPerToken } = question.layers[0] ?? { expertsPerToken: 0 };
        const largest = Math.max(...question.layers.map(({ slotBytes }) => slotBytes));
        fc.pre(question.bindingBytes >= 3 * (expertsPerToken + 1) * largest);
        const before = planSlots(question).flatMap(({ layers }) => layers);
        const spareBytes = question.spareBytes + more;
        const after = planSlots({ ...question, spareBytes }).flatMap(({ layers }) => layers);
        expect(after).toEqual(expect.arrayContaining(before));
      }),
      { numRuns: 20_000 },
    );
  });

  test("shares buffers among layers: as few as hold what there is room for", () => {
    const layers = Array.from({ length: 4 }, (_, layer) => {
      return { layer, expertCount: 8, expertsPerToken: 2, slotBytes: 10 };
    });
    // A buffer would hold three layers' share; the last would be alone then.
    const plan = planSlots({ spareBytes: 160, bindingBytes: 130, layers });
    expect(plan).toEqual([
      { layers: [0, 1], slotBytes: 10, slots: 8, holdsAll: false },
      { layers: [2, 3], slotBytes: 10, slots: 8, holdsAll: false },
    ]);
  });
});
