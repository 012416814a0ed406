/** Defects found in expert caches in the field, by name: each must stay out of ours. */
import { describe, expect, test } from "vitest";
import type { Access } from "../../src/policy/evictionPolicy.ts";
import { createPolicy, policyEntry, policyNames } from "../../src/policy/registry.ts";
import { player } from "./player.ts";

const onlinePolicies = policyNames
  .filter((name) => !policyEntry(name).traits.needsFuture)
  .map((name) => (policyEntry(name).takesInner ? `${name}(lru)` : name));

/** SharpInference's own behaviour is kept, defects included; its tests are in a file of their own. */
const ownPolicies = onlinePolicies.filter((name) => name !== "sharpinference-slru");

describe.each(onlinePolicies)("%s", (spec) => {
  test("double insert: a resident is not admitted again", () => {
    const { policy, use } = player(spec, 8);
    use(1, 2);
    expect(policy.prefetch(2)).toEqual({ kind: "resident" });
    expect(policy.size).toBe(policy.resident().length);
    use(2, 2);
    expect(policy.resident().filter((expert) => expert === 2)).toEqual([2]);
  });

  test("double insert: an expert named twice in a batch is refused before anything changes", () => {
    const { policy } = player(spec, 8);
    const twice: Access = { step: 0, layer: 0, experts: [4, 5, 4] };
    expect(() => policy.access(twice)).toThrow("expert 4 is twice in one batch: name each once");
    expect(policy.size).toBe(0);
  });

  test("pin overgrowth: pins never make the cache hold more than its slots", () => {
    const { policy, use } = player(spec, 4);
    for (let expert = 0; expert < 20; expert++) {
      use(expert, expert);
      policy.pin(expert);
      expect(policy.size).toBeLessThanOrEqual(policy.capacity);
    }
    expect(use(30)).toEqual(["bypassed"]);
  });

  test("same-call eviction: no miss takes the slot of an expert of its own batch (vLLM 50562)", () => {
    const { policy, use } = player(spec, 4);
    use(1, 2, 3, 4, 5, 6);
    for (let step = 10; step < 30; step++) {
      const experts = [0, 1, 2, 3].map((i) => (step * 3 + i) % 40);
      const outcome = policy.access({ step, layer: 0, experts });
      for (const expert of outcome.leased) expect(policy.isResident(expert)).toBe(true);
      expect(outcome.admitted.some(({ victim }) => experts.includes(victim ?? -1))).toBe(false);
      policy.release(outcome.leased);
    }
  });
});

test.each(ownPolicies)("capacity 1 holding 2: %s holds one expert in one slot", (spec) => {
  const { policy, use } = player(spec, 1);
  use(1, 1, 2, 2, 3, 1);
  expect(policy.capacity).toBe(1);
  expect(policy.size).toBe(1);
});

test.each(["lfu", "lfu-decay"])(
  "frequency ignored at capacity <= 7: %s asks it at every capacity",
  (spec) => {
    for (let capacity = 2; capacity <= 7; capacity++) {
      const { policy, use } = player(spec, capacity);
      use(0, 0, 0);
      for (let expert = 1; expert < 20; expert++) use(expert);
      expect(policy.isResident(0)).toBe(true);
    }
  },
);

/** Here every newcomer, prefetched or not, stands in a queue of one at this size; or by luck. */
const trialOfOne = ["slru", "lirs", "w-tinylfu", "random"];

test.each(ownPolicies.filter((spec) => !trialOfOne.includes(spec)))(
  "prefetched entries evicted first: under %s a prefetch survives the next miss",
  (spec) => {
    const grid = { layerCount: 2, expertsPerLayer: 100 };
    const { policy, use } = player(spec, 16, grid);
    use(...Array.from({ length: 16 }, (_, i) => i));
    policy.prefetch(100); // of layer 1, which is next
    policy.prefetch(50);
    use(60);
    expect(policy.marks(100)).toEqual({ prefetched: true, used: false });
    use(100);
    expect(policy.marks(100)).toEqual({ prefetched: true, used: true });
  },
);

describe("lifetime counts after a topic switch", () => {
  /** Twelve experts of one topic for a long time, then another topic; hits of its last round. */
  const hitsAfterSwitch = (spec: string, size = 12) => {
    const { use } = player(spec, 12);
    const topic = (first: number, length = 12) => Array.from({ length }, (_, i) => first + i);
    for (let round = 0; round < 100; round++) use(...topic(0));
    for (let round = 0; round < 40; round++) use(...topic(50, size));
    return use(...topic(50, size)).filter((outcome) => outcome === "hit").length;
  };

  test("lfu keeps the old topic: counts that never fade lock it in", () => {
    expect(hitsAfterSwitch("lfu")).toBe(0);
  });

  test("lfru keeps it as long as its uses outweigh its age", () => {
    expect(hitsAfterSwitch("lfru")).toBe(0);
  });

  test.each(["lru", "lfu-decay", "cycle-aware", "w-tinylfu", "arc", "gdsf", "cycle-burst"])(
    "%s has moved to the new one",
    (spec) => {
      expect(hitsAfterSwitch(spec)).toBeGreaterThanOrEqual(11);
    },
  );

  test("s3-fifo moves if its ghosts, as many as its main slots, see the new topic return", () => {
    expect(hitsAfterSwitch("s3-fifo", 12)).toBe(0);
    expect(hitsAfterSwitch("s3-fifo", 11)).toBe(11);
  });
});

describe("the cliff of the layer cycle", () => {
  const grid = { layerCount: 10, expertsPerLayer: 8 };
  const cycle = 20; // two experts per layer

  /** Hits of the last of many identical tokens. */
  const hitsPerToken = (spec: string, capacity: number) => {
    const policy = createPolicy(spec, { ...grid, capacity });
    let hits = 0;
    for (let step = 0; step < 30; step++) {
      hits = 0;
      for (let layer = 0; layer < grid.layerCount; layer++) {
        const outcome = policy.access({ step, layer, experts: [layer * 8, layer * 8 + 1] });
        hits += outcome.hits.length;
        policy.release(outcome.leased);
      }
    }
    return hits;
  };

  test.each(["lru", "fifo", "clock", "llamacpp-lru"])("%s hits nothing below one cycle", (spec) => {
    expect(hitsPerToken(spec, cycle - 2)).toBe(0);
    expect(hitsPerToken(spec, cycle)).toBe(cycle);
  });

  test("strict segments hit nothing below four cycles if probation is a quarter", () => {
    for (const spec of ["slru:protected=0.75", "sharpinference-slru:frequency=off"]) {
      expect(hitsPerToken(spec, 4 * cycle - 8)).toBe(0);
      expect(hitsPerToken(spec, 4 * cycle)).toBe(cycle);
    }
  });

  test.each(["cycle-aware", "lirs", "w-tinylfu", "least-stale", "random"])(
    "%s hits below one cycle",
    (spec) => {
      expect(hitsPerToken(spec, cycle - 4)).toBeGreaterThan(0);
    },
  );
});
