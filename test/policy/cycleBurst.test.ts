import { expect, test } from "vitest";
import { createPolicy } from "../../src/policy/registry.ts";

test("an expert that was leased since it was found the least probable stays", () => {
  const policy = createPolicy("cycle-burst", { layerCount: 2, expertsPerLayer: 8, capacity: 4 });
  const access = (step: number, layer: number, ...experts: number[]) => {
    const outcome = policy.access({ step, layer, experts: experts.map((e) => layer * 8 + e) });
    policy.release(outcome.leased);
    return outcome.admitted.map(({ victim }) => victim);
  };
  access(0, 0, 0, 1);
  access(0, 1, 0, 1);
  for (let step = 1; step < 12; step++) access(step, 0, 0);
  for (let step = 12; step < 20; step++) access(step, 1, 0);
  // Both layers' last are sought: 1 of layer 0 leaves, and 9 is known to be the next.
  expect(access(20, 0, 2)).toEqual([1]);
  policy.lease([9]);
  expect(access(20, 0, 3)).toEqual([2]);
  expect(policy.isResident(9)).toBe(true);
});
