/**
 * Records as bytes. A record is a byte of marks, then sequence, position, layer and number of tokens
 * (LEB128) unless the marks say that they follow from the record before it in the same block, then
 * the experts (one byte each, two if a layer has more than 256), then weights, logits and lookahead
 * as f32. One decode step in one layer of a top-8 model takes 9 bytes, with weights 41.
 */
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import { mostBlockBytes } from "./fileLayout.ts";

/** Bits of a record's first byte; all others are 0. */
export const marks = { decode: 1, lookahead: 2, follows: 4 } as const;

/** Marks and four numbers of up to five bytes. */
const MOST_HEAD_BYTES = 21;

/** What {@link follows} looks at. */
export type RecordPlace = Pick<TraceRecord, "sequence" | "phase" | "position" | "layer" | "tokens">;

/** Whether a record is the very next one of an ordinary trace: next layer, or next token. */
function follows(
  { layerCount }: TraceHeader,
  previous: RecordPlace | undefined,
  next: RecordPlace,
): boolean {
  if (
    previous === undefined ||
    next.sequence !== previous.sequence ||
    next.phase !== previous.phase ||
    next.tokens !== previous.tokens
  ) {
    return false;
  }
  const wraps = previous.layer === layerCount - 1;
  return wraps
    ? next.layer === 0 && next.position === previous.position + previous.tokens
    : next.layer === previous.layer + 1 && next.position === previous.position;
}

/** Bytes of everything behind a record's head, for one token in one layer. */
export function rowBytes(header: TraceHeader): number {
  const { expertsPerToken, expertsPerLayer, hasWeights, hasLogits } = header;
  const perExpert = idBytes(header) + (hasWeights ? 4 : 0);
  return expertsPerToken * perExpert + (hasLogits ? expertsPerLayer * 4 : 0);
}

export function idBytes({ expertsPerLayer }: TraceHeader): 1 | 2 {
  return expertsPerLayer <= 256 ? 1 : 2;
}

/** Appends records to a buffer that it owns; allocates only when the buffer has to grow. */
export class RecordEncoder {
  readonly #header: TraceHeader;
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #count = 0;
  #previous: RecordPlace | undefined;

  constructor(header: TraceHeader) {
    this.#header = header;
  }

  /** Bytes of the records since the last {@link clear}. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get recordCount(): number {
    return this.#count;
  }

  /** Why the record cannot be written, or `undefined`. */
  sizeFault(record: TraceRecord): string | undefined {
    const bytes = this.#mostBytes(record);
    return bytes <= mostBlockBytes
      ? undefined
      : `a pass of ${record.tokens} tokens takes ${bytes} bytes, at most ${mostBlockBytes} fit into a block`;
  }

  /** Appends a record that was checked. */
  add(record: TraceRecord): void {
    this.#makeRoom(this.#mostBytes(record));
    this.#addHead(record);
    this.#addExperts(record.experts);
    this.#addFloats(record.weights);
    this.#addFloats(record.logits);
    this.#addFloats(record.lookahead);
    this.#count++;
    const { sequence, phase, position, layer, tokens } = record;
    this.#previous = { sequence, phase, position, layer, tokens };
  }

  /** Begins a new block. */
  clear(): void {
    this.#length = 0;
    this.#count = 0;
    this.#previous = undefined;
  }

  #addHead(record: TraceRecord): void {
    const isNext = follows(this.#header, this.#previous, record);
    this.#bytes[this.#length++] =
      (record.phase === "decode" ? marks.decode : 0) |
      (record.lookahead ? marks.lookahead : 0) |
      (isNext ? marks.follows : 0);
    if (isNext) return;
    this.#addNumber(record.sequence);
    this.#addNumber(record.position);
    this.#addNumber(record.layer);
    this.#addNumber(record.tokens);
  }

  /** LEB128: seven bits a byte, lowest first, the eighth says that more follow. */
  #addNumber(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 0x80); // numbers have 32 bits, `>>` is signed
    }
    this.#bytes[this.#length++] = rest;
  }

  #addExperts(experts: Uint16Array): void {
    if (idBytes(this.#header) === 1) {
      this.#bytes.set(experts, this.#length);
      this.#length += experts.length;
      return;
    }
    for (const expert of experts) {
      this.#view.setUint16(this.#length, expert, true);
      this.#length += 2;
    }
  }

  #addFloats(values: Float32Array | undefined): void {
    if (values === undefined) return;
    for (const value of values) {
      this.#view.setFloat32(this.#length, value, true);
      this.#length += 4;
    }
  }

  #mostBytes({ tokens, lookahead }: TraceRecord): number {
    return MOST_HEAD_BYTES + tokens * rowBytes(this.#header) + (lookahead?.length ?? 0) * 4;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + bytes, this.#bytes.length * 2));
    grown.set(this.bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
