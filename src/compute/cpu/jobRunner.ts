/** Runs one chunk of one job, on whichever thread claimed it. */
import { jobField, jobWords } from "./jobList.ts";
import { jobKinds } from "./jobs/index.ts";
import { openThreadArena, type ThreadArena } from "./threadArena.ts";

export class JobRunner {
  /** By index; 0 is the hub. */
  readonly #arenas: ThreadArena[] = [];
  readonly #module: WebAssembly.Module;
  /** Address of this thread's own bytes, the same in every arena. */
  scratch = 0;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** Takes notice of arenas opened since the last call. */
  attach(memories: readonly WebAssembly.Memory[]): void {
    for (const memory of memories.slice(this.#arenas.length)) {
      this.#arenas.push(openThreadArena(this.#module, memory));
    }
  }

  /** Runs chunk `chunk` of the round whose jobs start at `words[base]`; `floats` views the same. */
  run(
    words: Int32Array,
    floats: Float32Array,
    base: number,
    jobCount: number,
    chunk: number,
  ): void {
    const at = base + findJob(words, base, jobCount, chunk) * jobWords;
    const kind = jobKinds[read(words, at + jobField.code)];
    if (kind === undefined) throw new Error(`no job has the code ${words[at + jobField.code]}`);
    const itemsPerChunk = read(words, at + jobField.itemsPerChunk);
    const begin = (chunk - read(words, at + jobField.firstChunk)) * itemsPerChunk;
    kind.run(words, floats, at + jobField.parameters, {
      arena: this.#arena(read(words, at + jobField.arena)),
      hub: this.#arena(0),
      scratch: this.scratch,
      begin,
      end: Math.min(read(words, at + jobField.items), begin + itemsPerChunk),
    });
  }

  #arena(index: number): ThreadArena {
    const arena = this.#arenas[index];
    if (arena === undefined) throw new Error(`arena ${index} is not attached`);
    return arena;
  }
}

/** The job that a chunk belongs to: the last whose first chunk is not above it. */
function findJob(words: Int32Array, base: number, jobCount: number, chunk: number): number {
  let low = 0;
  let high = jobCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (read(words, base + middle * jobWords + jobField.firstChunk) <= chunk) low = middle;
    else high = middle - 1;
  }
  return low;
}

function read(words: Int32Array, index: number): number {
  return words[index] as number;
}
