/**
 * Memory and threads behind the CPU's verbs. Life: a model is described (handles without bytes),
 * a batch is *measured* (the forward pass runs with nothing but addresses), then the backend
 * *settles*: it knows what the largest batch needs and takes the memory.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Arena, type Region, roundUp, tableBytes } from "../../memory/arena.ts";
import { Arenas } from "../../memory/arenas.ts";
import { SluiceError } from "../../support/errors.ts";
import type { KeyValueFormat, KeyValueShape } from "../keyValueCache.ts";
import type { Hidden } from "../ops.ts";
import { Activations } from "./activations.ts";
import { CpuKeyValueCache } from "./cpuKeyValueCache.ts";
import { CpuHidden, cpu } from "./cpuTensors.ts";
import type { Arithmetic } from "./encodings.ts";
import type { JobList } from "./jobList.ts";
import { attentionScratch } from "./jobs/attention.ts";
import { Multiplier } from "./multiplier.ts";
import { Schedule } from "./schedule.ts";
import { ThreadPool } from "./threadPool.ts";
import { Workspace } from "./workspace.ts";

export interface CpuBackendOptions {
  readonly module: WebAssembly.Module;
  readonly arithmetic: Arithmetic;
  /** Compute threads, the calling one included. */
  readonly threads: number;
  /** Positions the longest sequence may have. */
  readonly contextLength: number;
  readonly arenaBytes?: number;
  readonly stallMs?: number;
  /** What stands for the model in events. @default an object of its own */
  readonly identity?: object;
}

/** What a model asks of the memory, known once its tensors are. */
export interface MemoryNeeds {
  /** The longest row of any matrix, in values. */
  readonly longestRow: number;
  /** Key plus value size of a head. */
  readonly headValues: number;
}

/** Where a tensor lies while batches are measured: some arena that is not the hub. */
const nowhere: Region = { arena: { index: 1 } as Arena, address: 0, byteLength: 0 };

/** The event loop gets its turn at least this often, whether batches are long or many. */
const turnMs = 20;

const atOnce = Promise.resolve();

export class CpuBackend implements AsyncDisposable {
  readonly options: CpuBackendOptions;
  /** Stands for the model in events. */
  readonly identity: object;
  readonly schedule: Schedule = new Schedule((jobs) => this.run(jobs));
  readonly workspace: Workspace = new Workspace();
  /** What verbs make. */
  readonly activations: Activations = new Activations(this.workspace);
  readonly multiplier: Multiplier;
  /** The one staging workspace of a measured batch: as if all weights lay outside the hub. */
  readonly #measuredStaging = new Workspace();
  readonly #stagings = new Map<number, Workspace>();
  #arenas: Arenas | undefined;
  #threads: ThreadPool | undefined;
  #hubFloats: Float32Array | undefined;
  #hubWords: Uint32Array | undefined;
  #stagingBase = 0;
  #scratchBytes = 0;
  #signal: AbortSignal | undefined;
  #lastTurn = 0;

  constructor(options: CpuBackendOptions) {
    this.options = options;
    this.identity = options.identity ?? {};
    this.multiplier = new Multiplier({
      model: this.identity,
      arithmetic: options.arithmetic,
      workspace: this.workspace,
      schedule: this.schedule,
      stagingOf: (arena) => this.#staging(arena),
      hub: () => this.#arenas?.list[0],
    });
  }

  /** Whether batches are only measured so far. */
  get measuring(): boolean {
    return this.#arenas === undefined;
  }

  /** Takes the memory that the measured batches asked for. */
  settle(needs: MemoryNeeds): void {
    const { contextLength, threads, module, stallMs, arenaBytes } = this.options;
    const attention = attentionScratch(needs.headValues, contextLength);
    const scratchBytes = roundUp(4 * Math.max(needs.longestRow, attention) + 64);
    this.#scratchBytes = scratchBytes;
    const workspaceBytes = this.workspace.peakBytes;
    const stagingBytes = this.#measuredStaging.peakBytes;
    this.#stagingBase = tableBytes + threads * scratchBytes;
    this.workspace.settle(this.#stagingBase, workspaceBytes);
    this.#arenas = new Arenas({
      headBytes: (index) => threads * scratchBytes + (index === 0 ? workspaceBytes : stagingBytes),
      ...(arenaBytes === undefined ? {} : { arenaBytes }),
    });
    this.#threads = new ThreadPool({
      threads,
      module,
      scratch: tableBytes,
      scratchBytes,
      ...(stallMs === undefined ? {} : { stallMs }),
    });
  }

  /**
   * Bytes of activations and scratch, with weights in two arenas as an estimate: further ones take
   * their own staging, most of which is never touched. Only after `settle`.
   */
  get workingBytes(): number {
    const { threads } = this.options;
    const staging = this.#measuredStaging.peakBytes;
    return this.workspace.peakBytes + 2 * (threads * this.#scratchBytes + staging);
  }

  /** Where weights and key-value caches get their memory. Only after `settle`. */
  get arenas(): Arenas {
    if (this.#arenas === undefined) throw new Error("the backend has not settled");
    return this.#arenas;
  }

  get hub(): Arena {
    const hub = this.arenas.list[0];
    if (hub === undefined) throw new Error("the hub holds no weights yet");
    return hub;
  }

  /** The hub's memory. */
  get hubFloats(): Float32Array {
    this.#hubFloats ??= new Float32Array(this.hub.bytes.buffer);
    return this.#hubFloats;
  }

  get hubWords(): Uint32Array {
    this.#hubWords ??= new Uint32Array(this.hub.bytes.buffer);
    return this.#hubWords;
  }

  /** Place of a tensor; while measuring, a stand-in outside the hub: the worst case for copies. */
  place(name: string, region: Region | undefined): Region {
    if (region !== undefined) return region;
    if (this.measuring) return nowhere;
    throw new Error(`${name} has not been loaded`);
  }

  /** The values of `x`, computed, as a view of the hub: valid until the layer that made it ends. */
  floatsOf(x: Hidden): Float32Array {
    const hidden = cpu(x, CpuHidden);
    this.schedule.finish(hidden);
    return hidden.floats(this.hub.bytes.buffer);
  }

  createCache(shape: KeyValueShape, format: KeyValueFormat, capacity: number): CpuKeyValueCache {
    return new CpuKeyValueCache(this.#arenas, shape, format, capacity);
  }

  /** Runs a round of jobs and empties the list; a measured batch only empties it. */
  run(jobs: JobList): void {
    if (this.#threads === undefined) jobs.clear();
    else this.#threads.run(jobs);
  }

  /**
   * Has the threads at hand while `work` computes a batch. Only one batch may be computed at a
   * time: they share the workspace.
   *
   * @throws SluiceError `aborted`, between two layers, once `signal` says so
   */
  async during<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const { mark } = this.workspace;
    this.#signal = signal;
    try {
      await using _threads = await this.holdThreads();
      return await work();
    } finally {
      this.schedule.jobs.clear();
      this.workspace.release(mark);
      this.#signal = undefined;
    }
  }

  /** Keeps the compute threads at hand until disposed of: worth it around several batches. */
  async holdThreads(): Promise<AsyncDisposable> {
    if (this.#threads === undefined) return { [Symbol.asyncDispose]: async () => {} };
    return this.#threads.hold(this.arenas.list.map((arena) => arena.memory));
  }

  /** Lets the event loop run if it has waited long; throws if the batch was cancelled. */
  breathe(): Promise<void> {
    const isDue = performance.now() - this.#lastTurn > turnMs;
    return isDue || this.#signal?.aborted ? this.#breathe() : atOnce;
  }

  async #breathe(): Promise<void> {
    if (performance.now() - this.#lastTurn > turnMs) {
      await nextTurn();
      this.#lastTurn = performance.now();
    }
    if (this.#signal?.aborted)
      throw new SluiceError("aborted", "the generation was cancelled", {
        cause: this.#signal.reason,
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads?.[Symbol.asyncDispose]();
  }

  #staging(arena: Arena): Workspace {
    if (this.measuring) return this.#measuredStaging;
    const known = this.#stagings.get(arena.index);
    if (known !== undefined) return known;
    const staging = new Workspace();
    staging.settle(this.#stagingBase, this.#measuredStaging.peakBytes);
    this.#stagings.set(arena.index, staging);
    return staging;
  }
}
