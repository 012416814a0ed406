/** `sluice logits`: what llama.cpp computed for the same tokens, as JSON that loses nothing. */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openModel } from "../../src/generation/languageModel.ts";
import { goldenCases, tolerance } from "../golden/golden.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { binPath, goldenModel, sluice } from "./sluice.ts";

const scratch = scratchFolder();

interface LogitsJson {
  readonly model: string;
  readonly arithmetic: string;
  readonly kv: string;
  readonly tokens: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly greedy: readonly number[];
  readonly routing: readonly {
    readonly layer: number;
    readonly experts: readonly (readonly number[])[];
    readonly weights: readonly (readonly number[])[];
  }[];
}

async function logits(...args: readonly string[]): Promise<LogitsJson> {
  const { code, stdout, stderr } = await sluice(["logits", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as LogitsJson;
}

test("agrees with llama.cpp, with the fed tokens' logits and one more greedy choice", async () => {
  const folder = fileURLToPath(new URL("../fixtures/golden", import.meta.url));
  const golden = goldenCases(folder, ["qwen3moe"]).find(
    ({ title }) => title === "qwen3moe/q8_0 short exact",
  );
  if (golden === undefined) throw new Error("the golden case is gone");
  const { run, reference, bin, file } = golden;
  const fed = run.fed_tokens_after_prompt;
  const json = await logits(file, "--tokens", run.prompt.join(), "--decode", String(fed.length));
  expect(json).toMatchObject({ model: "q8_0.gguf", arithmetic: "exact", kv: "f32" });
  expect(json.tokens).toEqual(run.prompt);
  expect(json.greedy).toEqual(reference.greedy);
  expect(json.greedy).toHaveLength(fed.length + 1);
  expect(json.routing.map(({ experts }) => experts)).toEqual(
    reference.routing.map(({ experts }) => experts),
  );
  const { offset, shape } = reference.logits;
  const expected = new Float32Array(bin.slice(offset, offset + 4 * shape[0]! * shape[1]!).buffer);
  const found = json.logits.flat();
  expect(found).toHaveLength(expected.length);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(worst).toBeLessThan(tolerance.logits);
});

test("numbers survive bit for bit, whatever the options of the engine", async () => {
  const tokens = [5, 6, 7];
  await using model = await openModel(goldenModel, { arithmetic: "fast", keyValueFormat: "f16" });
  using sequence = model.createSequence();
  const expected = [...(await sequence.feed(tokens, { outputs: "all" }))];
  const options = ["--arithmetic", "fast", "--kv", "f16", "--threads", "2", "--kernels", "plain"];
  const more = ["--batch", "2", "--context", "64"];
  const json = await logits(goldenModel, "--tokens", tokens.join(), ...options, ...more);
  expect(json).toMatchObject({ arithmetic: "fast", kv: "f16" });
  expect(json.logits.flat()).toEqual(expected);
  expect(json.greedy).toHaveLength(1);
  // Two batches make one list per layer.
  expect(json.routing.map(({ layer }) => layer)).toEqual([0, 1, 2]);
  for (const { experts, weights } of json.routing) {
    expect(experts.map((row) => row.length)).toEqual([3, 3, 3]);
    for (const row of weights) expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
  }
});

test("--out replaces a file by the whole result, through links too", async () => {
  const file = join(scratch, "out.json");
  const link = join(scratch, "link.json");
  writeFileSync(file, "old");
  symlinkSync(file, link);
  const toFile = await sluice(["logits", goldenModel, "--tokens", "1,2", "--out", link]);
  expect(toFile).toEqual({ code: 0, stdout: "", stderr: "" });
  const toStdout = await sluice(["logits", goldenModel, "--tokens", "1,2"]);
  expect(readFileSync(file, "utf8")).toBe(toStdout.stdout);
  expect(readdirSync(scratch).sort()).toEqual(["link.json", "out.json"]);
});

test("a place that cannot be written to is known before the work, in one line", async () => {
  const folder = join(scratch, "folder");
  mkdirSync(folder);
  const absent = join(scratch, "absent", "x.json");
  const run = (out: string) => sluice(["logits", "absent.gguf", "--tokens", "1", "--out", out]);
  expect(await run(absent)).toEqual({
    code: 1,
    stdout: "",
    stderr: `sluice: cannot write ${absent}: no such file or directory\n`,
  });
  expect((await run(folder)).stderr).toContain("it is not a regular file");
  expect((await run("/dev/null")).stderr).toContain("it is not a regular file");
});

test.runIf(existsSync("/dev/full"))("a full disk fails in one line", async () => {
  const command = `"$0" "$1" logits "$2" --tokens 1,2 > /dev/full`;
  const stderr = await new Promise<string>((resolve) => {
    const args = ["-c", command, process.execPath, binPath, goldenModel];
    execFile("sh", args, (error, _, text) => resolve(`${error?.code}: ${text}`));
  });
  expect(stderr).toMatch(/^1: sluice: cannot write the results: .*no space left.*\n$/);
});

test("a token outside the vocabulary is bad usage, one too many a failure", async () => {
  const outside = await sluice(["logits", goldenModel, "--tokens", "1,320"]);
  expect(outside).toMatchObject({ code: 2, stdout: "" });
  expect(outside.stderr).toContain("320 is not a token of this model");
  const args = ["--tokens", "1,2,3", "--context", "4", "--decode", "2"];
  const full = await sluice(["logits", goldenModel, ...args]);
  expect(full).toMatchObject({ code: 1, stdout: "" });
  expect(full.stderr).toMatch(/^sluice: .* context of 4.*\n$/);
});
