/** Everything a reader may copy runs: the examples, and the TypeScript and commands of the README. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../support/scratchFolder.ts";
import { commandsOf, fencesOf, root } from "./fences.ts";

const run = promisify(execFile);
const scratch = scratchFolder();

/** Runs a source as it stands but for the package's name, which is not installed here. */
async function runSource(code: string, name: string): Promise<string> {
  const entry = pathToFileURL(join(root, "src/index.ts")).href;
  const file = join(scratch, name);
  writeFileSync(file, code.replaceAll('from "sluice"', `from "${entry}"`));
  const { stdout } = await run(process.execPath, [file], { cwd: root });
  return stdout;
}

describe("examples", () => {
  test.for(readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts")))(
    "%s runs",
    async (name) => {
      const output = await runSource(readFileSync(join(root, "examples", name), "utf8"), name);
      expect(output.length).toBeGreaterThan(10);
    },
  );
});

describe("README", () => {
  const fences = fencesOf("README.md");

  test.for(fences.filter(({ language }) => language === "ts"))(
    "the TypeScript of line $line runs",
    async ({ code, line }) => {
      expect(await runSource(code, `readme${line}.ts`)).not.toBe("");
    },
  );

  const commands = fences
    .filter(({ language }) => language === "console")
    .flatMap(commandsOf)
    // The two set-up commands run this very test.
    .filter(({ command }) => !command.startsWith("npm ci"));

  test("shows commands and their output", () => {
    expect(commands.length).toBeGreaterThanOrEqual(4);
  });

  test.for(commands)("$command prints what it shows", async ({ command, output }) => {
    const { stdout } = await run("bash", ["-c", command], { cwd: root });
    for (const line of output.filter((text) => text !== "..."))
      expect(stdout).toContain(line.replace(/ ?\.\.\.$/, ""));
  });
});
