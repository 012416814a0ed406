import { describe, expect, test } from "vitest";
import type { Access } from "../../src/policy/evictionPolicy.ts";
import { accessInParts } from "../../src/policy/inParts.ts";
import { createPolicy } from "../../src/policy/registry.ts";
import { NOBODY, type ReplacementRule, type Slots } from "../../src/policy/replacementRule.ts";
import { RuledPolicy } from "../../src/policy/ruledPolicy.ts";

const setting = { capacity: 3, layerCount: 2, expertsPerLayer: 4 };
const lru = () => createPolicy("lru", setting);
const batch = (...experts: number[]): Access => ({ step: 0, layer: 0, experts });

test("hits are touched before misses are placed", () => {
  const policy = lru();
  policy.release(policy.access(batch(0, 1, 2)).leased);
  // 0 is the oldest, but it is of the batch: the miss that comes first takes 1.
  expect(policy.access(batch(3, 0))).toEqual({
    hits: [0],
    admitted: [{ expert: 3, victim: 1 }],
    bypassed: [],
    deferred: [],
    leased: [0, 3],
  });
});

test("with all slots in flight a miss is bypassed", () => {
  const policy = lru();
  const first = policy.access(batch(0, 1, 2));
  expect(policy.access({ step: 0, layer: 1, experts: [4] })).toMatchObject({
    bypassed: [4],
    leased: [],
  });
  expect(policy.prefetch(5)).toEqual({ kind: "refused" });
  policy.release(first.leased);
  expect(policy.prefetch(5)).toEqual({ kind: "admitted", victim: 0 });
});

test("misses beyond the admission limit are bypassed, and known to the rule", () => {
  const policy = createPolicy("lfu", setting);
  const outcome = policy.access({ ...batch(0, 1, 2), admissionLimit: 1 });
  expect(outcome).toMatchObject({ admitted: [{ expert: 0 }], bypassed: [1, 2], leased: [0] });
  policy.release(outcome.leased);
  policy.release(policy.access(batch(1, 3)).leased);
  // 1 was asked for twice, so 3 leaves before it; 0 is older than 3.
  expect(policy.access(batch(2)).admitted).toEqual([{ expert: 2, victim: 0 }]);
  expect(policy.isResident(1)).toBe(true);
});

test("a batch of more experts than slots is answered in parts, hits first", () => {
  const policy = lru();
  policy.release(policy.access(batch(3)).leased);
  const parts = [...accessInParts(policy, batch(0, 1, 2, 3))];
  expect(parts.map(({ hits, admitted, deferred }) => ({ hits, admitted, deferred }))).toEqual([
    {
      hits: [3],
      admitted: [
        { expert: 0, victim: undefined },
        { expert: 1, victim: undefined },
      ],
      deferred: [2],
    },
    { hits: [], admitted: [{ expert: 2, victim: 3 }], deferred: [] },
  ]);
});

test("leaving the parts early releases the part at hand", () => {
  const policy = lru();
  for (const part of accessInParts(policy, batch(0, 1, 2, 3))) {
    expect(part.deferred).toEqual([3]);
    break;
  }
  expect(policy.resident().some((expert) => policy.isLeased(expert))).toBe(false);
});

test("a lease of one's own holds beyond the batch, as while bytes are on the way", () => {
  const policy = lru();
  policy.prefetch(0);
  policy.lease([0]);
  policy.release(policy.access(batch(0)).leased);
  expect(policy.isLeased(0)).toBe(true);
  policy.release([0]);
  expect(policy.isLeased(0)).toBe(false);
});

test("the callbacks tell of each admission and eviction, and of what the evicted had been for", () => {
  const events: unknown[] = [];
  const policy = createPolicy("fifo", {
    ...setting,
    capacity: 1,
    onAdmit: (...event) => events.push(["admit", ...event]),
    onEvict: (...event) => events.push(["evict", ...event]),
  });
  policy.prefetch(0);
  policy.release(policy.access(batch(1)).leased);
  policy.remove(1);
  expect(events).toEqual([
    ["admit", 0, "prefetch"],
    ["evict", 0, { prefetched: true, used: false }],
    ["admit", 1, "use"],
    ["evict", 1, { prefetched: false, used: true }],
  ]);
});

test("a pin is once or not; an unpinned expert starts as a newcomer", () => {
  const policy = lru();
  policy.release(policy.access(batch(0, 1, 2)).leased);
  expect([policy.pin(0), policy.pin(0), policy.pin(3)]).toEqual([true, true, false]);
  expect(policy.pinnedCount).toBe(1);
  expect([policy.unpin(0), policy.unpin(0)]).toEqual([true, false]);
  expect(policy.access(batch(3)).admitted).toEqual([{ expert: 3, victim: 1 }]);
});

describe("mistakes of the caller are refused", () => {
  test.each<[string, () => unknown]>([
    ["an expert of another layer", () => lru().access(batch(4))],
    ["an expert that does not exist", () => lru().access(batch(99))],
    ["half an expert", () => lru().access(batch(0.5))],
    ["a layer that does not exist", () => lru().access({ step: 0, layer: 2, experts: [] })],
    ["an expert twice", () => lru().access(batch(1, 1))],
    ["a prefetch of nobody", () => lru().prefetch(8)],
    ["a lease on an absent expert", () => lru().lease([1])],
    ["a release too many", () => lru().release([1])],
    [
      "a clock that runs backwards",
      () => {
        const policy = lru();
        policy.access({ step: 5, layer: 0, experts: [1] });
        policy.access({ step: 4, layer: 0, experts: [1] });
      },
    ],
    [
      "removing a leased expert",
      () => {
        const policy = lru();
        policy.access(batch(1));
        policy.remove(1);
      },
    ],
    [
      "clearing with a batch in flight",
      () => {
        const policy = lru();
        policy.access(batch(1));
        policy.clear();
      },
    ],
    ["a snapshot of another policy", () => lru().restore(createPolicy("fifo", setting).snapshot())],
    [
      "a snapshot of another size",
      () => lru().restore(createPolicy("lru", { ...setting, capacity: 4 }).snapshot()),
    ],
  ])("%s", (_, mistake) => {
    expect(mistake).toThrowErrorMatchingSnapshot();
  });
});

describe("a rule of one's own", () => {
  /** Never evicts. */
  const fillOnce = (ranksPinned: boolean, hits: number[]): ReplacementRule => ({
    ranksPinned,
    parts: {},
    hit: (expert) => hits.push(expert),
    victim: () => NOBODY,
    evict: () => {},
    insert: () => {},
    remove: () => {},
  });

  test.each([
    { ranksPinned: false, slotsLeft: 2, hitsHeard: [1] },
    { ranksPinned: true, slotsLeft: 3, hitsHeard: [0, 1] },
  ])("that ranks pinned experts ($ranksPinned) hears of them", (expected) => {
    const hits: number[] = [];
    let seen: Slots | undefined;
    const policy = new RuledPolicy("fill-once", setting, (slots) => {
      seen = slots;
      return fillOnce(expected.ranksPinned, hits);
    });
    policy.release(policy.access(batch(0, 1)).leased);
    policy.pin(0);
    policy.release(policy.access(batch(0, 1)).leased);
    expect(seen?.capacity).toBe(expected.slotsLeft);
    expect(hits).toEqual(expected.hitsHeard);
  });
});
