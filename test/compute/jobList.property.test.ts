import fc from "fast-check";
import { expect, test } from "vitest";
import {
  chunkLimit,
  JobList,
  jobField,
  jobLimit,
  jobWords,
  roundField,
  startWords,
} from "../../src/compute/cpu/jobList.ts";
import { encode } from "../../src/compute/cpu/jobs/encode.ts";
import type { JobKind } from "../../src/compute/cpu/jobs/job.ts";
import { matvec } from "../../src/compute/cpu/jobs/matvec.ts";

interface Extent {
  readonly kind: JobKind;
  readonly items: number;
  readonly workPerItem: number;
  /** Work per item of jobs chained to it. */
  readonly chained: readonly number[];
}

const work = fc.oneof(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 4_000_000 }));
const extents: fc.Arbitrary<Extent> = fc.record({
  kind: fc.constantFrom<JobKind[]>(encode, matvec),
  items: fc.integer({ min: 0, max: 300_000 }),
  workPerItem: work,
  chained: fc.array(work, { maxLength: 3 }),
});

function listOf(extents: readonly Extent[]): JobList {
  const jobs = new JobList();
  for (const { kind, items, workPerItem, chained } of extents) {
    jobs.add(kind, items, workPerItem);
    for (const chainedWork of chained) jobs.chain(encode, chainedWork);
  }
  return jobs;
}

/** Where the chunks begin, and where the last one ends: pairs of a job and an item. */
function startsOf(jobs: JobList): [number, number][] {
  return Array.from({ length: jobs.chunkCount + 1 }, (_, chunk) => {
    const at = roundField.chunkStarts + chunk * startWords;
    return [jobs.words[at] ?? -1, jobs.words[at + 1] ?? -1];
  });
}

function field(jobs: JobList, job: number, name: keyof typeof jobField): number {
  return jobs.words[roundField.jobs + job * jobWords + jobField[name]] ?? -1;
}

test("chunks begin where the one before ends, at whole granules, and are no more than a round holds", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 256 }),
      fc.array(extents, { maxLength: 12 }),
      (threads, all) => {
        const jobs = listOf(all);
        jobs.cut(threads);
        const heads: number[] = [];
        for (let job = 0; job < jobs.jobCount; job += field(jobs, job, "chain")) heads.push(job);
        expect(heads.length).toBe(all.length);
        expect(jobs.chunkCount).toBeLessThanOrEqual(chunkLimit);
        expect(jobs.chunkCount > 0).toBe(all.some(({ items }) => items > 0));
        const starts = startsOf(jobs);
        expect(starts.at(-1)).toEqual([jobs.jobCount, 0]);
        const misplaced = starts.slice(0, -1).filter(([job, item], chunk) => {
          const granule = all[heads.indexOf(job)]?.kind.granule ?? 0;
          const [nextJob, nextItem] = starts[chunk + 1] ?? [0, 0];
          const isBefore = job < nextJob || (job === nextJob && item < nextItem);
          return !isBefore || item % granule !== 0 || item >= field(jobs, job, "items");
        });
        expect(misplaced).toEqual([]);
        const [firstJob, firstItem] = starts[0] ?? [0, 0];
        expect(firstItem).toBe(0);
        // Only jobs without items lie before the first chunk.
        expect(heads.some((job) => job < firstJob && field(jobs, job, "items") > 0)).toBe(false);
      },
    ),
  );
});

test("a chained job has the items of its chain, and its work counts", () => {
  const jobs = new JobList();
  expect(jobs.head).toBe(-1);
  jobs.add(encode, 6, 100);
  jobs.add(matvec, 7, 100);
  jobs.chain(encode, 50);
  expect(jobs.head).toBe(1);
  expect(jobs.work).toBe(6 * 100 + 7 * 150);
  expect([0, 1, 2].map((job) => field(jobs, job, "items"))).toEqual([6, 7, 7]);
  expect([0, 1].map((job) => field(jobs, job, "chain"))).toEqual([1, 2]);
  jobs.clear();
  expect([jobs.head, jobs.jobCount, jobs.work, jobs.round]).toEqual([-1, 0, 0, 2]);
});

test("a small round stays whole, a large one is cut for every thread, for one nothing is", () => {
  const jobs = new JobList();
  jobs.add(encode, 6, 100);
  jobs.add(encode, 7, 100);
  jobs.cut(4);
  expect(jobs.chunkCount).toBe(1);
  jobs.clear();
  for (let job = 0; job < 3; job++) jobs.add(matvec, 4096, 2048);
  jobs.cut(4);
  expect(jobs.chunkCount).toBeGreaterThanOrEqual(8);
  expect(jobs.chunkCount).toBeLessThanOrEqual(16);
  jobs.cut(1);
  expect(jobs.chunkCount).toBe(1);
});

test("chunks do about the same work, across jobs", () => {
  const jobs = new JobList();
  for (let job = 0; job < 16; job++) jobs.add(matvec, 512, 1024);
  jobs.cut(2);
  expect(startsOf(jobs)).toEqual([0, 4, 8, 12, 16].map((job) => [job, 0]));
});

test("a round that is full says so", () => {
  const jobs = new JobList();
  for (let job = 0; job < jobLimit; job++) {
    expect(jobs.isFull).toBe(false);
    jobs.add(encode, 1, 1);
  }
  expect(jobs.isFull).toBe(true);
  expect(() => jobs.add(encode, 1, 1)).toThrow("full");
  expect(() => jobs.chain(encode, 1)).toThrow("full");
  expect(jobs.jobCount).toBe(jobLimit);
});
