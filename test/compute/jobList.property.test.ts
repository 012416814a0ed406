import fc from "fast-check";
import { expect, test } from "vitest";
import { chunkLimit, JobList, jobField, jobWords } from "../../src/compute/cpu/jobList.ts";
import { encode } from "../../src/compute/cpu/jobs/encode.ts";

const extents = fc.record({
  items: fc.integer({ min: 1, max: 300_000 }),
  workPerItem: fc.integer({ min: 1, max: 4_000_000 }),
  granule: fc.constantFrom(1, 4, 16),
});
const nothing = { encoding: 0, source: 0, output: 0, columns: 0 };

test("chunks cover every item once, in whole granules, and never more than a round holds", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 256 }),
      fc.array(extents, { maxLength: 12 }),
      (threads, all) => {
        const jobs = new JobList(threads);
        const added = all.filter((extent) => {
          if (!jobs.fits(extent)) return false;
          jobs.add(encode, extent, nothing);
          return true;
        });
        let chunks = 0;
        for (const [index, { items, granule }] of added.entries()) {
          const word = (field: number) => jobs.words[index * jobWords + field] ?? 0;
          expect(word(jobField.firstChunk)).toBe(chunks);
          expect(word(jobField.items)).toBe(items);
          expect(word(jobField.itemsPerChunk) % granule).toBe(0);
          expect(word(jobField.itemsPerChunk)).toBeGreaterThan(0);
          chunks += Math.ceil(items / word(jobField.itemsPerChunk));
        }
        expect(jobs.chunkCount).toBe(chunks);
        expect(chunks).toBeLessThanOrEqual(chunkLimit);
        expect(all.length === 0 || added.length > 0).toBe(true);
      },
    ),
  );
});

test("a small job stays whole, a large one is cut for every thread", () => {
  const jobs = new JobList(4);
  jobs.add(encode, { items: 6, workPerItem: 100 }, nothing);
  expect(jobs.chunkCount).toBe(1);
  jobs.clear();
  jobs.add(encode, { items: 4096, workPerItem: 2048, granule: 16 }, nothing);
  expect(jobs.chunkCount).toBeGreaterThanOrEqual(16);
});

test("a round that is full says so", () => {
  const jobs = new JobList(256);
  const large = { items: 100_000, workPerItem: 4e6 };
  jobs.add(encode, large, nothing);
  expect(jobs.fits(large)).toBe(true);
  jobs.add(encode, { items: 2047, workPerItem: 4e6 }, nothing);
  expect(jobs.fits(large)).toBe(false);
  expect(() => jobs.add(encode, large, nothing)).toThrow("full");
  expect(jobs.jobCount).toBe(2);
});
