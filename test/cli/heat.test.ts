/** `--heat`: what earlier runs used is read first, and files that hold something else are refused. */
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { embeddedModelPath } from "../../src/generation/embeddedModel.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { roomyModel } from "./roomyModel.ts";
import { goldenModel, sluice, startSluice } from "./sluice.ts";

const scratch = scratchFolder();
let files = 0;
const newPath = () => join(scratch, `heat-${files++}.json`);
const ask = (heat: string, ...more: string[]) =>
  sluice(["run", "-n", "16", "--no-map", "--ram", "13MiB", "--heat", heat, ...more]);

interface HeatRecord {
  readonly model: string;
  readonly format: string;
  /** Rows of layer, expert, hits, misses, ... */
  readonly experts: readonly (readonly number[])[];
}

function read(path: string) {
  const record = JSON.parse(readFileSync(path, "utf8")) as HeatRecord;
  const uses = record.experts.reduce((sum, [, , hits = 0, misses = 0]) => sum + hits + misses, 0);
  return { record, uses };
}

test("the first run makes the file, the next adds to it and begins warmer", async () => {
  const path = newPath();
  const first = await ask(path, "--json");
  expect(first).toMatchObject({ code: 0, stderr: "" });
  const { record, uses } = read(path);
  expect(record).toMatchObject({ model: "tiny-moe-q6_k.gguf", format: "sluice-access-profile" });
  const second = await ask(path, "--json");
  expect(read(path).uses).toBe(2 * uses);
  // The same text needs the same experts, and more of them have a slot from the start.
  const hits = [first, second].map(({ stdout }) => {
    const { experts } = JSON.parse(stdout) as {
      experts: { counts: { prefill: { hits: number } } };
    };
    return experts.counts.prefill.hits;
  });
  expect(hits[1]).toBeGreaterThan(hits[0] ?? 0);
  expect(readdirSync(scratch).filter((name) => name.includes("unfinished"))).toEqual([]);
});

test("a link stays a link", async () => {
  const [path, link] = [newPath(), newPath()];
  writeFileSync(path, "");
  const empty = await ask(path);
  expect(empty).toMatchObject({ code: 1, stdout: "" });
  expect(empty.stderr).toBe(`sluice: ${path}: access profile: the text is not JSON\n`);
  copyFileSync(await written(), path);
  symlinkSync(path, link);
  expect((await ask(link)).code).toBe(0);
  expect(readFileSync(link, "utf8")).toBe(readFileSync(path, "utf8"));
});

async function written(): Promise<string> {
  const path = newPath();
  expect((await ask(path)).code).toBe(0);
  return path;
}

test("a run that Ctrl-C ends, or whose reader goes away, keeps its heat", async () => {
  const [ended, left] = [newPath(), newPath()];
  const endless = ["run", roomyModel(scratch), "-p", "z", "-n", "10000", "--context", "10001"];
  const args = [...endless, "--temperature", "0", "--ignore-eos"];
  const one = startSluice([...args, "--heat", ended]);
  const other = startSluice([...args, "--heat", left]);
  await Promise.all(
    [one, other].map(({ child }) => new Promise((resolve) => child.stdout.once("data", resolve))),
  );
  one.child.kill("SIGINT");
  other.child.stdout.destroy();
  expect(await one.outcome).toMatchObject({ code: 130 });
  expect(await other.outcome).toMatchObject({ code: 0, stderr: "" });
  for (const path of [ended, left]) expect(read(path).uses).toBeGreaterThan(0);
});

test("a place that is lost during the run costs the heat, not the text", async () => {
  const folder = join(scratch, "lost");
  mkdirSync(folder);
  const args = ["run", roomyModel(scratch), "-p", "z", "-n", "10000", "--context", "10001"];
  const heat = ["--ignore-eos", "--heat", join(folder, "heat.json")];
  const { child, outcome } = startSluice([...args, ...heat]);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  rmSync(folder, { recursive: true });
  child.kill("SIGINT");
  const { code, stderr } = await outcome;
  expect(code).toBe(130);
  expect(stderr).toMatch(/^ended +before its time/m);
  expect(stderr).toMatch(
    /\nsluice: cannot write .*heat.json: no such file or directory\nsluice: interrupted\n$/,
  );
});

test("heat of another model is refused, of another file of the same shape only said", async () => {
  const path = await written();
  const before = readFileSync(path, "utf8");
  const other = await sluice(["run", goldenModel, "-p", "x", "--heat", path]);
  expect(other).toMatchObject({ code: 1, stdout: "" });
  expect(other.stderr).toBe(
    `sluice: ${path}: the profile is of 6 layers of 32 experts, the model has 3 layers of 8 experts: it is of another model\n`,
  );
  expect(readFileSync(path, "utf8")).toBe(before);
  const copy = join(scratch, "copy.gguf");
  copyFileSync(embeddedModelPath, copy);
  const renamed = await sluice(["run", copy, "-p", "Hello!", "-n", "2", "--heat", path]);
  expect(renamed.code).toBe(0);
  expect(renamed.stderr).toContain(
    `sluice: ${path} is of tiny-moe-q6_k.gguf, not of copy.gguf; its heat may not fit\n`,
  );
});

test.each([
  ["no JSON", "{", "the text is not JSON"],
  ["another JSON", "{}", `"format" must be "sluice-access-profile"; is this another file?`],
  ["a list", "[]", "the whole must be an object, not []"],
  ["null", "null", `"format" must be`],
  ["a row cut off", undefined, "row 0 of "],
])("a file with %s is refused and left alone", async (_, given, message) => {
  const path = newPath();
  const { record } = read(await written());
  const text = given ?? JSON.stringify({ ...record, experts: [[0, 1, 2]] });
  writeFileSync(path, text);
  const { code, stdout, stderr } = await ask(path);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr.startsWith(`sluice: ${path}: access profile: ${message}`)).toBe(true);
  expect(stderr.match(/\n/g)).toHaveLength(1);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test.each([
  ["--heat", "a folder that is not there", "/nowhere/heat.json", "no such file or directory"],
  ["--heat", "a folder", scratch, "illegal operation on a directory"],
  ["--expert-stats", "a folder", scratch, "it is not a regular file"],
  ["--expert-stats", "a folder that is not there", "/nowhere/x", "no such file or directory"],
  ["--record", "a folder", scratch, "illegal operation on a directory"],
  ["--record", "a folder that is not there", "/nowhere/x", "no such file or directory"],
])("%s into %s fails before the work", async (flag, _, path, reason) => {
  const { code, stdout, stderr } = await sluice(["run", flag, path]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^sluice: cannot (read|write) .+\n$/);
  expect(stderr).toContain(`${path}: ${reason}`);
});

test.each(["--expert-stats", "--record"])("%s does not overwrite a model", async (flag) => {
  const model = join(scratch, `${flag}.gguf`);
  copyFileSync(embeddedModelPath, model);
  const { code, stderr } = await sluice(["run", model, "-p", "x", flag, model]);
  expect(code).toBe(2);
  expect(stderr).toContain(`${model} is a model: it would be overwritten`);
  expect(statSync(model).size).toBe(statSync(embeddedModelPath).size);
});
