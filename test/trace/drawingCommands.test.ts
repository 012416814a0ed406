/** `sluice trace synth` and `sluice trace report`: files that can be used, and clear refusals. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { addTraceReportCommand } from "../../src/cli/trace/report.ts";
import { addTraceSynthCommand } from "../../src/cli/trace/synth.ts";
import { openTrace } from "../../src/trace/openTrace.ts";
import { switchTopic } from "../../src/trace/synthesis/topicSwitch.ts";
import { zipfTrace } from "../../src/trace/synthesis/zipfTrace.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();
let stdout = "";
let stderr = "";

beforeEach(() => {
  [stdout, stderr] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

async function trace(...args: readonly string[]): Promise<void> {
  const group = new Command("trace").exitOverride();
  addTraceSynthCommand(group);
  addTraceReportCommand(group);
  for (const command of group.commands) command.exitOverride();
  await group.parseAsync(args, { from: "user" });
}

const path = (name: string) => join(scratch, name);
const small = ["--layers", "2", "--experts", "16", "--topk", "2", "--tokens", "30"];

describe("synth", () => {
  test("writes what the library makes", async () => {
    const options = ["--prompt-tokens", "4", "--skew", "1.5", "--seed", "9"];
    await trace("synth", "zipf", path("zipf.trace"), ...small, ...options);
    const shape = { layerCount: 2, expertsPerLayer: 16, expertsPerToken: 2, tokens: 30 };
    const made = zipfTrace({ ...shape, promptTokens: 4, skew: 1.5, seed: 9 });
    const read = await openTrace(path("zipf.trace"));
    expect(read.header).toEqual(made.header);
    expect([...read]).toEqual([...made.records]);
    expect(stderr).toMatch(/^wrote .*zipf\.trace, .*\n$/);
  });

  test.for(["flat", "cyclic", "sticky", "flood"])(
    "%s: makes one of its own shape",
    async (kind) => {
      await trace("synth", kind, path(`${kind}.trace`), "--tokens", "5");
      expect((await openTrace(path(`${kind}.trace`))).tokenCount()).toBe(5);
    },
  );

  test("switches the topic of a file", async () => {
    await trace("synth", "cyclic", path("one.trace"), ...small);
    await trace("synth", "switch", path("two.trace"), "--from", path("one.trace"));
    const expected = switchTopic(await openTrace(path("one.trace")));
    expect([...(await openTrace(path("two.trace")))]).toEqual([...expected.records]);
  });

  test.for([
    [["zipff", "x"], 'there is no kind "zipff" of made-up trace; there are flat, cyclic, zipf'],
    [["flat", "x", "--skew", "1"], "flat takes no --skew"],
    [["flood", "x", "--layers", "2"], "flood takes no --layers"],
    [["switch", "x"], "switch needs the trace to play twice: --from FILE"],
    [["zipf", "x", "--from", "y"], "zipf takes no --from"],
    [["switch", "x", "--from", "y", "--prompt-tokens", "3"], "switch takes no --prompt-tokens"],
    [["cyclic", "x", "--experts", "3"], "top-4 of 3 experts"],
  ] as const)("refuses %j", async ([args, message]) => {
    await expect(trace("synth", ...args)).rejects.toThrow(message);
    expect(readdirSync(scratch)).not.toContain("x");
  });
});

describe("report", () => {
  test("writes the page, the charts and the numbers", async () => {
    await trace("synth", "sticky", path("sticky.trace"), ...small);
    await trace(
      ...["report", path("sticky.trace"), "-o", path("report.html"), "--svg", path("charts")],
      ...["--policies", "lru,slru:protected=0.5,fill=pooled", "--slots", "4,8", "--json"],
    );
    expect(readFileSync(path("report.html"), "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    const charts = readdirSync(path("charts"));
    expect(charts).toContain("miss-ratio.svg");
    for (const name of charts) {
      const svg = readFileSync(join(path("charts"), name), "utf8");
      expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 \d+ \d+"[^>]*><title>[^<]+<\/title>/);
      expect(svg).not.toContain("var(");
    }
    const { curves } = JSON.parse(stdout);
    expect(curves).toMatchObject([
      { policy: "lru", points: [{ slots: 4 }, { slots: 8 }] },
      { policy: "slru:protected=0.5,fill=pooled" },
    ]);
    expect(stderr.trim().split("\n")).toHaveLength(2 + charts.length);
  });

  test("says what is missing or wrong", async () => {
    await trace("synth", "flat", path("empty.trace"), "--tokens", "0");
    await expect(trace("report", path("empty.trace"))).rejects.toThrow("say where the report goes");
    await expect(trace("report", path("empty.trace"), "--json")).rejects.toThrow("no records");
    await trace("synth", "flat", path("flat.trace"), "--tokens", "5");
    const unknown = trace("report", path("flat.trace"), "--json", "--policies", "lruu");
    await expect(unknown).rejects.toThrow('there is no policy "lruu"');
    const nowhere = trace("report", path("flat.trace"), "-o", path("no/such/folder.html"));
    await expect(nowhere).rejects.toThrow("cannot write");
    await expect(trace("report", path("flat.trace"), "--slots", "0")).rejects.toThrow("from 1 up");
  });
});
