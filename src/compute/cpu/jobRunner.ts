/** Runs one chunk of a round, on whichever thread claimed it. */
import { jobField, jobWords, roundField, startWords } from "./jobList.ts";
import { jobKinds } from "./jobs/index.ts";
import type { Chunk } from "./jobs/job.ts";
import { openThreadArena, type ThreadArena } from "./threadArena.ts";

export class JobRunner {
  /** By index; 0 is the hub. */
  readonly #arenas: ThreadArena[] = [];
  readonly #module: WebAssembly.Module;
  /** One object for all chunks: a thread runs one job after the other. */
  #chunk: { -readonly [Field in keyof Chunk]: Chunk[Field] } | undefined;
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

  /** Runs chunk `chunk` of the round whose words start at `words[base]`; `floats` views the same. */
  run(words: Int32Array, floats: Float32Array, base: number, chunk: number): void {
    const start = base + roundField.chunkStarts + chunk * startWords;
    const last = read(words, start + startWords);
    const end = read(words, start + startWords + 1);
    let job = read(words, start);
    let begin = read(words, start + 1);
    while (job < last || (job === last && begin < end)) {
      const head = base + roundField.jobs + job * jobWords;
      const stop = job === last ? end : read(words, head + jobField.items);
      const chain = read(words, head + jobField.chain);
      for (let link = 0; link < chain; link++)
        this.#runJob(words, floats, head + link * jobWords, begin, stop);
      job += chain;
      begin = 0;
    }
  }

  #runJob(words: Int32Array, floats: Float32Array, at: number, begin: number, end: number): void {
    const kind = jobKinds[read(words, at + jobField.code)];
    if (kind === undefined) throw new Error(`no job has the code ${words[at + jobField.code]}`);
    const hub = this.#arena(0);
    this.#chunk ??= { arena: hub, hub, scratch: 0, begin: 0, end: 0 };
    this.#chunk.arena = this.#arena(read(words, at + jobField.arena));
    this.#chunk.scratch = this.scratch;
    this.#chunk.begin = begin;
    this.#chunk.end = end;
    kind.run(words, floats, at + jobField.parameters, this.#chunk);
  }

  #arena(index: number): ThreadArena {
    const arena = this.#arenas[index];
    if (arena === undefined) throw new Error(`arena ${index} is not attached`);
    return arena;
  }
}

function read(words: Int32Array, index: number): number {
  return words[index] as number;
}
