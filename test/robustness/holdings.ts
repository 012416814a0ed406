/** What a process holds of the system: the same before and after, or something leaks. */
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Holdings {
  /** Includes what V8 keeps for the next garbage it will make. */
  readonly rssBytes: number;
  /** What objects really take, arrays and WASM memories included. */
  readonly heapBytes: number;
  readonly openFiles: number;
  readonly threads: number;
}

/** Counted when all that can be collected has been. */
export async function holdings(): Promise<Holdings> {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20)); // threads and files close meanwhile
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    rssBytes: rss,
    heapBytes: heapUsed + external,
    openFiles: countEntries("/proc/self/fd"),
    threads: countEntries("/proc/self/task"),
  };
}

/** 0 where the system has no such folder. */
function countEntries(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}
