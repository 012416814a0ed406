import { expect, test } from "vitest";
import { claimChunk, createControlBlock, openRound } from "../../src/compute/cpu/controlBlock.ts";
import { roundWords } from "../../src/compute/cpu/jobList.ts";

const noJobs = { words: new Int32Array(roundWords), jobCount: 1 };

test("each chunk of a round is claimed once", () => {
  const control = createControlBlock();
  openRound(control, 1, { ...noJobs, chunkCount: 3 });
  const claims = Array.from({ length: 5 }, () => claimChunk(control, 1, 3));
  expect(claims).toEqual([0, 1, 2, -1, -1]);
});

test("a thread of a finished round can claim nothing while the next round is written, nor after", () => {
  const control = createControlBlock();
  openRound(control, 1, { ...noJobs, chunkCount: 2 });
  claimChunk(control, 1, 2);
  claimChunk(control, 1, 2);
  // A late thread that still holds round 1, but has read the larger count of round 2 already.
  const claims: number[] = [];
  const late = () => claims.push(claimChunk(control, 1, 32));
  openRound(control, 2, {
    get words() {
      late();
      return noJobs.words;
    },
    get jobCount() {
      late();
      return 1;
    },
    get chunkCount() {
      late();
      return 32;
    },
  });
  late();
  expect(claims.length).toBeGreaterThanOrEqual(4);
  expect(claims.every((claim) => claim === -1)).toBe(true);
  expect(claimChunk(control, 2, 32)).toBe(0);
});
