/** What every file of results begins with: where, with what, and of what it was measured. */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { basename } from "node:path";
import { machineLine } from "../machine.ts";

export interface RunHeader {
  readonly bench: string;
  readonly machine: string;
  readonly commit: string;
  readonly date: string;
  readonly model: string;
  readonly modelBytes: number;
}

export function runHeader(bench: string, model: string): RunHeader {
  return {
    bench,
    machine: machineLine(),
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    model: basename(model),
    modelBytes: statSync(model).size,
  };
}

function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
