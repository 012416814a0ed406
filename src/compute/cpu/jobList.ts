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

export interface JobExtent {
  /** Index of the arena the job runs in. @default 0, the hub */
  readonly arena?: number;
  readonly items: number;
  readonly itemsPerChunk: number;
}

export class JobList {
  readonly words: Int32Array<ArrayBuffer> = new Int32Array(jobLimit * jobWords);
  /** The same bytes as f32. */
  readonly floats: Float32Array<ArrayBuffer> = new Float32Array(this.words.buffer);
  #jobs = 0;
  #chunks = 0;

  get jobCount(): number {
    return this.#jobs;
  }

  get chunkCount(): number {
    return this.#chunks;
  }

  /** Whether another job of at most `chunks` chunks fits. */
  hasRoomFor(chunks: number): boolean {
    return this.#jobs < jobLimit && this.#chunks + chunks <= chunkLimit;
  }

  clear(): void {
    this.#jobs = 0;
    this.#chunks = 0;
  }

  /** Appends a job. All jobs of a round may run at the same time, in any order. */
  add<P>(kind: JobKind<P>, { arena = 0, items, itemsPerChunk }: JobExtent, parameters: P): void {
    const chunks = Math.ceil(items / itemsPerChunk);
    if (!this.hasRoomFor(chunks)) throw new RangeError("the round is full");
    const at = this.#jobs * jobWords;
    this.words[at + jobField.code] = jobKinds.indexOf(kind as JobKind);
    this.words[at + jobField.arena] = arena;
    this.words[at + jobField.items] = items;
    this.words[at + jobField.itemsPerChunk] = itemsPerChunk;
    this.words[at + jobField.firstChunk] = this.#chunks;
    kind.write(parameters, this.words, this.floats, at + jobField.parameters);
    this.#jobs++;
    this.#chunks += chunks;
  }
}
