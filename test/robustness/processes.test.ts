/** The program and programs around it: they end, and say why in one line. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { binPath, goldenModel, sluice, startSluice } from "../cli/sluice.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();
const execute = promisify(execFile);
const library = new URL("../../src/index.ts", import.meta.url);

/** Runs a program that uses the library; returns what it printed. */
async function runProgram(body: string): Promise<string> {
  const path = join(scratch, "program.mts");
  writeFileSync(
    path,
    `import { openModel } from ${JSON.stringify(library.href)};
     const model = await openModel(${JSON.stringify(goldenModel)}, { threads: 2 });
     const generation = model.generate([1, 2, 3, 4, 5], { temperature: 0, maxTokens: 100 });
     ${body}`,
  );
  const { stdout } = await execute(process.execPath, [path], { timeout: 20_000 });
  return stdout;
}

describe("a program ends although", () => {
  test("an iterator was never finished", async () => {
    const body = "await generation[Symbol.asyncIterator]().next(); console.log('end');";
    expect(await runProgram(body)).toBe("end\n");
  });

  test("an iteration was broken off and the model never closed", async () => {
    const body = "for await (const piece of generation) break; console.log('end');";
    expect(await runProgram(body)).toBe("end\n");
  });
});

test("a prompt of bytes that are no UTF-8 is refused", async () => {
  const outcome = await sluice(["run", goldenModel, "-p", "-"], {
    stdin: Uint8Array.of(0x61, 0xc3, 0x28, 0xff),
  });
  expect(outcome).toEqual({
    code: 1,
    stdout: "",
    stderr: "sluice: cannot read stdin: it is not UTF-8 text\n",
  });
});

test("an empty prompt from stdin is bad usage", async () => {
  const { code, stderr } = await sluice(["run", goldenModel, "-p", "-"], { stdin: "" });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^sluice: a prompt is missing/);
});

test("a reader that goes away ends the program quietly", async () => {
  const args = ["run", goldenModel, "--raw", "-p", "z", "-n", "400", "--threads", "2"];
  const { child, outcome } = startSluice(args);
  await once(child.stdout, "data");
  child.stdout.destroy();
  const { code, stderr } = await outcome;
  expect(code).toBe(0);
  expect(stderr).toBe("");
});

test.runIf(existsSync("/dev/full"))("a full disk under stdout fails in one line", async () => {
  const command = `exec "$0" "$1" run "$2" --raw -p z -n 5 --temperature 0 > /dev/full`;
  const run = execute("sh", ["-c", command, process.execPath, binPath, goldenModel]);
  const failure = await run.then(
    () => undefined,
    (error: { code: number; stderr: string }) => error,
  );
  expect(failure?.code).toBe(1);
  expect(failure?.stderr).toMatch(/^sluice: cannot write the results: no space left on device\n/);
});

test.runIf(process.platform === "linux")(
  "an output file that cannot grow fails whole",
  async () => {
    const folder = join(scratch, "out");
    mkdirSync(folder);
    // A limit on the size of files is what a full disk is to the program, and needs no disk.
    const command = `ulimit -f 8; exec "$0" "$1" logits "$2" --tokens 1,2,3,4 --out "$3"`;
    const path = join(folder, "x.json");
    const run = execute("sh", ["-c", command, process.execPath, binPath, goldenModel, path]);
    const failure = await run.then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failure?.code).toBe(1);
    expect(failure?.stderr).toBe(`sluice: cannot write ${path}: file too large\n`);
    expect(readdirSync(folder)).toEqual([]);
  },
);

test("a campaign command repeats one file", async () => {
  const script = fileURLToPath(new URL("./campaign.ts", import.meta.url));
  const { stdout } = await execute(process.execPath, [script, "--seed", "1", "--only", "7"]);
  expect(stdout).toContain("0 faults");
});
