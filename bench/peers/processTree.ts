/** What a process and all it started use, as Linux's /proc tells. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Clock ticks of /proc per second: 100 on every Linux Node runs on. */
const ticksPerSecond = 100;

/** The processes below one, without itself. */
function processesBelow(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const fields = statOf(Number(name));
    if (fields !== undefined) parents.set(Number(name), Number(fields[1]));
  }
  const found = [root];
  for (const parent of found) {
    for (const [child, itsParent] of parents) if (itsParent === parent) found.push(child);
  }
  return found.slice(1);
}

/**
 * Processor time of all processes below `root`; those that have ended are left out. NaN where there
 * is no /proc.
 */
export function cpuMsBelow(root: number): number {
  if (!existsSync("/proc/self/stat")) return Number.NaN;
  const ticks = processesBelow(root).map((id) => {
    const fields = statOf(id) ?? [];
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return (1000 * sum(ticks)) / ticksPerSecond;
}

/** Memory of all processes below `root`; pages that several share are counted once. */
export function mebibytesBelow(root: number): number {
  return sum(processesBelow(root).map(proportionalKib)) / 1024;
}

function proportionalKib(id: number): number {
  const [, kib = "0"] = /^Pss:\s+(\d+)/m.exec(readOrNothing(`/proc/${id}/smaps_rollup`)) ?? [];
  return Number(kib);
}

/** The fields of a process's `stat` behind its name: state, parent, ... */
function statOf(id: number): string[] | undefined {
  const text = readOrNothing(`/proc/${id}/stat`);
  return text === "" ? undefined : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Processes come and go while they are being looked at. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
