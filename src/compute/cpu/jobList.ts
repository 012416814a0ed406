/**
 * What the threads are to do in one round: a list of jobs, each cut into chunks of items (rows of
 * a matrix, tokens, heads). Kept as plain integers, so that it crosses into a shared control block
 * with one copy.
 */

/** Integers per job: code, arena, items, items per chunk, first chunk, then the parameters. */
export const jobWords = 16;
export const jobField = {
  code: 0,
  arena: 1,
  items: 2,
  itemsPerChunk: 3,
  firstChunk: 4,
  parameters: 5,
} as const;

/** Jobs one round may hold. */
export const jobLimit = 2048;

/** Chunks one round may hold: the claim word has 12 bits for them. */
export const chunkLimit = 4095;

export const jobCode = {
  /** Matrix rows by an integer or float kernel of the arena that holds the matrix. */
  matvec: 0,
  /** Matrix rows decoded by the plain TypeScript format, then multiplied in f32. */
  decodedMatvec: 1,
  /** Rows of f32 into the blocks or rounded values that a kernel wants. */
  encode: 2,
  rmsNorm: 3,
  rotate: 4,
  /** Keys or values into the cache. */
  remember: 5,
  attend: 6,
  swiglu: 7,
  /** Weighted sum of expert outputs. */
  mix: 8,
} as const;

export class JobList {
  readonly words: Int32Array = new Int32Array(jobLimit * jobWords);
  readonly #floats = new Float32Array(this.words.buffer);
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

  /** Appends a job of `items` items; integer parameters follow. Addresses above 2 GiB wrap, as WASM wants. */
  add(
    code: number,
    arena: number,
    items: number,
    itemsPerChunk: number,
    ...parameters: number[]
  ): void {
    const at = this.#jobs * jobWords;
    this.words[at + jobField.code] = code;
    this.words[at + jobField.arena] = arena;
    this.words[at + jobField.items] = items;
    this.words[at + jobField.itemsPerChunk] = itemsPerChunk;
    this.words[at + jobField.firstChunk] = this.#chunks;
    this.words.set(parameters, at + jobField.parameters);
    this.#jobs++;
    this.#chunks += Math.ceil(items / itemsPerChunk);
  }

  /** Overwrites parameter `index` of the last job with an f32. */
  setFloat(index: number, value: number): void {
    this.#floats[(this.#jobs - 1) * jobWords + jobField.parameters + index] = value;
  }
}
