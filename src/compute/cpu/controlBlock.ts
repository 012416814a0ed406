/**
 * How threads share a round of jobs: one block of shared integers, no messages.
 *
 * The calling thread closes the claim word, writes the jobs and their counts, opens the claim word
 * for the new round and then announces the round's number. Every thread, the caller included, claims
 * chunk after chunk by compare-and-swap. The claim word carries the round's number, so a thread that
 * wakes up late, still holding an old round, can claim nothing: while the counts are being written
 * the word is closed, afterwards it names another round. A claim that succeeds proves that the counts
 * read before it belong to its round, and that the jobs, which are read after it, stay until it is
 * done. Words that several threads read and write are only touched through Atomics.
 */
import { jobWords, roundField, roundWords, startWords } from "./jobList.ts";

/** Word indices, a cache line apart where two threads would fight over one. */
export const word = {
  /** Number of the current round; waiting threads watch it. */
  round: 0,
  /** `round << 12 | next chunk`. */
  claim: 16,
  /** Chunks finished in this round. */
  done: 32,
  chunkCount: 48,
  /** 1 when the threads are to return. */
  stop: 64,
  /** 1 when a thread threw: the round will never be complete. */
  failed: 65,
  /** Threads asleep on `round`. */
  sleeping: 80,
  /** 1 while the caller sleeps on `done`. */
  callerSleeps: 96,
  /** The last round each thread left, from here on. */
  left: 112,
  /** The words of the round, as a `JobList` has them. */
  roundWords: 512,
} as const;

const chunkBits = 12;
const chunkMask = (1 << chunkBits) - 1;
/** A chunk number no round has (see `chunkLimit`): nothing can be claimed. */
const closed = chunkMask;
/** Rounds are counted modulo this; see `ThreadPool` for what happens at the turn. */
export const roundLimit: number = 1 << 20;

/** Threads that a control block has room for, the caller included. */
export const threadLimit = 256;

export function createControlBlock(): Int32Array<SharedArrayBuffer> {
  const words = word.roundWords + roundWords;
  return new Int32Array(new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT));
}

/** What there is to do in a round; a `JobList` that has been cut. */
export interface RoundJobs {
  readonly words: Int32Array;
  readonly jobCount: number;
  readonly chunkCount: number;
}

/** Gives a round to all threads. */
export function openRound(control: Int32Array, round: number, jobs: RoundJobs): void {
  Atomics.store(control, word.claim, (round << chunkBits) | closed);
  const { words, jobCount, chunkCount } = jobs;
  copyWords(words, control, roundField.chunkStarts, (chunkCount + 1) * startWords);
  copyWords(words, control, roundField.jobs, jobCount * jobWords);
  Atomics.store(control, word.chunkCount, chunkCount);
  Atomics.store(control, word.done, 0);
  Atomics.store(control, word.claim, round << chunkBits);
  Atomics.store(control, word.round, round);
  if (Atomics.load(control, word.sleeping) > 0) Atomics.notify(control, word.round);
}

/** By a loop, because `set` wants a view made of what it copies, and rounds are many. */
function copyWords(round: Int32Array, control: Int32Array, at: number, count: number): void {
  for (let index = at; index < at + count; index++)
    control[word.roundWords + index] = round[index] as number;
}

/** The next chunk of `round`, or -1 when none is left or the round is over. */
export function claimChunk(control: Int32Array, round: number, chunks: number): number {
  for (;;) {
    const seen = Atomics.load(control, word.claim);
    const chunk = seen & chunkMask;
    if (seen >>> chunkBits !== round || chunk >= chunks) return -1;
    if (Atomics.compareExchange(control, word.claim, seen, seen + 1) === seen) return chunk;
  }
}

/** Reports one chunk done; wakes the caller if it sleeps and this was the last. */
export function finishChunk(control: Int32Array, chunks: number): void {
  const done = Atomics.add(control, word.done, 1) + 1;
  if (done === chunks && Atomics.load(control, word.callerSleeps) === 1) {
    Atomics.notify(control, word.done);
  }
}
