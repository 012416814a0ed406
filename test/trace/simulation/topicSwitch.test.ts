/**
 * A trace twice, the second time with every layer's experts renumbered; only the second half counts.
 * The table's own renumbering is not known. Whoever does not remember the first half by the experts'
 * numbers cannot tell, so those values agree to the rounding; the others to what the overlap of old
 * and new numbers makes, which is a matter of chance.
 */
import { expect, test } from "vitest";
import {
  buildSyntheticTrace,
  compareTrace,
  openTrace,
  switchTopic,
} from "../../../src/trace/index.ts";
import { gptOss } from "../traceSamples.ts";

const rounding = 0.05 + 1e-9;
const chance = 1.5;

const cycles = [0.75, 1.5, 3, 6];
const forgetful = ["belady", "lru", "per-layer(lru)"];
const table: Readonly<Record<string, readonly number[]>> = {
  belady: [36.6, 51.9, 66.9, 79.9],
  lru: [0.0, 17.6, 42.1, 57.7],
  random: [6.3, 17.5, 33.5, 50.5],
  lfu: [6.6, 11.8, 22.1, 37.4],
  "sharpinference-slru": [5.8, 10.4, 19.6, 34.7],
  "slru:protected=0.75,fill=pooled": [0.0, 0.7, 3.0, 52.3],
  sieve: [0.0, 0.7, 3.3, 7.7],
  "s3-fifo": [0.6, 25.5, 39.0, 54.1],
  arc: [0.0, 22.5, 41.9, 55.8],
  "w-tinylfu:window=0.01": [15.4, 24.5, 33.5, 43.1],
  "w-tinylfu:window=0.2": [14.0, 22.8, 32.3, 44.6],
  "per-layer(lru)": [7.0, 21.4, 43.3, 58.1],
  "per-layer(lfu)": [4.0, 9.9, 21.3, 38.5],
  "cycle-aware:window=32": [17.7, 26.9, 37.9, 52.8],
  "cycle-aware:window=128": [14.3, 19.1, 27.6, 41.3],
};

test("after a change of topic every policy hits what the table says", async () => {
  const trace = buildSyntheticTrace(switchTopic(await openTrace(gptOss)));
  const rows = await compareTrace(
    trace,
    {
      policies: Object.keys(table),
      capacities: cycles.map((count) => ({ cycles: count })),
      accounting: "per-access",
      warmSequences: 1,
    },
    { threads: 2 },
  );
  const far = rows.filter(({ policy, cycles: count, hitRate }) => {
    const expected = table[policy]![cycles.indexOf(count)]!;
    const allowed = forgetful.includes(policy) ? rounding : chance;
    return Math.abs(100 * hitRate.decode - expected) > allowed;
  });
  expect(far.map(({ policy, cycles: count, hitRate }) => [policy, count, hitRate.decode])).toEqual(
    [],
  );
});
