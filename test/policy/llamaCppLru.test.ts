import { expect, test } from "vitest";
import { createPolicy } from "../../src/policy/registry.ts";

const grid = { layerCount: 1, expertsPerLayer: 16, capacity: 4 };

test("a batch of 32 tokens changes the cache, one of 33 only reads it", () => {
  const policy = createPolicy("llamacpp-lru", grid);
  const small = policy.access({ step: 0, layer: 0, experts: [1, 2], tokenCount: 32 });
  expect(small.admitted.map(({ expert }) => expert)).toEqual([1, 2]);
  policy.release(small.leased);

  const large = policy.access({ step: 1, layer: 0, experts: [1, 3], tokenCount: 33 });
  expect(large).toMatchObject({ hits: [1], admitted: [], bypassed: [3] });
  policy.release(large.leased);
  expect(policy.resident()).toEqual([1, 2]);
});
