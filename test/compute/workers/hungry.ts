/** A thread that fills its heap in the middle of a chunk. */
import { claimChunk, word } from "../../../src/compute/cpu/controlBlock.ts";
import type { WorkerTask } from "../../../src/compute/cpu/worker.ts";

export default function eat({ control }: WorkerTask): void {
  Atomics.wait(control, word.round, 0);
  if (Atomics.load(control, word.stop) === 1) return;
  claimChunk(control, Atomics.load(control, word.round), Atomics.load(control, word.chunkCount));
  const eaten: number[][] = [];
  for (;;) eaten.push(Array.from({ length: 100_000 }, (_, index) => index + eaten.length));
}
