import { afterAll, expect, test } from "vitest";
import { roundLimit } from "../../src/compute/cpu/controlBlock.ts";
import { JobList } from "../../src/compute/cpu/jobList.ts";
import { rotate } from "../../src/compute/cpu/jobs/attention.ts";
import { ThreadPool, type ThreadPoolOptions } from "../../src/compute/cpu/threadPool.ts";
import { compileKernels } from "../../src/compute/cpu/wasmKernels.ts";
import { Arena, regionFloats } from "../../src/memory/arena.ts";
import { SluiceError } from "../../src/support/errors.ts";

const { module } = await compileKernels();
const pools: ThreadPool[] = [];

function createPool(options: Partial<ThreadPoolOptions> = {}): ThreadPool {
  const pool = new ThreadPool({
    module,
    threads: 3,
    scratch: 4096,
    scratchBytes: 4096,
    ...options,
  });
  pools.push(pool);
  return pool;
}

afterAll(() => Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]())));

/** So that each item is a chunk, and each round shared. */
const heavy = 4e6;

/** Points of a plane, each turned by a quarter per round: a chunk run twice, or never, shows. */
function createTurntable(points: number) {
  const arena = new Arena(0, 1 << 20);
  arena.allocate(64 * 1024);
  const x = arena.allocate(points * 8);
  const angles = arena.allocate(points * 8);
  if (x === undefined || angles === undefined) throw new Error("no room");
  for (let point = 0; point < points; point++) {
    regionFloats(x).set([1, 0], point * 2);
    regionFloats(angles).set([0, 1], point * 2); // cosine, sine
  }
  const jobs = new JobList();
  const plane = { headSize: 2, rotarySize: 2, heads: 1, neox: 0 };
  const quarter = { x: x.address, angles: angles.address, ...plane };
  const addTurn = (count: number, arena = 0) =>
    Object.assign(jobs.add(rotate, count, heavy, arena), quarter);
  return {
    memories: [arena.memory],
    jobs,
    /** Turns the first `count` points. */
    turn(pool: ThreadPool, count = points): void {
      addTurn(count);
      pool.run(jobs);
    },
    /** A round in an arena that nobody has attached. */
    turnNowhere(pool: ThreadPool): void {
      addTurn(64, 7);
      pool.run(jobs);
    },
    /** Without the signs of zeros. */
    positions: () => Array.from(regionFloats(x), (value) => value + 0),
  };
}

test("every chunk of every round runs exactly once, also where round numbers start again", async () => {
  const pool = createPool();
  const table = createTurntable(4);
  await using _threads = await pool.hold(table.memories);
  const rounds = roundLimit + 4098; // a multiple of 4, and 2 more
  for (let round = 0; round < rounds; round++) table.turn(pool);
  expect(rounds % 4).toBe(2);
  for (let point = 0; point < 4; point++) {
    expect(table.positions()[point * 2]).toBe(-1);
    expect(table.positions()[point * 2 + 1]).toBeCloseTo(0);
  }
});

test("small and large rounds in turn run every chunk once", async () => {
  const pool = createPool({ threads: 4 });
  const table = createTurntable(32);
  await using _threads = await pool.hold(table.memories);
  for (let round = 0; round < 100_000; round++) {
    table.turn(pool, 2);
    table.turn(pool);
  }
  expect(table.positions()).toEqual(createTurntable(32).positions());
});

test("threads lost to a failure come back for those who still hold the pool", async () => {
  const pool = createPool();
  const table = createTurntable(8);
  await using _outer = await pool.hold(table.memories);
  {
    await using _inner = await pool.hold(table.memories);
    expect(() => table.turnNowhere(pool)).toThrow(SluiceError);
    table.jobs.clear();
  }
  await using _again = await pool.hold(table.memories);
  for (let round = 0; round < 4; round++) table.turn(pool);
  expect(table.positions()).toEqual(createTurntable(8).positions());
});

test("threads that fell asleep wake for the next round", async () => {
  const pool = createPool();
  const table = createTurntable(8);
  await using _threads = await pool.hold(table.memories);
  for (let round = 0; round < 8; round++) {
    table.turn(pool);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  expect(table.positions()).toEqual(createTurntable(8).positions());
});

test("holds nest, and rounds run without any", async () => {
  const pool = createPool();
  const table = createTurntable(8);
  pool.attach(table.memories);
  table.turn(pool);
  {
    await using _outer = await pool.hold(table.memories);
    table.turn(pool);
    {
      await using _inner = await pool.hold(table.memories);
      table.turn(pool);
    }
    table.turn(pool);
  }
  expect(table.positions()).toEqual(createTurntable(8).positions());
});

test("a job that throws ends the round with an error, and the pool works again", async () => {
  const pool = createPool();
  const table = createTurntable(8);
  {
    await using _threads = await pool.hold(table.memories);
    expect(() => table.turnNowhere(pool)).toThrow(SluiceError);
    table.jobs.clear();
    expect(() => table.turn(pool)).toThrow("this generation is lost");
    table.jobs.clear();
  }
  await using _threads = await pool.hold(table.memories);
  for (let round = 0; round < 4; round++) table.turn(pool);
  expect(table.positions()).toEqual(createTurntable(8).positions());
});

test.for(["dying", "hungry"])(
  "a %s thread ends the round with an error instead of a hang",
  async (name) => {
    const workerFile = new URL(`./workers/${name}.ts`, import.meta.url);
    const pool = createPool({ threads: 2, stallMs: 3000, workerFile });
    const table = createTurntable(4000);
    const failed = async () => {
      await using _threads = await pool.hold(table.memories);
      for (let round = 0; round < 4000; round++) {
        table.turn(pool);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await expect(failed()).rejects.toMatchObject({ code: "thread-failed" });
  },
);
