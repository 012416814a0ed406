/** The recorder's side of a file: when it is written, and what happens when it cannot be. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { SluiceError } from "../../src/support/errors.ts";
import { openTraceSource, TraceWriter } from "../../src/trace/index.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { readTrace, smallHeader, smallRecord, smallTrace, writeTrace } from "./traceSamples.ts";

vi.mock("node:fs", { spy: true });
const realFs = await vi.importActual<typeof import("node:fs")>("node:fs");
afterEach(() => {
  vi.mocked(writeSync).mockReset();
});

const scratch = scratchFolder();
const file = join(scratch, "written.trace");

async function recordsIn(path: string): Promise<number> {
  return (await readTrace(path)).records.length;
}

/** From the `after`-th write on the disk is full; a last write may still be done in part. */
function fillDisk(after: number): void {
  const write = realFs.writeSync;
  let writes = 0;
  vi.mocked(writeSync).mockImplementation(((fd: number, bytes: Uint8Array, at: number) => {
    writes++;
    if (writes === after && bytes.length > 5) return write(fd, bytes.subarray(0, 5), at);
    if (writes < after) return write(fd, bytes, at);
    throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC", errno: -28 });
  }) as typeof writeSync);
}

function thrownBy(attempt: () => void): string {
  try {
    attempt();
    return "nothing";
  } catch (error) {
    return error instanceof SluiceError ? `${error.code}: ${error.message}` : String(error);
  }
}

test("a trace can be read from the moment its writer exists", async () => {
  using _writer = new TraceWriter(file, smallHeader);
  expect(await readTrace(file)).toEqual({ header: smallHeader, records: [] });
});

test("a closed trace without records is whole", async () => {
  writeTrace(file, { header: smallHeader, records: [] });
  await using source = await openTraceSource(file);
  expect(await Array.fromAsync(source.records())).toEqual([]);
  expect(source.remarks).toEqual([]);
});

test("records are written when they fill a block", async () => {
  using writer = new TraceWriter(file, smallHeader, { blockBytes: 40 });
  writer.add(smallRecord(0, 0));
  expect(await recordsIn(file)).toBe(0);
  for (const record of smallTrace(3).records) writer.add({ ...record, position: 1 });
  expect(await recordsIn(file)).toBeGreaterThan(1);
  expect(writer.recordCount).toBe(7);
});

test("and when the oldest of them has waited long enough, without another to push it", async () => {
  using writer = new TraceWriter(file, smallHeader, { blockAgeMs: 20 });
  writer.add(smallRecord(0, 0));
  expect(await recordsIn(file)).toBe(0);
  await delay(60);
  expect(await recordsIn(file)).toBe(1);
});

test("also by a program that never lets go of its thread", () => {
  using writer = new TraceWriter(file, smallHeader, { blockAgeMs: 5 });
  const headerBytes = writer.fileBytes;
  writer.add(smallRecord(0, 0));
  const end = performance.now() + 10;
  while (performance.now() < end);
  expect(writer.fileBytes).toBe(headerBytes);
  writer.add(smallRecord(0, 1));
  expect(writer.fileBytes).toBeGreaterThan(headerBytes);
  expect(statSync(file).size).toBe(writer.fileBytes);
});

test("what a killed process wrote can be read", async () => {
  const entry = new URL("../../src/trace/index.ts", import.meta.url).href;
  const killed = join(scratch, "killed.trace");
  const program = `
    import { TraceWriter } from "${entry}";
    const writer = new TraceWriter(${JSON.stringify(killed)}, ${JSON.stringify(smallHeader)}, { blockBytes: 100 });
    for (let position = 0; ; position++) {
      for (const layer of [0, 1]) {
        writer.add({ sequence: 0, phase: "decode", position, layer, tokens: 1,
          experts: Uint16Array.of(1, 2), weights: Float32Array.of(0.5, 0.5) });
      }
      if (position === 200) console.log("far enough");
      if (position % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  await using source = await openTraceSource(killed);
  const records = await Array.fromAsync(source.records());
  expect(records.length).toBeGreaterThan(300);
  expect(source.remarks).toEqual([
    `the recording was not finished; its ${records.length} records are whole`,
  ]);
});

test("a full disk is said once, names what is kept, and the rest is ignored", async () => {
  fillDisk(4);
  const writer = new TraceWriter(file, smallHeader, { blockBytes: 1 });
  writer.add(smallRecord(0, 0));
  writer.add(smallRecord(0, 1));
  expect(thrownBy(() => writer.add(smallRecord(1, 0)))).toBe(
    `file-unwritable: cannot write ${file}: no space left on device; its first 2 records are kept`,
  );
  for (let position = 2; position < 9; position++) writer.add(smallRecord(position, 0));
  expect(thrownBy(() => writer.flush())).toBe("nothing");
  expect(thrownBy(() => writer.close())).toBe("nothing");
  expect(writer).toMatchObject({ recordCount: 2, failure: { code: "file-unwritable" } });
  // Half a block was written and has been cut off again.
  expect((await readTrace(file)).records).toEqual([smallRecord(0, 0), smallRecord(0, 1)]);
});

test("a disk that fills while nobody adds is said by the next call", async () => {
  fillDisk(2);
  const writer = new TraceWriter(file, smallHeader, { blockAgeMs: 5 });
  writer.add(smallRecord(0, 0));
  await delay(30);
  expect(writer.failure?.code).toBe("file-unwritable");
  expect(thrownBy(() => writer.close())).toMatch(/its first 0 records are kept$/);
  expect(thrownBy(() => writer.close())).toBe("nothing");
});

test("a disk that is full from the start is said at once", () => {
  expect(thrownBy(() => new TraceWriter("/dev/full", smallHeader))).toMatch(
    /^file-unwritable: cannot write \/dev\/full: no space left/,
  );
});

test("a place that cannot be written is said at once", () => {
  const nowhere = join(scratch, "no", "such", "folder.trace");
  expect(thrownBy(() => new TraceWriter(nowhere, smallHeader))).toBe(
    `file-unwritable: cannot write ${nowhere}: no such file or directory`,
  );
});

test("a record that contradicts the header is refused, and the next one is taken", async () => {
  const writer = new TraceWriter(file, smallHeader);
  const { weights: _, ...bare } = smallRecord(0, 0);
  expect(thrownBy(() => writer.add(bare))).toMatch(
    /record 0: no weights, which the header promises$/,
  );
  writer.add(smallRecord(0, 0));
  writer.close();
  expect(await recordsIn(file)).toBe(1);
});

test("a header that no trace can have is refused before a file is made", () => {
  const unmade = join(scratch, "unmade.trace");
  const header = { ...smallHeader, expertsPerToken: 9 };
  expect(thrownBy(() => new TraceWriter(unmade, header))).toMatch(
    /^bad-trace: .*expertsPerToken 9/,
  );
  expect(existsSync(unmade)).toBe(false);
});

test("closing twice is closing once; adding afterwards is an error", () => {
  const writer = new TraceWriter(file, smallHeader);
  writer.close();
  writer.close();
  expect(thrownBy(() => writer.add(smallRecord(0, 0)))).toBe(`closed: ${file} is closed`);
});

test.runIf(existsSync("/proc/self/fd"))(
  "no file stays open: written, read, refused or left early",
  async () => {
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    writeTrace(file, smallTrace(50), { blockBytes: 10 });
    await readTrace(file);
    await readTrace(fileURLToPath(import.meta.url)).catch(() => {});
    for await (const _ of (await openTraceSource(file)).records()) break;
    await using source = await openTraceSource(file);
    await source[Symbol.asyncDispose]();
    fillDisk(2);
    thrownBy(() => writeTrace(file, smallTrace(1)));
    expect(open()).toBe(before);
  },
);
