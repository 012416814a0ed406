/** Damaged `.trace` files: the error says how far they are good, and salvage takes that much. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { compressions, openTraceSource, TraceWriter } from "../../src/trace/index.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import {
  badTraceOf,
  fileWith,
  readTrace,
  smallHeader,
  smallTrace,
  writeTrace,
} from "./traceSamples.ts";

const scratch = scratchFolder();
const damaged = join(scratch, "damaged.trace");
/** Fourteen records in blocks of two. */
const trace = smallTrace(7);
const count = trace.records.length;

/** The file, and where each of its blocks ends with how many records. */
function wholeFile(compression: (typeof compressions)[number]) {
  const path = join(scratch, `${compression}.trace`);
  const ends = new Map<number, number>();
  const writer = new TraceWriter(path, trace.header, { compression, blockBytes: 20 });
  ends.set(writer.fileBytes, 0);
  for (const record of trace.records) {
    writer.add(record);
    if (!ends.has(writer.fileBytes)) ends.set(writer.fileBytes, writer.recordCount);
  }
  writer.flush();
  ends.set(writer.fileBytes, writer.recordCount);
  writer.close();
  return { bytes: readFileSync(path), ends };
}

describe.for(compressions)("a file with blocks of kind %s", (compression) => {
  let bytes: Buffer;
  let ends: Map<number, number>;
  beforeAll(() => {
    ({ bytes, ends } = wholeFile(compression));
  });

  test("has several blocks", () => {
    expect(ends.size).toBeGreaterThan(5);
    expect(ends.get(Math.max(...ends.keys()))).toBe(count);
  });

  test("cut off anywhere: the error names the last good record, and salvage takes exactly those", async () => {
    const header = Math.min(...ends.keys());
    for (let length = 0; length < bytes.length; length++) {
      fileWith(damaged, bytes.subarray(0, length));
      if (length < header) {
        await badTraceOf(readTrace(damaged, { salvage: true }));
        continue;
      }
      const good = Math.max(
        ...[...ends].filter(([end]) => end <= length).map(([, records]) => records),
      );
      const kept = trace.records.slice(0, good);
      expect((await readTrace(damaged, { salvage: true })).records).toEqual(kept);
      if (ends.has(length)) continue; // between blocks: see the next test
      const error = await badTraceOf(readTrace(damaged));
      expect(error).toMatchObject({ file: damaged, goodRecords: good });
      if (good > 0) expect(error.message).toContain(`the last is number ${good - 1}`);
    }
  });

  test("cut off between two blocks, as a killed process leaves it, is read with a remark", async () => {
    for (const [length, good] of ends) {
      fileWith(damaged, bytes.subarray(0, length));
      await using source = await openTraceSource(damaged);
      expect(await Array.fromAsync(source.records())).toEqual(trace.records.slice(0, good));
      expect(source.remarks).toEqual([
        `the recording was not finished; its ${good} records are whole`,
      ]);
    }
  });

  test("with any byte changed is refused, never half believed", async () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      fileWith(damaged, changed);
      const good = (await badTraceOf(readTrace(damaged))).goodRecords;
      if (good === undefined) continue; // the header: nothing is known
      const { records } = await readTrace(damaged, { salvage: true });
      expect(records).toEqual(trace.records.slice(0, good));
    }
  });

  test("with a whole block cut out is refused at its end", async () => {
    const [from = 0, to = 0] = [...ends.keys()].slice(2, 4);
    fileWith(damaged, Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]));
    const missing = (ends.get(to) ?? 0) - (ends.get(from) ?? 0);
    const { message, goodRecords } = await badTraceOf(readTrace(damaged));
    expect(message).toContain(`${count - missing} records instead of ${count}`);
    expect(goodRecords).toBe(count - missing);
  });

  test("with bytes behind its end is refused, and all of it salvaged", async () => {
    fileWith(damaged, Buffer.concat([bytes, Buffer.from("x")]));
    expect(await badTraceOf(readTrace(damaged))).toMatchObject({ goodRecords: count });
    expect(await readTrace(damaged, { salvage: true })).toEqual(trace);
  });
});

test("the error says where, what, how much is good and what mends it", async () => {
  const { bytes } = wholeFile("none");
  fileWith(damaged, bytes.subarray(0, bytes.length - 25));
  const { message } = await badTraceOf(readTrace(damaged));
  expect(message.replaceAll(damaged, "FILE")).toMatchInlineSnapshot(
    `"FILE at byte 468: the file ends within the block that begins here; 12 good records before it, the last is number 11 ("sluice trace convert FILE OUT --salvage" keeps them)"`,
  );
});

test("random bytes behind a good header are refused quickly", async () => {
  writeTrace(damaged, { header: smallHeader, records: [] });
  const header = readFileSync(damaged).subarray(0, -20);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (rest) => {
      fileWith(damaged, Buffer.concat([header, rest]));
      await badTraceOf(readTrace(damaged));
    }),
    { numRuns: 200 },
  );
});
