/** A thread that ends in the middle of a chunk, as if the system had killed it. */
import { claimChunk, word } from "../../../src/compute/cpu/controlBlock.ts";
import type { WorkerTask } from "../../../src/compute/cpu/worker.ts";

export default function die({ control }: WorkerTask): void {
  Atomics.wait(control, word.round, 0);
  const round = Atomics.load(control, word.round);
  if (Atomics.load(control, word.stop) === 1) return;
  claimChunk(control, round, control[word.chunkCount] ?? 0);
  process.exit(1);
}
