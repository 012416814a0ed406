/** Runs the real program and collects what it says. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

export const binPath = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

/** A tiny model of random weights. */
export const goldenModel = fileURLToPath(
  new URL("../fixtures/golden/qwen3moe/q8_0.gguf", import.meta.url),
);

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** Options of Node, in front of the script. */
  readonly nodeOptions?: readonly string[];
  /** Variables of the environment; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Without what the tests' own user may have set, and the same with a GPU and without. */
export const surroundings: Readonly<Record<string, string | undefined>> = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_")),
  ),
  SLUICE_GPU: "off",
};

type RunningSluice = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts the program without waiting for it. */
export function startSluice(
  args: readonly string[],
  { nodeOptions = [], env = {} }: Omit<RunOptions, "stdin"> = {},
) {
  const child: RunningSluice = spawn(process.execPath, [...nodeOptions, binPath, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...surroundings, NO_COLOR: "1", ...env },
  });
  return { child, outcome: outcomeOf(child) };
}

/** Runs the program to its end. */
export async function sluice(
  args: readonly string[],
  { stdin = "", ...options }: RunOptions = {},
): Promise<Outcome> {
  const { child, outcome } = startSluice(args, options);
  child.stdin.on("error", () => {}); // it may end without reading
  child.stdin.end(stdin);
  return outcome;
}

async function outcomeOf(child: RunningSluice): Promise<Outcome> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return {
    code,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}
