/** A trace file's bytes, made piece by piece: what the recorder and the converter have in common. */
import { BadTraceError } from "../../support/errors.ts";
import { headerFault, recordFault } from "../recordCheck.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import type { TraceSource } from "../traceSource.ts";
import { type Compression, compress } from "./compression.ts";
import { encodeBlock, encodeEnd, encodePreamble } from "./fileLayout.ts";
import { RecordEncoder } from "./recordEncoder.ts";

/** A block is finished when its records take this much. */
export const usualBlockBytes: number = 64 * 1024;

export class TraceBlocks {
  readonly #header: TraceHeader;
  readonly #compression: Compression;
  readonly #encoder: RecordEncoder;
  #sealedCount = 0;

  /** @throws BadTraceError if no trace can have this header */
  constructor(header: TraceHeader, compression: Compression) {
    const fault = headerFault(header);
    if (fault !== undefined) throw new BadTraceError(`header: ${fault}`);
    this.#header = header;
    this.#compression = compression;
    this.#encoder = new RecordEncoder(header);
  }

  /** Records in sealed blocks. */
  get sealedCount(): number {
    return this.#sealedCount;
  }

  /** Records added since the last block was sealed. */
  get pendingCount(): number {
    return this.#encoder.recordCount;
  }

  /** Bytes of those, not yet packed. */
  get pendingBytes(): number {
    return this.#encoder.bytes.length;
  }

  preamble(): Uint8Array {
    return encodePreamble(this.#header);
  }

  /** @throws BadTraceError if the record contradicts the header; nothing of it is added then */
  add(record: TraceRecord): void {
    const fault = recordFault(this.#header, record) ?? this.#encoder.sizeFault(record);
    if (fault !== undefined) {
      throw new BadTraceError(`record ${this.#sealedCount + this.pendingCount}: ${fault}`);
    }
    this.#encoder.add(record);
  }

  /** The pending records as a block of their own; empty if there are none. */
  seal(): Uint8Array {
    const { bytes, recordCount } = this.#encoder;
    if (recordCount === 0) return new Uint8Array(0);
    const compression = this.#compression;
    const head = { kind: "records", compression, recordCount, rawBytes: bytes.length } as const;
    const block = encodeBlock(head, compress(bytes, compression));
    this.#encoder.clear();
    this.#sealedCount += recordCount;
    return block;
  }

  /** What comes after the last block. */
  end(): Uint8Array {
    return encodeEnd(this.#sealedCount);
  }
}

/** The bytes of a `.trace` file with all records of `source`. */
export async function* traceFileBytes(
  source: TraceSource,
  compression: Compression,
): AsyncGenerator<Uint8Array, void, undefined> {
  const blocks = new TraceBlocks(source.header, compression);
  yield blocks.preamble();
  for await (const record of source.records()) {
    blocks.add(record);
    if (blocks.pendingBytes >= usualBlockBytes) yield blocks.seal();
  }
  yield blocks.seal();
  yield blocks.end();
}
