/** The order of reads, and what becomes of a slot, whatever ends first. */
import { expect, test } from "vitest";
import { ExpertLoader } from "../../src/experts/expertLoader.ts";
import { type Region, regionBytes } from "../../src/memory/arena.ts";
import { type LoadEvent, subscribe } from "../../src/support/events.ts";
import { errorOf } from "../support/errorOf.ts";
import { expertBytes, expertsPerLayer, FakeFile, takeSlots, turn } from "./fakeFile.ts";

const slots = takeSlots(12);

interface Bed {
  readonly file: FakeFile;
  readonly loader: ExpertLoader;
  /** Experts that were said to be there. */
  readonly arrived: number[];
}

function bed({ timeoutMs = 10_000 } = {}): Bed {
  const file = new FakeFile();
  const arrived: number[] = [];
  const loader = new ExpertLoader({
    file,
    sources: file.sources,
    expertsPerLayer,
    timeoutMs,
    fillBytes: 2 * expertBytes,
    onReady: (expert) => arrived.push(expert),
  });
  return { file, loader, arrived };
}

const slot = (index: number) => slots[index] as Region;
const calmly = async () => undefined;

test("an expert's matrices come into its slot, and then it is ready", async () => {
  const { file, loader, arrived } = bed();
  loader.load(5, slot(2), "needed");
  expect(loader.isReady(5)).toBe(false);
  expect([loader.pendingCount, loader.bytesRead]).toEqual([1, 0]);
  await file.deliver(5);
  expect(loader.isReady(5)).toBe(true);
  expect(new Set(regionBytes(slot(2)))).toEqual(new Set([5]));
  expect([loader.pendingCount, loader.bytesRead]).toEqual([0, expertBytes]);
  expect(arrived).toEqual([5]);
});

test("the urgent go first, among equals the first; background reads leave room for the needed", async () => {
  const { file, loader } = bed();
  for (const expert of [0, 1, 2, 3]) loader.load(expert, slot(expert), "background");
  loader.load(4, slot(4), "next token");
  loader.load(5, slot(5), "next layer");
  loader.load(6, slot(6), "next layer");
  for (const expert of [7, 8, 9]) loader.load(expert, slot(expert), "needed");
  // Background takes 3 places, with those for the next token 4, for the next layer 6, needed 8.
  expect(file.reading).toEqual([0, 1, 2, 4, 5, 6, 7, 8]);
  await file.deliver(0);
  expect(file.reading.at(-1)).toBe(9);
  for (const expert of [1, 2, 4, 5, 6, 7]) await file.deliver(expert);
  expect(file.reading).toEqual([8, 9, 3]);
});

test("a queued load that is needed overtakes the others, once", async () => {
  const { file, loader } = bed();
  for (const expert of [0, 1, 2, 3, 4]) loader.load(expert, slot(expert), "background");
  expect(file.reading).toEqual([0, 1, 2]);
  loader.need(4);
  loader.need(4);
  loader.need(0); // is being read already
  expect(file.reading).toEqual([0, 1, 2, 4]);
  expect(loader.pendingCount).toBe(5);
  await file.deliver(4);
  expect(loader.isReady(4)).toBe(true);
  loader.need(4);
  expect(file.reading).toEqual([0, 1, 2]);
});

test("a needed expert that is not even queued is a mistake", () => {
  const { loader } = bed();
  expect(() => loader.need(3)).toThrow("expert 3 has not been loaded");
});

test("a discarded load that is queued is never read", async () => {
  const { file, loader } = bed();
  for (const expert of [0, 1, 2, 3]) loader.load(expert, slot(expert), "background");
  loader.discard(3);
  loader.discard(3);
  for (const expert of [0, 1, 2]) await file.deliver(expert);
  expect(file.reading).toEqual([]);
  expect(loader.pendingCount).toBe(0);
});

test("a slot is not read into while the read for its last owner goes on", async () => {
  const { file, loader, arrived } = bed();
  loader.load(0, slot(0), "next layer");
  loader.discard(0);
  loader.load(1, slot(0), "needed");
  loader.load(2, slot(1), "background"); // whose slot is free goes first
  expect(file.reading).toEqual([0, 2]);
  await file.deliver(0);
  expect(loader.isReady(0)).toBe(false);
  expect(loader.isReady(1)).toBe(false);
  expect(file.reading).toEqual([2, 1]);
  await file.deliver(1);
  expect(loader.isReady(1)).toBe(true);
  expect(new Set(regionBytes(slot(0)))).toEqual(new Set([1]));
  expect(arrived).toEqual([1]);
});

test("an expert that comes back to another slot does not take the old read for its own", async () => {
  const { file, loader, arrived } = bed();
  loader.load(0, slot(0), "needed");
  loader.discard(0);
  loader.load(1, slot(0), "needed");
  loader.load(0, slot(1), "needed");
  await file.deliver(0); // both reads of expert 0
  expect(loader.isReady(0)).toBe(true);
  expect(arrived).toEqual([0]);
  expect(new Set(regionBytes(slot(1)))).toEqual(new Set([0]));
  await file.deliver(1);
  expect(new Set(regionBytes(slot(0)))).toEqual(new Set([1]));
});

test("a failed read keeps its slot until all of its parts have ended", async () => {
  const { file, loader } = bed();
  loader.load(0, slot(0), "needed");
  await file.failOne(0, new Error("bad sector"));
  loader.discard(0);
  loader.load(1, slot(0), "needed");
  expect(file.reading).toEqual([0]);
  await file.deliver(0);
  expect(file.reading).toEqual([1]);
});

test("a failed load is reported to those who wait for it, and read again when it is needed again", async () => {
  const { file, loader, arrived } = bed();
  loader.load(0, slot(0), "background");
  loader.load(1, slot(1), "background");
  await file.fail(0, new Error("bad sector"));
  await expect(loader.firstOf([1, 0], calmly)).rejects.toThrow("bad sector");
  await expect(loader.settled(calmly)).rejects.toThrow("bad sector");
  expect(loader.pendingCount).toBe(1);
  loader.need(0);
  const both = loader.firstOf([0], calmly);
  await file.deliver(0);
  expect(await both).toEqual([0]);
  expect(arrived).toEqual([0]);
});

test("waiting ends with the first arrivals, at once if they are there", async () => {
  const { file, loader } = bed();
  for (const expert of [0, 1, 2]) loader.load(expert, slot(expert), "needed");
  const first = loader.firstOf([0, 1], calmly);
  await file.deliver(2); // not asked for
  await file.deliver(1);
  expect(await first).toEqual([1]);
  expect(await loader.firstOf([2, 1], calmly)).toEqual([2, 1]);
});

test("an arrival while the waiting one looks around is not missed", async () => {
  const { file, loader } = bed();
  loader.load(0, slot(0), "needed");
  let looks = 0;
  const onLook = async () => {
    if (looks++ === 0) await file.deliver(0);
  };
  const begin = performance.now();
  expect(await loader.firstOf([0], onLook)).toEqual([0]);
  expect(performance.now() - begin).toBeLessThan(1000);
});

test("waiting ends when looking around throws", async () => {
  const { loader } = bed();
  loader.load(0, slot(0), "needed");
  const onLook = async () => {
    throw new Error("enough");
  };
  const begin = performance.now();
  await expect(loader.firstOf([0], onLook)).rejects.toThrow("enough");
  expect(performance.now() - begin).toBeLessThan(100);
});

test("a disk that does not answer in time is an error, whatever else comes meanwhile", async () => {
  const { file, loader } = bed({ timeoutMs: 150 });
  for (const expert of [0, 1, 2, 3]) loader.load(expert, slot(expert), "needed");
  const outcome = errorOf(loader.firstOf([0, 1], calmly));
  const others = setInterval(() => void file.deliver(file.reading.at(-1) as number), 60);
  expect(await outcome).toBe(
    "disk-stalled: 2 experts of fake.gguf did not come within 0.15 s; is the disk there? The model may be used again",
  );
  clearInterval(others);
});

test("settling waits for everything that was loaded", async () => {
  const { file, loader } = bed();
  for (const expert of [0, 1, 2, 3, 4]) loader.load(expert, slot(expert), "background");
  let settled = false;
  const done = loader.settled(calmly).then(() => {
    settled = true;
  });
  for (const expert of [2, 0, 1, 3]) await file.deliver(expert);
  expect(settled).toBe(false);
  await file.deliver(4);
  await done;
  await loader.settled(calmly);
});

test("closing waits for reads under way, forgets the queued and refuses new loads", async () => {
  const { file, loader } = bed();
  for (const expert of [0, 1, 2, 3]) loader.load(expert, slot(expert), "background");
  const waiting = errorOf(loader.firstOf([3], calmly));
  let closed = false;
  const closing = loader[Symbol.asyncDispose]().then(() => {
    closed = true;
  });
  await file.deliver(0);
  await file.deliver(1);
  await turn();
  expect(closed).toBe(false);
  await file.fail(2, new Error("gone"));
  await closing;
  expect(file.reading).toEqual([]);
  expect(() => loader.load(5, slot(5), "needed")).toThrow("fake.gguf is closed");
  expect(await waiting).toBe("closed: fake.gguf is closed");
});

test("progress is told until the slots are filled once", async () => {
  const { file, loader } = bed();
  const events: LoadEvent[] = [];
  const stop = subscribe("sluice:load", (event) => {
    if (event.file === "fake.gguf") events.push(event);
  });
  for (const expert of [0, 1, 2]) {
    loader.load(expert, slot(expert), "background");
    await file.deliver(expert);
  }
  stop();
  expect(events.map(({ loadedBytes }) => loadedBytes / expertBytes)).toEqual(
    [1, 2, 3, 4, 5, 6].map((parts) => parts / 3),
  );
  expect(events.at(-1)?.totalBytes).toBe(2 * expertBytes);
});
