/** Runs small programs that use a GPU, each in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();
const source = (name: string) =>
  JSON.stringify(new URL(`../../src/compute/gpu/${name}.ts`, import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What programs can do without importing it. */
const prelude = `
import { GpuDevice } from ${source("gpuDevice")};
import { bufferUsage } from ${source("webgpu")};
import { listAdapters, selectAdapters } from ${source("gpuAdapters")};
const { STORAGE, COPY_SRC, COPY_DST } = bufferUsage;
const usage = STORAGE | COPY_SRC | COPY_DST;
const say = (...words) => process.stdout.write(words.map(String).join(" ") + "\\n");
const told = (promise) => promise.then(() => say("done"), (e) => say(e.code ?? "untyped", "|", e.message));
`;

let programs = 0;

/** Ends it with SIGKILL after 20 s: a program that hangs fails its test by that signal. */
export async function runProgram(
  body: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Ending> {
  const path = join(scratch, `program${programs++}.mts`);
  writeFileSync(path, prelude + body);
  const child = spawn(process.execPath, ["--expose-gc", path], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}

/** Runs a program that must end well and quietly; what it said, by line. */
export async function linesOf(body: string): Promise<string[]> {
  const { stdout, ...rest } = await runProgram(body);
  if (rest.code !== 0 || rest.stderr !== "") throw new Error(JSON.stringify(rest));
  return stdout.trimEnd().split("\n");
}
