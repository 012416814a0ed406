/** Everything a reader may copy runs: the examples, and the TypeScript and commands of the README. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../support/scratchFolder.ts";
import { commandsOf, fencesOf, root } from "./fences.ts";

const run = promisify(execFile);
const scratch = scratchFolder();
const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
/** `ts` and `console` run; the others are pictures, data and grammars. */
const known = ["ts", "console", "", "json", "mermaid", "gbnf"];

/** Runs a source as it stands but for the package's entry points: it is not installed here. */
async function runSource(code: string, name: string): Promise<string> {
  const local = code.replace(/from "sluice(\/[a-z/]+)?"/g, (_, entry = "") => {
    return `from "${pathToFileURL(join(root, `src${entry}/index.ts`)).href}"`;
  });
  const file = join(scratch, name);
  writeFileSync(file, local);
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

/** Set-up and test commands: a fresh clone is where they are tried. */
const setUp = /^(npm ci|npm test|npm run check|npm run test:golden)/;

describe.for(["README.md", "CONTRIBUTING.md", ...docs])("%s", (page) => {
  const fences = fencesOf(page);

  test.for(fences.filter(({ language }) => language === "ts"))(
    "the TypeScript of line $line runs",
    async ({ code, line }) => {
      // What it prints is the reader's business; that it runs is ours.
      await expect(runSource(code, `${basename(page, ".md")}${line}.ts`)).resolves.toBeTypeOf(
        "string",
      );
    },
  );

  test.for(
    fences
      .filter(({ language }) => language === "console")
      .flatMap(commandsOf)
      .filter(({ command }) => !setUp.test(command)),
  )("$command prints what it shows", async ({ command, output }) => {
    const { stdout } = await run("bash", ["-c", command], { cwd: root });
    for (const line of output.filter((text) => text !== "...")) {
      expect(stdout).toContain(line.replace(/ ?\.\.\.$/, ""));
    }
  });

  test("has no code block that only looks executable", () => {
    const languages = fences.map(({ language }) => language);
    expect(languages.filter((language) => !known.includes(language))).toEqual([]);
  });
});
