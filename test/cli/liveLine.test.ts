/** The line that tells how a run goes: below the text on a terminal, a line a second elsewhere. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ExpertTally } from "../../src/cli/expertWatch.ts";
import { liveText } from "../../src/cli/liveLine.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { roomyModel } from "./roomyModel.ts";
import { binPath, sluice, startSluice, surroundings } from "./sluice.ts";

const scratch = scratchFolder();
const hasScript = spawnSync("script", ["--version"]).stdout?.includes("util-linux") ?? false;
const figures = /^(prefill|[\d.]+ tokens\/s), hits [\d.]+ %, [\d.]+ [KM]iB read, waited [\d.]+ s$/;

const counts = { admitted: 0, bypassed: 0, evictions: 0, usedBytes: 0, hitBytes: 0, movedBytes: 0 };
const none = { count: 0, bytes: 0 };
const tally: ExpertTally = {
  counts: { prefill: { ...counts, uses: 4, hits: 1 }, decode: { ...counts, uses: 8, hits: 6 } },
  prefetch: { issued: none, useful: none, late: none, wasted: none, dropped: none },
  bytesRead: 3 * 2 ** 20,
  stallMs: { prefill: 200, decode: 50 },
  decodeSteps: 2,
  timed: { steps: 1, ms: 10 },
  gpus: [],
};
const onDemand = { ram: false, gpus: true };

test("it tells the speed, and of experts only if some are read on demand", () => {
  expect(liveText(12.34, tally, onDemand)).toBe(
    "12.3 tokens/s, hits 75.0 %, 3.00 MiB read, waited 0.25 s",
  );
  expect(liveText(12.34, tally, { ram: true, gpus: true })).toBe("12.3 tokens/s");
  const prefill = {
    ...tally,
    counts: { ...tally.counts, decode: { ...counts, uses: 0, hits: 0 } },
  };
  expect(liveText(undefined, prefill, onDemand)).toBe(
    "prefill, hits 25.0 %, 3.00 MiB read, waited 0.25 s",
  );
});

test("without a terminal it is a line a second, and nothing unless it is asked for", async () => {
  const args = ["run", roomyModel(scratch), "-p", "z", "-n", "10000", "--context", "10001"];
  const slow = [...args, "--arithmetic", "exact", "--threads", "1", "--ignore-eos", "--no-map"];
  const asked = startSluice([...slow, "--stats"]);
  const set = startSluice(slow, { env: { SLUICE_STATS: "yes" } });
  const silent = startSluice(slow);
  await Promise.all([asked, set].map(({ child }) => once(child.stderr, "data")));
  await once(silent.child.stdout, "data");
  await wait(1500);
  const all = [asked, set, silent];
  for (const { child } of all) child.kill("SIGINT");
  const [one, other, nothing] = await Promise.all(all.map(({ outcome }) => outcome));
  for (const outcome of [one, other]) {
    expect(outcome?.stderr.split("\n")[0]).toMatch(/^(prefill|[\d.]+ tokens\/s)$/);
  }
  expect(nothing?.stderr).toMatch(/^prefill +1 token /);
});

test("a bench tells which pass it is at", async () => {
  const work = "--prompt-tokens 4 --generate-tokens 400 --passes 100000 --stats".split(" ");
  const { child, outcome } = startSluice(["bench", ...work, "--ram", "12MiB"]);
  await once(child.stderr, "data");
  child.kill("SIGINT");
  const { stderr } = await outcome;
  const [line = ""] = stderr.split("\n");
  expect(line).toMatch(/^(warm-up|pass \d+ of 100000): /);
  expect(line.slice(line.indexOf(": ") + 2)).toMatch(figures);
});

test.skipIf(!hasScript)("on a terminal it stands below the text and leaves it whole", async () => {
  const args = ["run", "-n", "200", "--no-map", "--ram", "12MiB"];
  const { stdout } = await sluice(args);
  const command = ["exec", process.execPath, binPath, ...args, "--stats"].join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    env: { ...surroundings, SHELL: "/bin/sh", TERM: "xterm", NO_COLOR: "1" },
  });
  let shown = "";
  child.stdout.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
  });
  await new Promise((resolve) => child.on("close", resolve));
  // Below the text and back: what is written there stands between saving and restoring the place.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is steered by them
  const below = /(?:\x1bD\x1b\[A)?\x1b7\x1b\[B\r\x1b\[2K([^\x1b]*)\x1b8/g;
  const lines = [...shown.matchAll(below)].map(([, line = ""]) => line);
  expect(lines.some((line) => figures.test(line))).toBe(true);
  // The last thing written there is nothing.
  expect(lines.at(-1)).toBe("");
  const text = shown.replaceAll(below, "").replaceAll("\r\n", "\n");
  expect(text.startsWith(stdout)).toBe(true);
});
