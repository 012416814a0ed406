/** `--record`: what routers chose, for run, chat and bench; a recording that fails ends no text. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTrace, openTraceSource } from "../../src/trace/openTrace.ts";
import { collectTrace } from "../../src/trace/traceSource.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { roomyModel } from "./roomyModel.ts";
import { binPath, sluice, startSluice, surroundings } from "./sluice.ts";

const scratch = scratchFolder();

test("run, chat and bench record every decision, one sequence per pass of a bench", async () => {
  const paths = ["run", "chat", "bench"].map((name) => join(scratch, `${name}.trace`));
  const [run = "", chat = "", bench = ""] = paths;
  const outcomes = await Promise.all([
    sluice(["run", "-n", "5", "--record", run, "--record-logits"]),
    sluice(["chat", "-n", "5", "--temperature", "0", "--record", chat], {
      stdin: "Who are you?\n/undo\nTell me a story.\n",
    }),
    sluice([
      ..."bench --prompt-tokens 4 --generate-tokens 3 --passes 2 --record".split(" "),
      bench,
      "--record-compression",
      "zstd",
    ]),
  ]);
  for (const [index, { code, stderr }] of outcomes.entries()) {
    expect(code).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`^recorded \\d+ router decisions in ${paths[index]}, [\\d.]+ KiB$`, "m"),
    );
  }
  const traces = await Promise.all(paths.map((path) => openTrace(path, { logits: true })));
  const [ofRun, ofChat, ofBench] = traces.map((trace) => [...trace]);
  // Six layers; the last of five tokens is never fed.
  expect(ofRun?.map(({ tokens }) => tokens)).toEqual([17, 1, 1, 1, 1].flatMap((n) => six(n)));
  expect(ofRun?.every(({ logits, tokens }) => logits?.length === 32 * tokens)).toBe(true);
  expect(ofChat?.every(({ sequence, logits }) => sequence === 0 && logits === undefined)).toBe(
    true,
  );
  expect(ofChat?.filter(({ phase, layer }) => phase === "prefill" && layer === 0)).toHaveLength(2);
  expect([...new Set(ofBench?.map(({ sequence }) => sequence))]).toEqual([0, 1, 2]);
  expect(ofBench).toHaveLength(3 * 6 * 4);
});

const six = (value: number) => new Array<number>(6).fill(value);

test("an answer that Ctrl-C ends, or nobody reads, leaves a whole trace", async () => {
  const [ended, left] = [join(scratch, "ended.trace"), join(scratch, "left.trace")];
  const endless = ["run", roomyModel(scratch), "-p", "z", "-n", "10000", "--context", "10001"];
  const args = [...endless, "--temperature", "0", "--ignore-eos", "--record"];
  const one = startSluice([...args, ended]);
  const other = startSluice([...args, left]);
  await Promise.all(
    [one, other].map(({ child }) => new Promise((resolve) => child.stdout.once("data", resolve))),
  );
  one.child.kill("SIGINT");
  other.child.stdout.destroy();
  expect(await one.outcome).toMatchObject({ code: 130 });
  expect(await other.outcome).toMatchObject({ code: 0, stderr: "" });
  for (const path of [ended, left]) {
    await using source = await openTraceSource(path);
    expect((await collectTrace(source)).recordCount).toBeGreaterThan(0);
    // A missing end would be remarked on.
    expect(source.remarks).toEqual([]);
  }
});

test("a disk that is full from the start is said before the text", async () => {
  const { code, stdout, stderr } = await sluice(["run", "--record", "/dev/full"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^sluice: cannot write \/dev\/full: no space left on device.*\n$/);
});

test("a disk that fills is said at once, the text goes on, and the end is a failure", async () => {
  const path = join(scratch, "full.trace");
  const plain = await sluice(["run", "-n", "60", "--no-map"]);
  // A limit on the size of files stands for the disk.
  const command = `ulimit -f 8; exec "${process.execPath}" "${binPath}" run -n 60 --no-map --record "${path}" --record-logits`;
  const child = spawn("bash", ["-c", command], { env: { ...surroundings, NO_COLOR: "1" } });
  let [stdout, stderr, saidAfter] = ["", "", -1];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    if (saidAfter === -1) saidAfter = stdout.length;
    stderr += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect({ code, stdout }).toEqual({ code: 1, stdout: plain.stdout });
  expect(saidAfter).toBeLessThan(stdout.length);
  const [said, ...rest] = stderr.trimEnd().split("\n");
  expect(said).toMatch(/^sluice: cannot write .*full.trace: .*; going on without recording$/);
  expect(rest.at(-1)).toBe(`sluice: ${path} is incomplete: its recording failed`);
  expect(rest.join("\n")).toMatch(/^ended/m);
  // What is there can be read.
  expect((await openTrace(path, { salvage: true })).recordCount).toBeGreaterThanOrEqual(0);
});

test("a model that does not open leaves no empty trace behind", async () => {
  const path = join(scratch, "none.trace");
  const { code } = await sluice(["run", "/nowhere.gguf", "-p", "x", "--record", path]);
  expect(code).toBe(1);
  expect(existsSync(path)).toBe(false);
});

test("the trace commands know a recorded trace, and their own names", async () => {
  const path = join(scratch, "known.trace");
  await sluice(["run", "-n", "3", "--record", path]);
  const info = await sluice(["trace", "info", path, "--json"]);
  expect(info.code).toBe(0);
  expect(JSON.parse(info.stdout)).toMatchObject({ model: "tiny-moe-q6_k.gguf", layerCount: 6 });
  const nothing = await sluice(["trace", "info"]);
  expect(nothing.code).toBe(2);
  expect(nothing.stderr).toMatch(/See "sluice trace info --help"\.\n$/);
  const unknown = await sluice(["trace", "nope"]);
  expect(unknown.stderr).toMatch(/See "sluice trace --help"\.\n$/);
  const bad = await sluice(["trace", "synth", "nope", join(scratch, "x.trace")]);
  expect(bad.code).toBe(2);
  expect(bad.stderr).toMatch(/See "sluice trace synth --help"\.\n$/);
});
