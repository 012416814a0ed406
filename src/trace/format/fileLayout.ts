/**
 * The frame of a `.trace` file, version 1 (byte by byte in docs/traces.md). All numbers are
 * little-endian.
 *
 *     magic      8 bytes
 *     version    u16
 *     length     u32, of the header
 *     crc32      u32, of the header
 *     header     JSON, UTF-8
 *     blocks     each a head of 20 bytes, then its records
 *     end        a head of kind "end": a file without one was cut off
 *
 * The magic follows PNG's: a first byte that is no text, line ends that a text transfer would change.
 * Source: ours.
 */
import { crc32 } from "node:zlib";
import { headerRecord, parseHeader } from "../headerRecord.ts";
import type { TraceHeader } from "../traceHeader.ts";
import { TraceDamage } from "../traceSource.ts";
import { type Compression, compressions } from "./compression.ts";

export const magic: Uint8Array = Uint8Array.of(0x89, 0x53, 0x4c, 0x54, 0x0d, 0x0a, 0x1a, 0x0a);
const version = 1;
/** Magic, version, length and checksum of the header. */
export const preambleBytes = 18;
export const blockHeadBytes = 20;

/** Limits on what a file may claim: beyond any real one, within what may be allocated for it. */
const mostHeaderBytes = 2 ** 20;
export const mostBlockBytes: number = 2 ** 26;

const kinds = { records: 0x42, end: 0x45 } as const;

export interface BlockHead {
  readonly kind: "records" | "end";
  readonly compression: Compression;
  /** Of this block; at the end, of the whole file. */
  readonly recordCount: number;
  /** Unpacked. */
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** Of the head's first 16 bytes and the stored bytes. */
  readonly checksum: number;
}

/** All that comes before the first block. */
export function encodePreamble(header: TraceHeader): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(headerRecord(header)));
  const bytes = new Uint8Array(preambleBytes + json.length);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint16(8, version, true);
  view.setUint32(10, json.length, true);
  view.setUint32(14, crc32(json), true);
  bytes.set(json, preambleBytes);
  return bytes;
}

/** Length and checksum of the header, from the first bytes of a file that has our magic. */
export function decodePreamble(bytes: Uint8Array): { length: number; checksum: number } {
  if (bytes.length < preambleBytes) {
    throw new TraceDamage("the file ends before its header", bytes.length);
  }
  const view = viewOf(bytes);
  const found = view.getUint16(8, true);
  if (found !== version) {
    throw new TraceDamage(`version ${found} is not known here; this reads version ${version}`, 8);
  }
  const length = view.getUint32(10, true);
  if (length > mostHeaderBytes) {
    throw new TraceDamage(`a header of ${length} bytes; at most ${mostHeaderBytes} may be`, 10);
  }
  return { length, checksum: view.getUint32(14, true) };
}

export function decodeHeader(
  json: Uint8Array,
  expected: { length: number; checksum: number },
): TraceHeader {
  if (json.length < expected.length) {
    throw new TraceDamage("the file ends within its header", preambleBytes + json.length);
  }
  if (crc32(json) !== expected.checksum) {
    throw new TraceDamage("the header does not match its checksum", preambleBytes);
  }
  try {
    return parseHeader(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)));
  } catch (cause) {
    if (cause instanceof TraceDamage) throw new TraceDamage(cause.message, preambleBytes);
    throw new TraceDamage("the header is not JSON", preambleBytes, { cause });
  }
}

/** A whole block: head and stored bytes. */
export function encodeBlock(
  head: Omit<BlockHead, "checksum" | "storedBytes">,
  stored: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(blockHeadBytes + stored.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kinds[head.kind]);
  view.setUint8(1, compressions.indexOf(head.compression));
  view.setUint32(4, head.recordCount, true);
  view.setUint32(8, head.rawBytes, true);
  view.setUint32(12, stored.length, true);
  bytes.set(stored, blockHeadBytes);
  view.setUint32(16, blockChecksum(bytes.subarray(0, blockHeadBytes), stored), true);
  return bytes;
}

/** The last bytes of a file that was closed. */
export function encodeEnd(recordCount: number): Uint8Array {
  const nothing = new Uint8Array(0);
  return encodeBlock({ kind: "end", compression: "none", recordCount, rawBytes: 0 }, nothing);
}

/** @param bytes 20 bytes at `offset` of the file */
export function decodeBlockHead(bytes: Uint8Array, offset: number): BlockHead {
  const view = viewOf(bytes);
  const kind = view.getUint8(0);
  const compression = compressions[view.getUint8(1)];
  const rawBytes = view.getUint32(8, true);
  const storedBytes = view.getUint32(12, true);
  if ((kind !== kinds.records && kind !== kinds.end) || view.getUint16(2, true) !== 0) {
    throw new TraceDamage("no block begins here", offset);
  }
  if (compression === undefined) {
    throw new TraceDamage(`compression ${view.getUint8(1)} is not known here`, offset + 1);
  }
  if (Math.max(rawBytes, storedBytes) > mostBlockBytes) {
    throw new TraceDamage(`a block of more than ${mostBlockBytes} bytes`, offset);
  }
  return {
    kind: kind === kinds.end ? "end" : "records",
    compression,
    recordCount: view.getUint32(4, true),
    rawBytes,
    storedBytes,
    checksum: view.getUint32(16, true),
  };
}

/** What {@link BlockHead.checksum} must be. */
export function blockChecksum(head: Uint8Array, stored: Uint8Array): number {
  return crc32(stored, crc32(head.subarray(0, 16)));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
