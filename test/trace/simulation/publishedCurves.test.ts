/** The curves that BigMoeOnEdge published for two of its traces, digit by digit. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compareTrace, openTrace } from "../../../src/trace/index.ts";
import { gptOss, qwen } from "../traceSamples.ts";

const policies = ["belady", "lru", "lfu"];

interface CurvePoint {
  readonly mib: number;
  readonly policy: string;
  readonly totalPercent: number;
  readonly decodePercent: number;
  readonly readMib: number;
}

/** Lines `budget_mib,policy,hit_pct_cum,hit_pct_decode,read_mib` below a head. */
function curveOf(name: string): CurvePoint[] {
  const file = new URL(`../../fixtures/traces/${name}-curve.csv`, import.meta.url);
  const lines = readFileSync(file, "utf8").trim().split("\n").slice(1);
  return lines
    .map((line) => line.split(","))
    .map(([mib, policy = "", total, decode, read]) => {
      const [totalPercent, decodePercent, readMib] = [Number(total), Number(decode), Number(read)];
      return { mib: Number(mib), policy, totalPercent, decodePercent, readMib };
    })
    .filter(({ policy }) => policies.includes(policy));
}

test.each([
  ["gptoss", gptOss],
  ["qwen", qwen],
])("the overrun accounting gives all published values of %s", async (name, path) => {
  const curve = curveOf(name);
  const budgets = [...new Set(curve.map(({ mib }) => mib))];
  const rows = await compareTrace(
    await openTrace(path),
    {
      policies,
      capacities: budgets.map((mib) => ({ bytes: mib * 2 ** 20 })),
      accounting: "overrun",
    },
    { threads: 2 },
  );
  expect(curve).toHaveLength(33);
  // They are printed with three digits; MiB with one.
  const found = rows.map(({ policy, bytes, hitRate, bytesMoved }) => ({
    mib: bytes! / 2 ** 20,
    policy,
    totalPercent: Number((100 * hitRate.total).toFixed(3)),
    decodePercent: Number((100 * hitRate.decode).toFixed(3)),
    readMib: Number((bytesMoved! / 2 ** 20).toFixed(1)),
  }));
  expect(found).toEqual(curve);
});
