import { expect, test } from "vitest";
import { type CpuProfile, selfShares } from "../../bench/regionsProfile.ts";

const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: { functionName: "load", url: "file:///src/weightStore.ts" } },
    { id: 2, callFrame: { functionName: "wasm-function[3]", url: "wasm://wasm/123" } },
    { id: 3, callFrame: { functionName: "wasm-function[4]", url: "wasm://wasm/123" } },
    { id: 4, callFrame: { functionName: "", url: "file:///src/router.ts" } },
    { id: 5, callFrame: { functionName: "(garbage collector)", url: "" } },
  ],
  samples: [1, 1, 2, 3, 4, 5],
  timeDeltas: [9000, 9000, 500, 300, 150, 50],
};

test("shares are of the profile's end, kernels are one, and the longest comes first", () => {
  expect(selfShares(profile, 1)).toEqual([
    ["(kernels)", 0.8],
    ["(anonymous) router.ts", 0.15],
    ["(garbage collector)", 0.05],
  ]);
});

test("a window longer than the profile takes all of it", () => {
  expect(selfShares(profile, 1000)[0]).toEqual(["load weightStore.ts", 18 / 19]);
});
