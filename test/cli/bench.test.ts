/** `sluice bench`: what it prints belongs together. */
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomPrompt } from "../../src/cli/benchPasses.ts";
import { latencyOf, type Spread, spreadOf, summarise } from "../../src/cli/benchSummary.ts";
import { embeddedModelPath } from "../../src/generation/embeddedModel.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { roomyModel } from "./roomyModel.ts";
import { sluice, startSluice } from "./sluice.ts";

const scratch = scratchFolder();

interface BenchJson {
  readonly passes: readonly {
    readonly prefillMs: number;
    readonly timeToFirstTokenMs: number;
    readonly tokenMs: readonly number[];
  }[];
  readonly prefillTokensPerSecond: Spread | null;
  readonly decodeTokensPerSecond: Spread | null;
  readonly timeToFirstTokenMs: Spread | null;
  readonly tokenLatencyMs: { count: number; p50: number; p95: number; p99: number } | null;
  readonly loadMs: number;
  readonly peakMemoryBytes: number;
  readonly complete: boolean;
}

const documentedKeys = [
  ..."model cpu processors node threads arithmetic kv".split(" "),
  ..."promptTokens generateTokens batchTokens seed loadMs complete passes".split(" "),
  ..."prefillTokensPerSecond decodeTokensPerSecond timeToFirstTokenMs".split(" "),
  ..."tokenLatencyMs peakMemoryBytes experts gpus remarks".split(" "),
];

test("--json holds every measurement, and sums that agree with them", async () => {
  const lengths = ["--prompt-tokens", "20", "--generate-tokens", "6", "--passes", "2"];
  const { code, stdout, stderr } = await sluice(["bench", ...lengths, "--json", "--threads", "1"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const json = JSON.parse(stdout) as BenchJson;
  expect(Object.keys(json)).toEqual(documentedKeys);
  expect(json).toMatchObject({
    model: "tiny-moe-q6_k.gguf",
    threads: 1,
    promptTokens: 20,
    generateTokens: 6,
    seed: 1,
    complete: true,
  });
  expect(json.passes).toHaveLength(2);
  for (const { prefillMs, timeToFirstTokenMs, tokenMs } of json.passes) {
    expect(tokenMs).toHaveLength(6);
    expect(Math.min(prefillMs, ...tokenMs)).toBeGreaterThan(0);
    expect(timeToFirstTokenMs).toBeGreaterThanOrEqual(prefillMs);
  }
  const rates = json.passes.map(({ prefillMs }) => 20_000 / prefillMs);
  expect(json.prefillTokensPerSecond?.min).toBeCloseTo(Math.min(...rates));
  expect(json.prefillTokensPerSecond?.max).toBeCloseTo(Math.max(...rates));
  const all = json.passes.flatMap(({ tokenMs }) => tokenMs).toSorted((a, b) => a - b);
  expect(json.tokenLatencyMs).toEqual({ count: 12, p50: all[5], p95: all[11], p99: all[11] });
  // The weights are in memory, and the tests' machines do not have terabytes.
  expect(json.peakMemoryBytes).toBeGreaterThan((await stat(embeddedModelPath)).size);
  expect(json.peakMemoryBytes).toBeLessThan(2 ** 40);
  expect(json.loadMs).toBeGreaterThan(0);
});

test("without --json it is a table of at most 80 columns", async () => {
  const { code, stdout, stderr } = await sluice([
    ..."bench --prompt-tokens 8 --generate-tokens 3 --passes 1".split(" "),
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^8 prompt tokens, then 3 one by one; 1 pass after a warm-up$/m);
  expect(stdout).toMatch(/^prefill, tokens\/s( +[\d.]+){4}$/m);
  expect(stdout).toMatch(/^decode, tokens\/s( +[\d.]+){4}$/m);
  expect(stdout).toMatch(/^token latency, ms +p50 [\d.]+, p95 [\d.]+, p99 [\d.]+ \(3 tokens\)$/m);
  expect(stdout).toMatch(/^peak memory +[\d.]+ [MG]iB$/m);
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("Ctrl-C reports what was measured so far", async () => {
  const { child, outcome } = startSluice([
    "bench",
    roomyModel(scratch),
    ..."--prompt-tokens 4 --generate-tokens 50 --passes 100000 --threads 1 --json".split(" "),
  ]);
  await once(child, "spawn");
  await wait(2500);
  child.kill("SIGINT");
  const { code, stdout, stderr } = await outcome;
  expect({ code, stderr }).toEqual({ code: 130, stderr: "sluice: interrupted\n" });
  const { complete, passes, tokenLatencyMs } = JSON.parse(stdout) as BenchJson;
  expect(complete).toBe(false);
  expect(passes.length).toBeGreaterThan(0);
  const tokens = passes.map(({ tokenMs }) => tokenMs.length);
  expect(new Set(tokens.slice(0, -1))).toEqual(new Set([50]));
  expect(tokenLatencyMs?.count ?? 0).toBe(tokens.reduce((sum, count) => sum + count, 0));
});

test("a context too short for the work is bad usage", async () => {
  const { code, stderr } = await sluice(["bench", "--context", "100"]);
  expect(code).toBe(2);
  expect(stderr).toContain("--context 100 is too short for 128 prompt tokens and 64 more");
});

test("medians and percentiles are those of a sorted list", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, mean: 2, min: 1, max: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, mean: 2.5, min: 1, max: 4 });
  expect(spreadOf([])).toBeUndefined();
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(latencyOf(hundred)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99 });
  expect(latencyOf([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7 });
});

test("any passes: min <= median, mean <= max, and p50 <= p95 <= p99 are times that were measured", () => {
  const ms = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
  const pass = fc.record({ prefillMs: ms, timeToFirstTokenMs: ms, tokenMs: fc.array(ms) });
  fc.assert(
    fc.property(fc.array(pass, { minLength: 1 }), (passes) => {
      const summary = summarise(passes, 10);
      const { prefillTokensPerSecond, decodeTokensPerSecond, timeToFirstTokenMs } = summary;
      for (const spread of [prefillTokensPerSecond, decodeTokensPerSecond, timeToFirstTokenMs]) {
        if (spread === undefined) continue;
        const { median, mean, min, max } = spread;
        for (const value of [median, mean]) {
          expect(value).toBeGreaterThanOrEqual(min);
          expect(value).toBeLessThanOrEqual(max);
        }
      }
      const times = passes.flatMap(({ tokenMs }) => tokenMs);
      const latency = summary.tokenLatencyMs;
      expect(latency?.count ?? 0).toBe(times.length);
      if (latency === undefined) return;
      const { p50, p95, p99 } = latency;
      for (const value of [p50, p95, p99]) expect(times).toContain(value);
      expect(p50 <= p95 && p95 <= p99).toBe(true);
      expect(times.filter((time) => time <= p95).length).toBeGreaterThanOrEqual(
        0.95 * times.length,
      );
    }),
  );
});

test("a seed repeats the random prompt, another one gives another", () => {
  expect(randomPrompt(2048, 50, 1)).toEqual(randomPrompt(2048, 50, 1));
  expect(randomPrompt(2048, 50, 1)).not.toEqual(randomPrompt(2048, 50, 2));
  expect(Math.max(...randomPrompt(7, 500, 1))).toBe(6);
});
