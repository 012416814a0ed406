/** What it costs to hand a round of next to no work to the threads, and to have it back. */
import { JobList } from "../src/compute/cpu/jobList.ts";
import { add } from "../src/compute/cpu/jobs/elementwise.ts";
import { ThreadPool } from "../src/compute/cpu/threadPool.ts";
import { compileKernels } from "../src/compute/cpu/wasmKernels.ts";
import { Arena, tableBytes } from "../src/memory/arena.ts";
import { type Spread, spreadOf } from "./statistics.ts";

export interface ForkJoin {
  readonly threads: number;
  /** Chunks of the round: each thread takes one after another. */
  readonly chunks: number;
  /** Microseconds between two rounds in which the other threads find nothing to do. */
  readonly gapUs: number;
  readonly us: Spread;
}

const ROUNDS = 400;
/** An item that is said to take as long as this is a chunk of its own, and shared. */
const heavyWork = 4e6;
/** A row this short takes no time. */
const width = 16;

/** Rounds of `chunks` chunks, each an addition of 16 numbers; milliseconds are those of the round alone. */
export async function forkJoin(threads: number, chunks: number, gapUs: number): Promise<ForkJoin> {
  const { module } = await compileKernels();
  const scratchBytes = 4096;
  const arena = new Arena(0, 2 ** 20);
  arena.allocate(tableBytes + threads * scratchBytes);
  const rows = arena.allocate(2 * chunks * width * 4);
  if (rows === undefined) throw new RangeError("the arena is too small");
  await using pool = new ThreadPool({ threads, module, scratch: tableBytes, scratchBytes });
  await using _threads = await pool.hold([arena.memory]);
  const jobs = new JobList();
  const samples: number[] = [];
  for (let round = -ROUNDS; round < ROUNDS; round++) {
    spin(gapUs);
    const sum = jobs.add(add, chunks, heavyWork);
    sum.x = rows.address;
    sum.y = rows.address + chunks * width * 4;
    sum.width = width;
    const begin = performance.now();
    pool.run(jobs);
    if (round >= 0) samples.push(1000 * (performance.now() - begin));
  }
  return { threads, chunks, gapUs, us: spreadOf(samples) };
}

/** Keeps this thread busy, as the calls between two rounds do. */
function spin(us: number): void {
  const end = performance.now() + us / 1000;
  while (performance.now() < end);
}
