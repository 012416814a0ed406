/** Reads a `.trace` file, block by block. */
import type { ByteReader } from "../import/byteReader.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import { type TraceContent, TraceDamage } from "../traceSource.ts";
import { decompress } from "./compression.ts";
import {
  type BlockHead,
  blockChecksum,
  blockHeadBytes,
  decodeBlockHead,
  decodeHeader,
  decodePreamble,
  magic,
  preambleBytes,
} from "./fileLayout.ts";
import { decodeRecords } from "./recordDecoder.ts";

/** Whether a file with these first bytes is ours. */
export function isTraceFile(start: Uint8Array): boolean {
  return magic.every((byte, index) => start[index] === byte);
}

/** @throws TraceDamage if the header is damaged: without it nothing can be salvaged */
export async function readTraceFile(reader: ByteReader): Promise<TraceContent> {
  const preamble = decodePreamble(await reader.read(preambleBytes));
  const header = decodeHeader(await reader.read(preamble.length), preamble);
  const remarks: string[] = [];
  return { kind: "trace", header, records: readBlocks(reader, header, remarks), remarks };
}

async function* readBlocks(
  reader: ByteReader,
  header: TraceHeader,
  remarks: string[],
): AsyncGenerator<TraceRecord, void, undefined> {
  let recordCount = 0;
  for (;;) {
    const offset = reader.offset;
    const headBytes = await reader.read(blockHeadBytes);
    if (headBytes.length === 0) {
      // Blocks are written whole: this is what a recorder leaves that was killed.
      remarks.push(`the recording was not finished; its ${recordCount} records are whole`);
      return;
    }
    if (headBytes.length < blockHeadBytes) throw new TraceDamage("the file ends here", offset);
    const head = decodeBlockHead(headBytes, offset);
    const stored = await reader.read(head.storedBytes);
    if (stored.length < head.storedBytes) {
      throw new TraceDamage("the file ends within the block that begins here", offset);
    }
    if (blockChecksum(headBytes, stored) !== head.checksum) {
      throw new TraceDamage("the block does not match its checksum", offset);
    }
    if (head.kind === "end") {
      await checkEnd(reader, head, recordCount, offset);
      return;
    }
    const raw = unpack(head, stored, offset);
    try {
      yield* decodeRecords(header, raw, head.recordCount);
    } catch (error) {
      throw error instanceof TraceDamage ? new TraceDamage(error.message, offset) : error;
    }
    recordCount += head.recordCount;
  }
}

function unpack(head: BlockHead, stored: Uint8Array, offset: number): Uint8Array {
  let raw: Uint8Array;
  try {
    raw = decompress(stored, head.compression, head.rawBytes);
  } catch (cause) {
    throw new TraceDamage("the block cannot be unpacked", offset, { cause });
  }
  if (raw.length === head.rawBytes) return raw;
  throw new TraceDamage(`the block has ${raw.length} bytes, ${head.rawBytes} expected`, offset);
}

async function checkEnd(
  reader: ByteReader,
  head: BlockHead,
  recordCount: number,
  offset: number,
): Promise<void> {
  if (head.recordCount !== recordCount) {
    throw new TraceDamage(`${recordCount} records instead of ${head.recordCount}`, offset);
  }
  const after = reader.offset;
  if ((await reader.read(1)).length > 0) {
    throw new TraceDamage("something follows the trace's end", after);
  }
}
