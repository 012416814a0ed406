/** Blocks whose checksum is right and whose content lies: what a checksum cannot catch. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BadTraceError } from "../../src/support/errors.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { badTraceOf, fileWith, readTrace, smallHeader, writeTrace } from "./traceSamples.ts";

const scratch = scratchFolder();
const file = join(scratch, "hostile.trace");

interface Block {
  readonly compression: number;
  readonly recordCount: number;
  readonly rawBytes: number;
  readonly stored: Uint8Array;
}

/** A file of one block, sealed as `docs/traces.md` says. */
function fileOf({ compression, recordCount, rawBytes, stored }: Block): string {
  writeTrace(file, { header: smallHeader, records: [] });
  const preamble = readFileSync(file).subarray(0, -20);
  const head = Buffer.alloc(20);
  head.writeUInt8(0x42, 0);
  head.writeUInt8(compression, 1);
  head.writeUInt32LE(recordCount, 4);
  head.writeUInt32LE(rawBytes, 8);
  head.writeUInt32LE(stored.length, 12);
  head.writeUInt32LE(crc32(stored, crc32(head.subarray(0, 16))), 16);
  return fileWith(file, Buffer.concat([preamble, head, stored]));
}

async function refusal(block: Block): Promise<string> {
  const { message } = await badTraceOf(readTrace(fileOf(block)));
  return message.replace(/^.*?: /, "").replace(/;.*/, "");
}

test("random records never crash the reader nor slip through unchecked", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 9 }), fc.uint8Array({ maxLength: 60 }), async (count, raw) => {
      const path = fileOf({
        compression: 0,
        recordCount: count,
        rawBytes: raw.length,
        stored: raw,
      });
      const outcome = await readTrace(path).catch((error: unknown) => error);
      if (outcome instanceof BadTraceError) return;
      const { records } = outcome as Awaited<ReturnType<typeof readTrace>>;
      for (const { layer, experts } of records) {
        expect(layer).toBeLessThan(2);
        expect(Math.max(...experts)).toBeLessThan(8);
      }
    }),
    { numRuns: 300 },
  );
});

test("a claim of four thousand million tokens is refused before memory is taken for it", async () => {
  const stored = Uint8Array.of(0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f);
  const block = { compression: 0, recordCount: 1, rawBytes: stored.length, stored };
  expect(await refusal(block)).toBe("a record goes past its block's end");
});

test("a number without an end is refused", async () => {
  const stored = new Uint8Array(30).fill(0xff).fill(0, 0, 1);
  const block = { compression: 0, recordCount: 1, rawBytes: stored.length, stored };
  expect(await refusal(block)).toBe("a number of more than five bytes");
});

test("a first record that claims to follow another is refused", async () => {
  const block = { compression: 0, recordCount: 1, rawBytes: 1, stored: Uint8Array.of(4) };
  expect(await refusal(block)).toBe("the block's first record follows no other");
});

test.for([
  { name: "gzip", compression: 1, pack: (bytes: Uint8Array) => gzipSync(bytes) },
  { name: "zstd", compression: 2, pack: (bytes: Uint8Array) => zstdCompressSync(bytes) },
])("a $name block that unpacks to more than it says is refused", async ({ compression, pack }) => {
  const stored = pack(new Uint8Array(2 ** 24));
  expect(stored.length).toBeLessThan(2 ** 16);
  const block = { compression, recordCount: 1, rawBytes: 100, stored };
  expect(await refusal(block)).toBe("the block cannot be unpacked");
});

test("blocks beyond any real size are refused by their head", async () => {
  const block = { compression: 1, recordCount: 1, rawBytes: 2 ** 31, stored: new Uint8Array(4) };
  expect(await refusal(block)).toMatch(/^a block of more than \d+ bytes$/);
});
