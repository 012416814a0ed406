/** What else the machine does while something is measured: numbers taken meanwhile are worth less. */
import { cpus } from "node:os";
import { setTimeout as after } from "node:timers/promises";
import { cpuMsBelow } from "./processTree.ts";

export interface Watched<T> {
  readonly result: T;
  readonly ms: number;
  /**
   * Processors that were busy with other than this process's children, on average; NaN where the
   * system does not say.
   */
  readonly others: number;
}

/** Threads of ggml look for work for so long, at full speed, before they sleep. */
const restMs = 300;

/** So often a rest is given another try. */
const restLimit = 200;

/**
 * Runs something once all engines are at rest; those it starts must live when it returns.
 *
 * @param othersLimit waits (a minute at most) for a rest in which others take no more than that
 */
export async function watched<T>(
  run: () => Promise<T>,
  othersLimit: number = Number.POSITIVE_INFINITY,
): Promise<Watched<T>> {
  for (let rest = 0; rest < restLimit; rest++) {
    const busyBegin = busyMs();
    await after(restMs);
    if (busyMs() - busyBegin <= othersLimit * restMs) break;
  }
  const ownBegin = cpuMsBelow(process.pid);
  const busyBegin = busyMs();
  const begin = performance.now();
  const result = await run();
  const ms = performance.now() - begin;
  const busy = busyMs() - busyBegin;
  const own = cpuMsBelow(process.pid) - ownBegin;
  return { result, ms, others: Math.max(0, (busy - own) / ms) };
}

/** Milliseconds in which some processor was not idle, all processors added up. */
function busyMs(): number {
  return cpus().reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
}
