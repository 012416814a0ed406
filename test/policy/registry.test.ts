import { describe, expect, test } from "vitest";
import { createPolicy, policyEntry, policyNames } from "../../src/policy/registry.ts";

const setting = { capacity: 6, layerCount: 3, expertsPerLayer: 4 };
const messageOf = (spec: string) => {
  try {
    createPolicy(spec, setting);
  } catch (error) {
    return String(error);
  }
  return "no error";
};

test.each([
  ["lru2"],
  ["slru:protect=0.8"],
  ["lru:seed=1"],
  ["slru:protected=1.5"],
  ["slru:protected=most"],
  ["slru:fill=half"],
  ["cycle-aware:window=1"],
  ["per-layer"],
  ["per-layer(lru"],
  ["per-layer(lru)x"],
  ["per-layer(lruu)"],
  ["per-layer(lru):weights=1/x/1"],
  ["per-layer(lru):weights=1/2"],
  ["per-layer(lru):weights=1/0/1"],
  ["lru(fifo)"],
  [""],
  ["LRU"],
  ["lru:"],
  ["lru:seed"],
  ["slru:fill=pooled,fill=strict"],
  ["toString"],
  ["slru:toString=1"],
  ["belady"],
])("%s is refused", (spec) => {
  expect(messageOf(spec)).toMatchSnapshot();
});

test.each([0, -1, 1.5, Number.NaN])("a capacity of %d is refused", (capacity) => {
  expect(() => createPolicy("lru", { ...setting, capacity })).toThrow(
    `capacity must be a whole number from 1 on, not ${capacity}`,
  );
});

test("a policy is called by the text it was made from", () => {
  const spec = "per-layer(slru:protected=0.5,fill=pooled):weights=1/2/3";
  expect(createPolicy(spec, setting).name).toBe(spec);
});

test("per-layer weights share out the slots", () => {
  const policy = createPolicy("per-layer(lru):weights=1/2/3", setting);
  for (let layer = 0; layer < 3; layer++) {
    for (let expert = 0; expert < 4; expert++) {
      const { leased } = policy.access({
        step: expert,
        layer: 2 - layer,
        experts: [(2 - layer) * 4 + expert],
      });
      policy.release(leased);
    }
    if (layer < 2) policy.restore({ ...policy.snapshot(), step: 0 });
  }
  expect(policy.resident()).toEqual([3, 6, 7, 9, 10, 11]);
});

test("per-layer tells each inner policy its own bytes and future", () => {
  const future = [0, 1, 2, 0, 1, 2].map((layer, step) => ({ step, layer, experts: [layer * 4] }));
  const policy = createPolicy("per-layer(belady)", { ...setting, future });
  const hits = future.map((access) => {
    const outcome = policy.access(access);
    policy.release(outcome.leased);
    return outcome.hits.length;
  });
  expect(hits).toEqual([0, 0, 0, 1, 1, 1]);
  const byCost = { ...setting, expertBytes: [1, 2, 3] };
  expect(createPolicy("per-layer(gdsf)", byCost).capacity).toBe(6);
});

describe("gdsf", () => {
  /** Expert 0 has ten times the bytes of the others. What of the three uses stays in two slots. */
  const play = (spec: string, uses: readonly number[]) => {
    const policy = createPolicy(spec, {
      capacity: 2,
      layerCount: 3,
      expertsPerLayer: 1,
      expertBytes: [10, 1, 1],
    });
    for (const [step, expert] of uses.entries())
      policy.release(policy.access({ step, layer: expert, experts: [expert] }).leased);
    return policy.resident();
  };

  test("keeps what is dear to fetch", () => {
    expect(play("gdsf", [0, 1, 2])).toEqual([0, 2]);
  });

  test("with cost=1,size=bytes keeps what is small", () => {
    // The large one is not the oldest: only its size can make it the victim.
    expect(play("gdsf:cost=1,size=bytes", [1, 0, 2])).toEqual([1, 2]);
  });

  test("with cost=1 or cost=bytes,size=bytes all are worth the same, and the oldest goes", () => {
    expect(play("gdsf:cost=1", [0, 1, 2])).toEqual([1, 2]);
    expect(play("gdsf:cost=bytes,size=bytes", [1, 0, 2])).toEqual([0, 2]);
  });
});

test("each policy says in a few words what it does", () => {
  for (const name of policyNames) expect(policyEntry(name).summary.length).toBeGreaterThan(2);
});

test("a clairvoyant policy notices another future than it was told", () => {
  const access = { step: 0, layer: 0, experts: [1] };
  const policy = createPolicy("belady", { ...setting, future: [access] });
  policy.release(policy.access(access).leased);
  expect(() => policy.access(access)).toThrow("the use of expert 1 was not foretold");
});
