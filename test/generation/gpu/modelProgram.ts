/** Runs small programs that open models on GPUs, each in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const source = (path: string) =>
  JSON.stringify(new URL(`../../../src/${path}.ts`, import.meta.url));

/** What programs can do without importing it. */
const prelude = `
import { openModel } from ${source("generation/languageModel")};
import { GpuDevice } from ${source("compute/gpu/gpuDevice")};
import { subscribe } from ${source("support/events")};
const say = (...words) => process.stdout.write(words.map(String).join(" ") + "\\n");
const codeOf = (promise) => promise.then(() => "done", (e) => e.code ?? "untyped " + e.stack);
`;

let programs = 0;

/**
 * What a program said, by line. It must end well, by itself and without a word on stderr; one that
 * hangs is killed after 100 s.
 */
export async function linesOfModelProgram(folder: string, body: string): Promise<string[]> {
  const path = join(folder, `modelProgram${programs++}.mts`);
  writeFileSync(path, prelude + body);
  const child = spawn(process.execPath, ["--expose-gc", path], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 100_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  if (code === 0 && stderr === "") return stdout.trimEnd().split("\n");
  throw new Error(`ended with ${code ?? signal}: ${stderr}\n${stdout}`);
}
