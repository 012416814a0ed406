/**
 * Ends the process when a trial hangs: a thread of its own, because what hangs is the main one. It
 * says on stderr which trial it was.
 */
import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** `[trial, its beginning in seconds of the process]`, of the trial under way. */
type Clock = Int32Array<SharedArrayBuffer>;

export class Watchdog implements AsyncDisposable {
  readonly #clock: Clock = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;

  /** `limitMs` for each trial; `blame` gets the trial's number behind it. */
  constructor(limitMs: number, blame: string) {
    const data = { clock: this.#clock, limitMs, blame };
    this.#worker = new Worker(new URL(import.meta.url), { workerData: data });
    this.#worker.unref();
  }

  /** A trial begins. */
  watch(trial: number): void {
    Atomics.store(this.#clock, 0, trial);
    Atomics.store(this.#clock, 1, secondsNow());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

function secondsNow(): number {
  return Math.floor(process.uptime());
}

function guard(clock: Clock, limitMs: number, blame: string): void {
  for (;;) {
    Atomics.wait(clock, 0, Number.NaN, 500);
    const begin = Atomics.load(clock, 1);
    if (begin === 0 || (secondsNow() - begin) * 1000 < limitMs) continue;
    writeSync(2, `\nhangs: ${blame} ${Atomics.load(clock, 0)}\n`);
    process.kill(process.pid, "SIGKILL");
  }
}

if (!isMainThread && workerData?.clock !== undefined) {
  guard(workerData.clock, workerData.limitMs, workerData.blame);
}
