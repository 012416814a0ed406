/** How much memory this process may take: what is free, and what its container allows. */
import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";

/**
 * Bytes that can be taken without pushing anybody out: free memory of the machine, the page cache
 * counted as free, or what the control group still allows, whichever is less.
 */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  // Without a limit Node says 0, or a number beyond all memory.
  if (limit <= 0 || limit >= totalmem()) return freemem();
  return Math.max(0, Math.min(freemem(), limit - usedInGroup()));
}

/** Bytes that the control group cannot give back by dropping cached file pages. */
function usedInGroup(): number {
  for (const [file, key] of [
    ["/sys/fs/cgroup/memory.stat", "anon"],
    ["/sys/fs/cgroup/memory/memory.stat", "rss"],
  ] as const) {
    const bytes = statValue(file, key);
    if (bytes !== undefined) return bytes;
  }
  return process.memoryUsage.rss();
}

function statValue(file: string, key: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined; // not this kind of control group
  }
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${key} `));
  return line === undefined ? undefined : Number(line.slice(key.length + 1));
}
