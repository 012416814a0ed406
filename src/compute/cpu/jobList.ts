/**
 * What the threads are to do in one round: a list of jobs over items (rows of a matrix, tokens,
 * heads), cut into chunks of about equal work. Kept as plain integers, so that it crosses into a
 * shared control block by copying.
 */
import { jobKinds } from "./jobs/index.ts";
import { type JobKind, parameterLimit } from "./jobs/job.ts";

/** Where in a job's words what lies. */
export const jobField = {
  code: 0,
  arena: 1,
  items: 2,
  /** How many jobs a thread does one after the other on the same items: this one and those behind it. */
  chain: 3,
  parameters: 4,
} as const;

export const jobWords: number = jobField.parameters + parameterLimit;

/** Jobs one round may hold. */
export const jobLimit = 2048;

/** Chunks one round may hold: the claim word has 12 bits for them. */
export const chunkLimit = 4095;

/** Where a chunk begins takes two words: the number of a job, and of an item of it. */
export const startWords = 2;

/** The words of a round: where each chunk begins and the last one ends, then the jobs. */
export const roundField: { readonly chunkStarts: number; readonly jobs: number } = {
  chunkStarts: 0,
  jobs: (chunkLimit + 1) * startWords,
};

export const roundWords: number = roundField.jobs + jobLimit * jobWords;

/**
 * Work is counted in multiply-adds: some 4,000 take a core a tenth of a microsecond. A chunk of less
 * than `least` is not worth handing over, one of more than `most` makes others wait for its end.
 */
const chunkWork = { least: 32_768, most: 2_097_152 } as const;

/** Chunks for each thread, if their size allows: who comes late, or is held up, does fewer. */
const chunksPerThread = 2;

/** The share of a chunk is at least the round's work divided by this, so that all chunks have room. */
const shareLimit = 2048;

export class JobList {
  /** As `roundField` says. */
  readonly words: Int32Array<ArrayBuffer> = new Int32Array(roundWords);
  /** The same bytes as f32. */
  readonly floats: Float32Array<ArrayBuffer> = new Float32Array(this.words.buffer);
  /** Of one item of a job and of all that are chained to it. */
  readonly #workPerItem = new Float64Array(jobLimit);
  #jobs = 0;
  /** The latest job that is not chained. */
  #head = 0;
  #work = 0;
  #chunks = 0;
  #round = 1;

  get jobCount(): number {
    return this.#jobs;
  }

  /** As `cut` left it. */
  get chunkCount(): number {
    return this.#chunks;
  }

  /** Multiply-adds of all jobs. */
  get work(): number {
    return this.#work;
  }

  get isFull(): boolean {
    return this.#jobs === jobLimit;
  }

  /** Numbers the rounds that this list has held, from 1. */
  get round(): number {
    return this.#round;
  }

  /** The number in the list of the job to which a further one can be chained; -1 if there is none. */
  get head(): number {
    return this.#jobs === 0 ? -1 : this.#head;
  }

  clear(): void {
    this.#jobs = 0;
    this.#work = 0;
    this.#chunks = 0;
    this.#round++;
  }

  /**
   * Appends a job. All jobs of a round that are not chained may run at the same time, in any order.
   * Returns its parameters, every one of which has to be assigned before the next call.
   *
   * @param workPerItem multiply-adds, roughly, that one item takes
   * @param arena       index of the arena the job runs in; 0 is the hub
   */
  add<P>(kind: JobKind<P>, items: number, workPerItem: number, arena: number = 0): P {
    this.#head = this.#jobs;
    this.#workPerItem[this.#head] = 0;
    return this.#append(kind, items, workPerItem, arena);
  }

  /** Appends a job on the items of `head`: each thread does it right after that, on its share of them. */
  chain<P>(kind: JobKind<P>, workPerItem: number, arena: number = 0): P {
    const items = this.words[wordOf(this.#head) + jobField.items] as number;
    return this.#append(kind, items, workPerItem, arena);
  }

  #append<P>(kind: JobKind<P>, items: number, workPerItem: number, arena: number): P {
    if (this.isFull) throw new RangeError("the round is full");
    const at = wordOf(this.#jobs);
    this.words[at + jobField.code] = jobKinds.indexOf(kind);
    this.words[at + jobField.arena] = arena;
    this.words[at + jobField.items] = items;
    this.words[at + jobField.chain] = 1;
    this.#jobs++;
    this.words[wordOf(this.#head) + jobField.chain] = this.#jobs - this.#head;
    this.#workPerItem[this.#head] = (this.#workPerItem[this.#head] as number) + workPerItem;
    this.#work += items * workPerItem;
    return kind.parametersAt(this.words, this.floats, at + jobField.parameters);
  }

  /**
   * Cuts the round into chunks for so many threads: each ends with the granule of items that completes
   * its share of the work. For one thread nothing is cut.
   */
  cut(threads: number): void {
    this.#chunks = 0;
    const share = threads === 1 ? Number.POSITIVE_INFINITY : this.#shareOf(threads);
    let room = 0;
    for (let job = 0; job < this.#jobs; ) {
      const at = wordOf(job);
      const items = this.words[at + jobField.items] as number;
      const { granule } = jobKinds[this.words[at + jobField.code] as number] as JobKind;
      const workPerItem = this.#workPerItem[job] as number;
      for (let item = 0; item < items; ) {
        if (room <= 0) {
          this.#startChunk(job, item);
          this.#chunks++;
          room = share;
        }
        const granules = Math.ceil(room / (granule * workPerItem));
        const taken = Math.min(items - item, granules * granule);
        room -= taken * workPerItem;
        item += taken;
      }
      job += this.words[at + jobField.chain] as number;
    }
    this.#startChunk(this.#jobs, 0);
  }

  /** The work of a chunk. */
  #shareOf(threads: number): number {
    const fair = this.#work / (chunksPerThread * threads);
    const share = Math.min(Math.max(fair, chunkWork.least), chunkWork.most);
    return Math.max(share, this.#work / shareLimit);
  }

  /** Notes where the next chunk begins, or the last one ends. */
  #startChunk(job: number, item: number): void {
    const at = roundField.chunkStarts + this.#chunks * startWords;
    this.words[at] = job;
    this.words[at + 1] = item;
  }
}

function wordOf(job: number): number {
  return roundField.jobs + job * jobWords;
}
