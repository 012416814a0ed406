/**
 * What the threads are to do in one round: a list of jobs, each cut into chunks of items (rows of
 * a matrix, tokens, heads). Kept as plain integers, so that it crosses into a shared control block
 * with one copy.
 */
import { jobKinds } from "./jobs/index.ts";
import { type JobKind, parameterLimit } from "./jobs/job.ts";

/** Where in a job's words what lies. */
export const jobField = {
  code: 0,
  arena: 1,
  items: 2,
  itemsPerChunk: 3,
  firstChunk: 4,
  parameters: 5,
} as const;

export const jobWords: number = jobField.parameters + parameterLimit;

/** Jobs one round may hold. */
export const jobLimit = 2048;

/** Chunks one round may hold: the claim word has 12 bits for them. */
export const chunkLimit = 4095;

/** Work is counted in multiply-adds: some 4,000 take a core a tenth of a microsecond. */
const chunkWork = { least: 16_384, most: 524_288 } as const;

/** Chunks of one job at most, so that a round has room for others. */
const jobChunkLimit = 2048;

export interface JobExtent {
  /** Index of the arena the job runs in. @default 0, the hub */
  readonly arena?: number;
  readonly items: number;
  /** Multiply-adds, roughly, that one item takes. */
  readonly workPerItem: number;
  /** Chunks are multiples of so many items: kernels read several rows side by side. @default 1 */
  readonly granule?: number;
}

export class JobList {
  readonly words: Int32Array<ArrayBuffer> = new Int32Array(jobLimit * jobWords);
  /** The same bytes as f32. */
  readonly floats: Float32Array<ArrayBuffer> = new Float32Array(this.words.buffer);
  readonly #threads: number;
  #jobs = 0;
  #chunks = 0;
  #work = 0;

  constructor(threads: number) {
    this.#threads = threads;
  }

  get jobCount(): number {
    return this.#jobs;
  }

  get chunkCount(): number {
    return this.#chunks;
  }

  /** Multiply-adds of all jobs. */
  get work(): number {
    return this.#work;
  }

  fits(extent: JobExtent): boolean {
    const chunks = Math.ceil(extent.items / this.#itemsPerChunk(extent));
    return this.#jobs < jobLimit && this.#chunks + chunks <= chunkLimit;
  }

  clear(): void {
    this.#jobs = 0;
    this.#chunks = 0;
    this.#work = 0;
  }

  /** Appends a job that fits. All jobs of a round may run at the same time, in any order. */
  add<P>(kind: JobKind<P>, extent: JobExtent, parameters: P): void {
    if (!this.fits(extent)) throw new RangeError("the round is full");
    const { arena = 0, items } = extent;
    const itemsPerChunk = this.#itemsPerChunk(extent);
    const at = this.#jobs * jobWords;
    this.words[at + jobField.code] = jobKinds.indexOf(kind as JobKind);
    this.words[at + jobField.arena] = arena;
    this.words[at + jobField.items] = items;
    this.words[at + jobField.itemsPerChunk] = itemsPerChunk;
    this.words[at + jobField.firstChunk] = this.#chunks;
    kind.write(parameters, this.words, this.floats, at + jobField.parameters);
    this.#jobs++;
    this.#chunks += Math.ceil(items / itemsPerChunk);
    this.#work += items * extent.workPerItem;
  }

  /** Four chunks per thread, unless that makes them too small to hand over or too large to balance. */
  #itemsPerChunk({ items, workPerItem, granule = 1 }: JobExtent): number {
    const fair = Math.ceil(items / (4 * this.#threads));
    const least = Math.ceil(chunkWork.least / workPerItem);
    const most = Math.max(least, Math.floor(chunkWork.most / workPerItem));
    const size = Math.max(Math.min(Math.max(fair, least), most), Math.ceil(items / jobChunkLimit));
    return Math.ceil(size / granule) * granule;
  }
}
