/**
 * The compute threads: Piscina keeps them, a control block drives them. A generation *assembles*
 * the threads (one long task each), runs its rounds without any message, and *dismisses* them.
 */
import { extname } from "node:path";
import { Piscina } from "piscina";
import { SluiceError } from "../../support/errors.ts";
import {
  claimChunk,
  createControlBlock,
  finishChunk,
  openRound,
  roundLimit,
  word,
} from "./controlBlock.ts";
import type { JobList } from "./jobList.ts";
import { JobRunner } from "./jobRunner.ts";
import type { WorkerTask } from "./worker.ts";

export interface ThreadPoolOptions {
  /** Compute threads, the calling one included. */
  readonly threads: number;
  readonly module: WebAssembly.Module;
  /** Address of the threads' scratch in every arena, `scratchBytes` per thread. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** A round in which no chunk ends for so long has lost a thread. @default 30000 */
  readonly stallMs?: number;
  /** The module whose default export takes part in rounds. @default worker.ts; tests plant faulty ones */
  readonly workerFile?: URL;
}

/** Looks at the done count this often before the caller goes to sleep. */
const spinLimit = 20_000;
const sleepMs = 100;

/** Threads without a round for so long are let go, until the next round. */
const restMs = 1000;

/** A thread's own heap: it holds views and kernels, the weights are shared memory. */
const heapLimitMib = 256;

/** Multiply-adds below which a round is not worth the other threads' notice. */
const sharedWork = 131_072;

/** `worker.ts` beside this source, `worker.js` beside the built one. */
const workerFile = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

export class ThreadPool implements AsyncDisposable {
  readonly threads: number;
  readonly #options: ThreadPoolOptions;
  readonly #runner: JobRunner;
  #pool: Piscina<WorkerTask, void> | undefined;
  #control: Int32Array<SharedArrayBuffer> | undefined;
  readonly #tasks: Promise<void>[] = [];
  #failure: SluiceError | undefined;
  #round = 0;
  #users = 0;
  /** The arenas the assembled threads know. */
  #memories: readonly WebAssembly.Memory[] = [];
  #watch: NodeJS.Timeout | undefined;

  constructor(options: ThreadPoolOptions) {
    this.threads = options.threads;
    this.#options = options;
    this.#runner = new JobRunner(options.module);
    this.#runner.scratch = options.scratch;
  }

  /** Lets the calling thread see the arenas; before any round. */
  attach(memories: readonly WebAssembly.Memory[]): void {
    this.#runner.attach(memories);
  }

  /**
   * Keeps the threads at hand until the returned hold is disposed of. Holds nest and may be shared
   * by concurrent callers; without one, rounds run on the calling thread alone.
   */
  async hold(memories: readonly WebAssembly.Memory[]): Promise<AsyncDisposable> {
    this.attach(memories);
    const grown = memories.length > this.#memories.length;
    this.#memories = memories;
    // New arenas, or threads lost to a failure: the other holders get new threads as well.
    if ((grown || this.#failure !== undefined) && this.#users > 0) await this.#dismiss();
    this.#users++;
    if (this.#control === undefined) this.#assemble();
    this.#watch ??= this.#watchRounds();
    return {
      [Symbol.asyncDispose]: async () => {
        if (--this.#users === 0) await this.#dismiss();
      },
    };
  }

  /**
   * Runs all jobs of the list, on all threads, and returns when the last chunk is done.
   *
   * @throws SluiceError `thread-failed` when a thread threw, died or stopped answering
   */
  run(jobs: JobList): void {
    if (this.#failure !== undefined) throw this.#failure;
    const control = jobs.work < sharedWork ? undefined : this.#assembled();
    jobs.cut(control === undefined ? 1 : this.threads);
    if (control === undefined || jobs.chunkCount === 1) {
      this.#runner.run(jobs.words, jobs.floats, 0, 0);
    } else {
      this.#shareRound(control, jobs);
    }
    jobs.clear();
  }

  get #stallMs(): number {
    return this.#options.stallMs ?? 30_000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dismiss();
    await this.#destroyPool();
  }

  /** The threads' control block, if anybody holds them; brings them back from their rest. */
  #assembled(): Int32Array | undefined {
    if (this.#users > 0 && this.#control === undefined) this.#assemble();
    return this.#control;
  }

  #assemble(): void {
    this.#failure = undefined;
    const { threads, module, scratch, scratchBytes } = this.#options;
    const memories = this.#memories;
    if (threads === 1) return;
    const filename = (this.#options.workerFile ?? workerFile).href;
    this.#pool ??= new Piscina<WorkerTask, void>({
      filename,
      minThreads: threads - 1,
      maxThreads: threads - 1,
      concurrentTasksPerWorker: 1,
      atomics: "disabled",
      // A thread that runs out of heap then ends by itself, and does not take the process with it.
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMib },
    });
    const control = createControlBlock();
    this.#control = control;
    this.#round = 0;
    for (let thread = 1; thread < threads; thread++) {
      const task = { control, module, memories, thread, scratch: scratch + thread * scratchBytes };
      const ended = this.#pool.run(task).catch((cause: unknown) => {
        // The end of a thread that has been let go already is no failure of those at work now.
        if (this.#control === control) this.#fail(cause);
      });
      this.#tasks.push(ended);
    }
  }

  /**
   * A generation that nobody iterates over to its end holds the threads for good, and at work in
   * their task they would keep the process alive. So they rest when no round comes.
   */
  #watchRounds(): NodeJS.Timeout {
    let seen = -1;
    const look = () => {
      if (seen === this.#round && this.#failure === undefined) this.#stop();
      seen = this.#round;
    };
    return setInterval(look, restMs).unref();
  }

  /** Tells the threads to end their tasks. */
  #stop(): void {
    const control = this.#control;
    if (control === undefined) return;
    this.#control = undefined;
    Atomics.store(control, word.stop, 1);
    Atomics.add(control, word.round, 1);
    Atomics.notify(control, word.round);
  }

  async #dismiss(): Promise<void> {
    clearInterval(this.#watch);
    this.#watch = undefined;
    this.#stop();
    // After a failure a thread may hang in a kernel: the pool goes down with it, the next has new threads.
    if (this.#failure !== undefined) await this.#destroyPool();
    await Promise.all(this.#tasks.splice(0));
  }

  async #destroyPool(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    // A thread that returns while it is being ended answers a task that is nobody's any more, which
    // Piscina would take for an error.
    pool?.on("error", () => {});
    await pool?.destroy();
  }

  #fail(cause: unknown): void {
    this.#failure ??= threadFailed("a compute thread failed", cause);
    this.#failure.cause ??= cause;
  }

  #shareRound(control: Int32Array, jobs: JobList): void {
    const chunks = jobs.chunkCount;
    this.#round = this.#round + 1 === roundLimit ? this.#turnCounter(control) : this.#round + 1;
    openRound(control, this.#round, jobs);
    try {
      for (;;) {
        const chunk = claimChunk(control, this.#round, chunks);
        if (chunk === -1) break;
        this.#runner.run(jobs.words, jobs.floats, 0, chunk);
        finishChunk(control, chunks);
      }
    } catch (error) {
      // Other threads may still be at this round's chunks, so the block cannot serve another.
      this.#failure = threadFailed("a computation failed", error);
      throw this.#failure;
    }
    this.#awaitChunks(control, chunks);
  }

  #awaitChunks(control: Int32Array, chunks: number): void {
    for (let spin = 0; spin < spinLimit; spin++) {
      if (Atomics.load(control, word.done) === chunks) return;
    }
    let progress = Atomics.load(control, word.done);
    let since = performance.now();
    while (progress < chunks) {
      Atomics.store(control, word.callerSleeps, 1);
      Atomics.wait(control, word.done, progress, sleepMs);
      Atomics.store(control, word.callerSleeps, 0);
      const done = Atomics.load(control, word.done);
      if (Atomics.load(control, word.failed) === 1) this.#giveUp("a compute thread threw an error");
      if (done === progress && performance.now() - since > this.#stallMs) {
        this.#giveUp("a compute thread stopped answering");
      }
      if (done !== progress) since = performance.now();
      progress = done;
    }
  }

  #giveUp(what: string): never {
    this.#failure = threadFailed(what);
    throw this.#failure;
  }

  /**
   * Round numbers start again at 1. A thread so late that it still holds the same number from a
   * million rounds ago could mistake the new round for its own, so all must have left the last one.
   */
  #turnCounter(control: Int32Array): number {
    const since = performance.now();
    for (let thread = 1; thread < this.threads; thread++) {
      for (;;) {
        const left = Atomics.load(control, word.left + thread);
        if (left === this.#round) break;
        if (performance.now() - since > this.#stallMs)
          this.#giveUp("a compute thread stopped answering");
        Atomics.wait(control, word.left + thread, left, 1);
      }
    }
    return 1;
  }
}

function threadFailed(what: string, cause?: unknown): SluiceError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new SluiceError(
    "thread-failed",
    `${what}${why}; this generation is lost, the model may be used again`,
    { cause },
  );
}
