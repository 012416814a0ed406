import { describe, expect, test } from "vitest";
import { SharpInferenceSlru } from "../../src/policy/policies/sharpInferenceSlru.ts";
import { player } from "./player.ts";

const SLRU = "sharpinference-slru";

describe("SharpInference's rules, kept", () => {
  test.each([
    { asked: 1, slots: 2 },
    { asked: 2, slots: 2 },
    { asked: 3, slots: 3 },
    { asked: 4, slots: 4 },
    { asked: 7, slots: 7 },
    { asked: 8, slots: 8 },
    { asked: 12, slots: 12 },
  ])("capacity $asked gives $slots slots", ({ asked, slots }) => {
    expect(player(SLRU, asked).policy.capacity).toBe(slots);
  });

  test("capacity 1 holds 2: one on probation, one protected", () => {
    const { policy, use } = player(SLRU, 1);
    expect(use(10, 10, 11, 12)).toEqual(["admitted", "hit", "admitted", "evicted 11"]);
    expect(policy.resident()).toEqual([10, 12]);
  });

  test.each([3, 4, 5, 6, 7])("at capacity %i a cold stream keeps only the newest", (capacity) => {
    const { policy, use } = player(SLRU, capacity);
    expect(use(1, 2, 3, 4)).toEqual(["admitted", "evicted 1", "evicted 2", "evicted 3"]);
    expect(policy.resident()).toEqual([4]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("at capacity %i frequency is never asked", (capacity) => {
    const { use } = player(SLRU, capacity);
    // 1 has been asked for four times, but it is the only candidate.
    expect(use(1, 2, 1, 2, 1, 2, 1)).not.toContain("hit");
    expect(use(3)).toEqual(["evicted 1"]);
  });

  test("from capacity 8 on the least used on probation leaves, not the oldest", () => {
    const { use } = player(SLRU, 8);
    use(1, 2, 3, 1, 2); // 1 and 2 have two uses now, all of them misses but the last ones
    expect(use(9)).toEqual(["evicted 1"]); // 1 and 2 are even: the one there longer
    expect(use(8)).toEqual(["evicted 9"]); // 2 is older, but 9 was used once only
  });

  test("without frequencies the oldest on probation leaves", () => {
    const { use } = player(`${SLRU}:frequency=off`, 8);
    use(1, 2, 3, 1, 2);
    expect(use(9, 8)).toEqual(["evicted 1", "evicted 2"]);
  });

  test("protected fills by hits only, so slots stay free under a cycle longer than probation", () => {
    const { policy, use } = player(SLRU, 16); // 4 on probation
    for (let round = 0; round < 10; round++) {
      expect(use(1, 2, 3, 4, 5)).not.toContain("hit");
    }
    expect(policy.size).toBe(4);
  });

  test("a hit with protected full demotes its oldest to the newest end of probation", () => {
    const { policy, use } = player(SLRU, 8); // 2 on probation, 6 protected
    for (const expert of [1, 2, 3, 4, 5, 6]) use(expert, expert);
    use(7, 8);
    expect(policy.size).toBe(8);
    expect(use(7)).toEqual(["hit"]); // 1 steps back, behind 8
    expect(use(1)).toEqual(["hit"]); // and is still there: 2 steps back
    // On probation are 8 (one use) and 2 (two uses).
    expect(use(9)).toEqual(["evicted 8"]);
  });

  test("a hit on a protected expert makes it the last to be demoted", () => {
    const { policy, use } = player(SLRU, 4); // 1 on probation, 3 protected
    use(1, 1, 2, 2, 3, 3, 1); // 2 is now the oldest protected
    use(4, 4); // demotes it
    expect(use(5)).toEqual(["evicted 2"]);
    expect(policy.resident()).toEqual([1, 3, 4, 5]);
  });

  test("pinning on probation moves to protected, demoting its oldest unpinned", () => {
    const { policy, use } = player(SLRU, 4);
    use(1, 1, 2, 2, 3, 3, 4);
    policy.pin(1);
    policy.pin(4); // 1 is pinned, so 2 steps back
    expect(use(5)).toEqual(["evicted 2"]);
    expect(policy.resident()).toEqual([1, 3, 4, 5]);
  });

  test("with all of protected pinned, a hit on probation refreshes it there", () => {
    const { policy, use } = player(SLRU, 8); // 2 on probation
    for (const expert of [1, 2, 3, 4, 5, 6]) {
      use(expert, expert);
      policy.pin(expert);
    }
    use(7, 8, 8, 7); // 7 and 8 stay on probation; 7 is the newer now
    expect(use(9)).toEqual(["evicted 8"]);
  });

  test("unpinning leaves the expert in protected, where it can be demoted again", () => {
    const { policy, use } = player(SLRU, 2);
    use(1);
    policy.pin(1);
    use(2);
    expect(use(3)).toEqual(["evicted 2"]);
    policy.unpin(1);
    expect(use(3)).toEqual(["hit"]); // promoted, 1 demoted
    expect(use(4)).toEqual(["evicted 1"]);
  });

  test.each([SLRU, `per-layer(${SLRU})`])(
    "a hit on a pinned expert counts for its place once it is unpinned: %s",
    (spec) => {
      const { policy, use } = player(spec, 4); // 1 on probation, 3 protected
      use(1, 1, 2, 2, 3, 3);
      policy.pin(1);
      use(1); // now the newest protected, 2 the oldest
      policy.unpin(1);
      use(4, 4); // demotes 2
      expect(use(5)).toEqual(["evicted 2"]);
    },
  );

  test("a prefetched expert has no uses, so it is the first to go", () => {
    const { policy, use } = player(SLRU, 8);
    use(1);
    policy.prefetch(2);
    expect(use(3)).toEqual(["evicted 2"]); // 1 is older, but it was used
  });

  test("counts are for the whole run: an expert keeps its uses after it has left", () => {
    const { use } = player(SLRU, 8);
    use(1, 2, 3, 1); // 1 left for 3 and came again: two uses
    expect(use(4, 5)).toEqual(["evicted 3", "evicted 4"]);
  });
});

describe("what would break the original, not kept", () => {
  test("double insert throws and says why", () => {
    const slots = { capacity: 8, layerCount: 1, expertsPerLayer: 10, mayLeave: () => true };
    const rule = new SharpInferenceSlru(slots);
    rule.insert(3);
    expect(() => rule.insert(3)).toThrowErrorMatchingInlineSnapshot(
      `[PolicyMisuseError: expert 3 is resident already; SharpInference's cache would make a second entry, later evict one of the two and give its slot away while the other is still in use]`,
    );
    rule.hit(3);
    expect(() => rule.insert(3)).toThrow("resident already"); // protected by now
  });

  test("pin overgrowth: protected outgrows its share, but the cache not its slots", () => {
    const { policy, use } = player(SLRU, 4); // 1 on probation, 3 protected
    for (const expert of [1, 2, 3, 4]) {
      use(expert);
      policy.pin(expert); // the fourth finds all of protected pinned
    }
    expect(policy.pinnedCount).toBe(4);
    expect(use(5)).toEqual(["bypassed"]); // the original would hold five in four slots
    expect(policy.size).toBe(4);
  });

  test("an expert of the batch in flight stays when nobody else is on probation", () => {
    const { policy } = player(SLRU, 4);
    const { admitted, bypassed } = policy.access({ step: 0, layer: 0, experts: [1, 2] });
    expect(admitted).toEqual([{ expert: 1, victim: undefined }]);
    expect(bypassed).toEqual([2]); // the original would evict 1 before it is used
  });
});
