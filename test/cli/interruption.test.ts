/** Ctrl-C: an orderly end that reports what there is. */
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { scratchFolder } from "../support/scratchFolder.ts";
import { roomyModel } from "./roomyModel.ts";
import { startSluice } from "./sluice.ts";

const scratch = scratchFolder();

/** Seconds of work: a tiny model with room for ten thousand tokens, and a prompt it never ends. */
const longRun = ["run", roomyModel(scratch), "-p", "z", "-n", "10000", "--context", "10001"].concat(
  ["--arithmetic", "exact", "--kv", "f32", "--threads", "1", "--temperature", "0"],
);

test("a generation ends within a second and tells what there is, also with --json", async () => {
  const shown = startSluice(longRun);
  const counted = startSluice([...longRun, "--json"]);
  await once(shown.child.stdout, "data");
  await wait(1000); // the other one began at the same time, but says nothing before its end
  const begin = performance.now();
  shown.child.kill("SIGINT");
  counted.child.kill("SIGINT");
  const [text, json] = await Promise.all([shown.outcome, counted.outcome]);
  expect(performance.now() - begin).toBeLessThan(1000);

  expect(text.code).toBe(130);
  expect(text.stdout).toMatch(/\n$/);
  expect(text.stderr).toMatch(/^decode +\d+ tokens? /m);
  expect(text.stderr).toMatch(/^ended +before its time$/m);
  expect(text.stderr).toMatch(/sluice: interrupted\n$/);

  expect(json).toMatchObject({ code: 130, stderr: "sluice: interrupted\n" });
  const { tokens, statistics } = JSON.parse(json.stdout) as { tokens: []; statistics: object };
  expect(statistics).toMatchObject({ finishReason: null, generatedTokens: tokens.length });
});

test("while it waits for stdin there is nothing to report", async () => {
  const { child, outcome } = startSluice(["run", "-p", "-"]);
  // More than pipes hold: when it is written, the program has begun to read.
  await new Promise((written) => child.stdin.write("word ".repeat(1e6), written));
  child.kill("SIGINT");
  expect(await outcome).toEqual({ code: 130, stdout: "", stderr: "sluice: interrupted\n" });
});

test("logits leave no unfinished file behind", async () => {
  const folder = join(scratch, "out");
  mkdirSync(folder);
  const tokens = new Array<number>(500).fill(7).join();
  const { child, outcome } = startSluice([
    "logits",
    "--tokens",
    tokens,
    "--threads",
    "1",
    "--out",
    join(folder, "x.json"),
  ]);
  while (readdirSync(folder).length === 0 && child.exitCode === null) await wait(10);
  child.kill("SIGINT");
  expect(await outcome).toEqual({ code: 130, stdout: "", stderr: "sluice: interrupted\n" });
  expect(readdirSync(folder)).toEqual([]);
});
