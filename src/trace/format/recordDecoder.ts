/** The records of one block, from the bytes that `RecordEncoder` wrote. */
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import { TraceDamage } from "../traceSource.ts";
import { idBytes, marks, type RecordPlace, rowBytes } from "./recordEncoder.ts";

/**
 * Yields the records one by one. Their values are checked by the caller; here only what could
 * overrun the block.
 *
 * @param bytes unpacked
 * @throws TraceDamage without an offset: the block's place in the file is the caller's knowledge
 */
export function* decodeRecords(
  header: TraceHeader,
  bytes: Uint8Array,
  recordCount: number,
): Generator<TraceRecord, void, undefined> {
  const cursor = new BlockCursor(bytes);
  let previous: RecordPlace | undefined;
  for (let index = 0; index < recordCount; index++) {
    const mark = cursor.byte();
    if (mark > (marks.decode | marks.lookahead | marks.follows)) {
      throw new TraceDamage(`record ${index} of the block has the unknown marks ${mark}`);
    }
    const place = decodePlace(header, cursor, mark, previous);
    const { expertsPerToken, expertsPerLayer, hasWeights, hasLogits } = header;
    const lookaheadBytes = mark & marks.lookahead ? expertsPerLayer * 4 : 0;
    // Before anything is allocated for a number of tokens that a file claims.
    cursor.expect(place.tokens * rowBytes(header) + lookaheadBytes);
    previous = place;
    const ids = place.tokens * expertsPerToken;
    yield {
      ...place,
      experts: idBytes(header) === 1 ? cursor.bytes(ids) : cursor.words(ids),
      ...(hasWeights && { weights: cursor.floats(ids) }),
      ...(hasLogits && { logits: cursor.floats(place.tokens * expertsPerLayer) }),
      ...(lookaheadBytes > 0 && { lookahead: cursor.floats(expertsPerLayer) }),
    };
  }
  if (cursor.left > 0) throw new TraceDamage(`${cursor.left} bytes too many in the block`);
}

function decodePlace(
  { layerCount }: TraceHeader,
  cursor: BlockCursor,
  mark: number,
  previous: RecordPlace | undefined,
): RecordPlace {
  const phase = mark & marks.decode ? "decode" : "prefill";
  if ((mark & marks.follows) === 0) {
    const sequence = cursor.number();
    const position = cursor.number();
    const layer = cursor.number();
    return { sequence, phase, position, layer, tokens: cursor.number() };
  }
  if (previous === undefined) throw new TraceDamage("the block's first record follows no other");
  const { sequence, position, layer, tokens } = previous;
  if (layer < layerCount - 1) return { sequence, phase, position, layer: layer + 1, tokens };
  return { sequence, phase, position: position + tokens, layer: 0, tokens };
}

class BlockCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  expect(count: number): void {
    if (count > this.left) throw new TraceDamage("a record goes past its block's end");
  }

  byte(): number {
    this.expect(1);
    return this.#bytes[this.#at++] as number;
  }

  /** LEB128 of at most 32 bits. */
  number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 2 ** 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new TraceDamage("a number of more than five bytes");
  }

  bytes(count: number): Uint16Array {
    const values = Uint16Array.from(this.#bytes.subarray(this.#at, this.#at + count));
    this.#at += count;
    return values;
  }

  words(count: number): Uint16Array {
    const values = new Uint16Array(count);
    for (let index = 0; index < count; index++, this.#at += 2) {
      values[index] = this.#view.getUint16(this.#at, true);
    }
    return values;
  }

  floats(count: number): Float32Array {
    const values = new Float32Array(count);
    for (let index = 0; index < count; index++, this.#at += 4) {
      values[index] = this.#view.getFloat32(this.#at, true);
    }
    return values;
  }
}
