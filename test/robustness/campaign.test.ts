/** A bounded part of the campaign: `npm run campaign` runs it by the thousand. */
import { expect, test } from "vitest";
import { hostileModel } from "./hostileModel.ts";
import { runCampaign } from "./runCampaign.ts";
import { runCycles } from "./runCycles.ts";

const mebibyte = 2 ** 20;

test("400 damaged models end in typed errors or run, and leave nothing behind", async () => {
  const report = await runCampaign({ seed: 20_261_122, first: 0, count: 400 });
  expect(report.faults).toEqual([]);
  // The damage is neither always fatal nor always harmless, and of many kinds.
  expect(report.clean).toBeGreaterThan(40);
  expect(report.codes.size).toBeGreaterThan(6);
  const { before, after } = report;
  expect(after.openFiles).toBeLessThanOrEqual(before.openFiles);
  expect(after.threads).toBeLessThanOrEqual(before.threads + 1);
  expect(after.heapBytes - before.heapBytes).toBeLessThan(16 * mebibyte);
  expect(after.rssBytes - before.rssBytes).toBeLessThan(192 * mebibyte);
  // One hostile template may fill half a gibibyte before it is noticed.
  expect(report.peakRssBytes).toBeLessThan(1024 * mebibyte);
}, 120_000);

test("one seed and one number give the same damage every time", () => {
  for (let index = 0; index < 50; index++) {
    expect(hostileModel(5, index)).toEqual(hostileModel(5, index));
  }
  expect(hostileModel(5, 1)).not.toEqual(hostileModel(6, 1));
});

test.for([
  ["150 models opened, used and closed leave nothing behind", {}],
  ["150 models with experts in tiers leave nothing behind either", { tiers: true }],
] as const)("%s", { timeout: 120_000 }, async ([, kind]) => {
  const { before, after } = await runCycles(150, kind);
  expect(after.openFiles).toBeLessThanOrEqual(before.openFiles);
  expect(after.threads).toBeLessThanOrEqual(before.threads);
  expect(after.heapBytes - before.heapBytes).toBeLessThan(4 * mebibyte);
  expect(after.rssBytes - before.rssBytes).toBeLessThan(64 * mebibyte);
});
