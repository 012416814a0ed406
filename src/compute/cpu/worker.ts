/** One compute thread: takes part in rounds until told to stop. A Piscina task as long as a generation. */
import { claimChunk, finishChunk, word } from "./controlBlock.ts";
import { JobRunner } from "./jobRunner.ts";

/** Looks at the round number this often before it goes to sleep: about 50 us on a 2.5 GHz core. */
const spinLimit = 20_000;

/** A sleeping thread looks up this often, should a wake-up ever be lost. */
const sleepMs = 1000;

export interface WorkerTask {
  readonly control: Int32Array;
  readonly module: WebAssembly.Module;
  readonly memories: readonly WebAssembly.Memory[];
  /** This thread's number, from 1; the caller is 0. */
  readonly thread: number;
  /** Address of this thread's scratch in every arena. */
  readonly scratch: number;
}

let runner: JobRunner | undefined;

export default function takePart({ control, module, memories, thread, scratch }: WorkerTask): void {
  runner ??= new JobRunner(module);
  runner.scratch = scratch;
  runner.attach(memories);
  const floats = new Float32Array(control.buffer);
  let round = 0;
  for (;;) {
    round = awaitRound(control, round);
    if (Atomics.load(control, word.stop) === 1) return;
    const chunks = Atomics.load(control, word.chunkCount);
    for (;;) {
      const chunk = claimChunk(control, round, chunks);
      if (chunk === -1) break;
      try {
        runner.run(control, floats, word.roundWords, chunk);
      } catch (error) {
        Atomics.store(control, word.failed, 1);
        Atomics.notify(control, word.done);
        throw error;
      }
      finishChunk(control, chunks);
    }
    Atomics.store(control, word.left + thread, round);
  }
}

/** Waits for another round than `last`: spins a while, then sleeps. */
function awaitRound(control: Int32Array, last: number): number {
  for (let spin = 0; spin < spinLimit; spin++) {
    const round = Atomics.load(control, word.round);
    if (round !== last) return round;
  }
  for (;;) {
    Atomics.add(control, word.sleeping, 1);
    Atomics.wait(control, word.round, last, sleepMs);
    Atomics.sub(control, word.sleeping, 1);
    const round = Atomics.load(control, word.round);
    if (round !== last) return round;
    if (Atomics.load(control, word.stop) === 1) return last;
  }
}
