import { expect, test } from "vitest";
import { fillOrder } from "../../../src/policy/cache/fillOrder.ts";
import { AccessProfile } from "../../../src/policy/profile.ts";

const grid = { layerCount: 2, expertsPerLayer: 3 };

test("layers take turns as long as nothing is known of their experts", () => {
  expect(fillOrder(grid)).toEqual([0, 3, 1, 4, 2, 5]);
  expect(fillOrder(grid, new AccessProfile(grid))).toEqual([0, 3, 1, 4, 2, 5]);
});

test("the most used of earlier runs come first, hits and misses alike", () => {
  const profile = new AccessProfile(grid);
  profile.recordMiss(1, 2);
  profile.recordHit(1, 2);
  profile.recordMiss(0, 1);
  expect(fillOrder(grid, profile)).toEqual([5, 1, 0, 3, 4, 2]);
});
