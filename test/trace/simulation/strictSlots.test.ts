/** The per-access accounting against tables that another implementation made of the same traces. */
import { expect, test } from "vitest";
import { compareTrace, openTrace } from "../../../src/trace/index.ts";
import { gptOss, qwen } from "../traceSamples.ts";
import { gptOssTable, qwenTable, type StrictSlotTable } from "./strictSlotTables.ts";

/** Values are rounded to 0.1: any that rounds to the same one agrees. */
const rounding = 0.05 + 1e-9;

/**
 * Points by which a policy may differ, and the rule that makes the difference.
 *
 * - `cycle-aware`: equal estimates; the table's version takes the one resident longest, ours the one
 *   whose estimate is oldest.
 */
const allowed: Readonly<Record<string, number>> = {
  "cycle-aware:window=32": 0.06,
};

const cases: [name: string, path: string, table: StrictSlotTable][] = [
  ["gpt-oss-120b", gptOss, gptOssTable],
  ["Qwen3-30B-A3B", qwen, qwenTable],
];

test.each(cases)("%s: hit rates are those measured elsewhere", async (_, path, table) => {
  const trace = await openTrace(path);
  const policies = Object.keys(table.hitPercent);
  const capacities = table.slots.map((slots) => ({ slots }));
  const rows = await compareTrace(
    trace,
    { policies, capacities, accounting: "per-access" },
    { threads: 2 },
  );
  const wrong = rows.filter(({ policy, slots, hitRate }) => {
    const expected = table.hitPercent[policy]![table.slots.indexOf(slots)]!;
    return Math.abs(100 * hitRate.decode - expected) > (allowed[policy] ?? rounding);
  });
  expect(rows).toHaveLength(policies.length * capacities.length);
  expect(wrong.map(({ policy, slots, hitRate }) => [policy, slots, hitRate.decode])).toEqual([]);
});
