/**
 * Routers without any preference, against a table of another implementation: 8 layers of 32 experts,
 * top-4. Its trace is not ours, only its law is, so values agree to what chance allows: of 32768
 * accesses, one standard deviation is up to 0.3 points.
 */
import { expect, test } from "vitest";
import { buildSyntheticTrace, compareTrace, cyclicTrace } from "../../../src/trace/index.ts";

const chance = 1.1;

const slots = [16, 32, 64, 128, 192];
const table: Readonly<Record<string, readonly number[]>> = {
  belady: [25.1, 39.0, 57.1, 78.8, 92.1],
  lru: [0.0, 8.0, 23.1, 47.3, 73.2],
  fifo: [0.0, 10.6, 20.0, 46.7, 73.5],
  random: [2.0, 7.7, 20.4, 46.9, 73.2],
  lfu: [5.7, 11.7, 24.1, 49.1, 74.3],
  "slru:protected=0.75": [0.0, 0.0, 0.0, 45.8, 73.3],
  "sharpinference-slru": [5.6, 11.8, 24.0, 49.1, 74.3],
  "slru:protected=0.75,fill=pooled": [0.0, 3.0, 18.2, 45.8, 73.3],
  sieve: [0.0, 3.0, 18.2, 46.7, 74.1],
  "s3-fifo": [1.9, 10.8, 21.4, 47.0, 73.2],
  arc: [0.0, 7.2, 20.0, 47.3, 73.2],
  "w-tinylfu:window=0.01": [5.6, 11.5, 24.0, 48.7, 74.1],
  "per-layer(lru)": [2.3, 8.0, 21.1, 47.6, 73.8],
};

test("on the null trace every policy hits what the table says, chance aside", async () => {
  const shape = { layerCount: 8, expertsPerLayer: 32, expertsPerToken: 4, tokens: 1024 };
  const rows = await compareTrace(
    buildSyntheticTrace(cyclicTrace(shape)),
    {
      policies: Object.keys(table),
      capacities: slots.map((count) => ({ slots: count })),
      accounting: "per-access",
    },
    { threads: 2 },
  );
  const far = rows.filter((row) => {
    const expected = table[row.policy]![slots.indexOf(row.slots)]!;
    // What cannot hit at all cannot hit by chance.
    return Math.abs(100 * row.hitRate.decode - expected) > (expected === 0 ? 0 : chance);
  });
  expect(far.map(({ policy, slots: count, hitRate }) => [policy, count, hitRate.decode])).toEqual(
    [],
  );
  const online = rows.filter(({ policy }) => policy !== "belady");
  for (const { hitRate, slots: count } of online) {
    expect(100 * hitRate.decode).toBeLessThan((100 * count) / 256 + chance);
  }
});
