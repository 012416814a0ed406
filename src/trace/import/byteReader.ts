/**
 * Reads a file from front to back without holding more of it than was asked for. A file that is
 * packed as a whole with gzip or zstd is unpacked on the way; offsets then count unpacked bytes.
 */
import { type FileHandle, open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { SluiceError } from "../../support/errors.ts";
import { systemReason } from "../../support/systemReason.ts";
import { TraceDamage } from "../traceSource.ts";

const CHUNK_BYTES = 64 * 1024;
/** Longer than any record as text; a file that is one endless line must not fill the memory. */
const MOST_LINE_BYTES = 64 * 2 ** 20;
const NEWLINE = 10;

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Byte offset of its first character. */
  readonly offset: number;
  /** Without the line's end. */
  readonly text: string;
}

export class ByteReader implements AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  #chunks: AsyncIterator<Uint8Array>;
  #pending: Uint8Array = new Uint8Array(0);
  #offset = 0;

  /** Use `ByteReader.open`. */
  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
    this.#chunks = chunksOf(path, handle);
  }

  /** @throws SluiceError `file-unreadable` */
  static async open(path: string): Promise<ByteReader> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path);
      const reader = new ByteReader(path, handle);
      await reader.#unpack();
      return reader;
    } catch (cause) {
      await handle?.close();
      throw unreadable(path, cause);
    }
  }

  /** Where the next byte comes from. */
  get offset(): number {
    return this.#offset;
  }

  /** The next bytes, fewer only at the file's end, without going past them. */
  async peek(count: number): Promise<Uint8Array> {
    await this.#fill(count);
    return this.#pending.subarray(0, count);
  }

  /** The next bytes, fewer only at the file's end. The length is not believed: memory follows the data. */
  async read(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count);
    this.#pending = this.#pending.subarray(bytes.length);
    this.#offset += bytes.length;
    return bytes;
  }

  /** The rest of the file as UTF-8 text, line by line. */
  async *lines(): AsyncGenerator<Line, void, undefined> {
    let number = 1;
    let offset = this.#offset;
    let unfinished: Uint8Array[] = [];
    let unfinishedBytes = 0;
    for (;;) {
      const bytes = await this.#readSome();
      const end = bytes.length === 0 ? 0 : bytes.lastIndexOf(NEWLINE) + 1;
      if (bytes.length > 0 && end === 0) {
        unfinished.push(bytes);
        unfinishedBytes += bytes.length;
        if (unfinishedBytes > MOST_LINE_BYTES) throw new TraceDamage("a line has no end", offset);
        continue;
      }
      const whole = Buffer.concat([...unfinished, bytes.subarray(0, end)]).toString("utf8");
      if (whole !== "") {
        const texts = whole.split("\n");
        if (end > 0) texts.pop(); // the empty rest behind the last line's end
        for (const text of texts) {
          yield { number, offset, text: text.endsWith("\r") ? text.slice(0, -1) : text };
          number++;
          offset += Buffer.byteLength(text) + 1;
        }
      }
      if (bytes.length === 0) return;
      unfinished = [bytes.subarray(end)];
      unfinishedBytes = bytes.length - end;
    }
  }

  /** Closes the file; may be called more than once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
    await this.#handle.close();
  }

  /** The next bytes as they come; empty at the file's end. */
  async #readSome(): Promise<Uint8Array> {
    if (this.#pending.length === 0) await this.#fill(1);
    return this.read(this.#pending.length);
  }

  async #fill(count: number): Promise<void> {
    const parts = [this.#pending];
    let length = this.#pending.length;
    try {
      while (length < count) {
        const { value, done } = await this.#chunks.next();
        if (done) break;
        parts.push(value);
        length += value.length;
      }
    } finally {
      if (parts.length > 1) this.#pending = Buffer.concat(parts);
    }
  }

  async #unpack(): Promise<void> {
    const [a, b, c, d] = await this.peek(4);
    const isGzip = a === 0x1f && b === 0x8b;
    const isZstd = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
    if (!isGzip && !isZstd) return;
    const packed = concatenated(this.#pending, this.#chunks);
    this.#chunks = unpackedChunks(packed, isGzip ? "gzip" : "zstd");
    this.#pending = new Uint8Array(0);
  }
}

async function* chunksOf(path: string, handle: FileHandle): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await handle.read(chunk).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
  }
}

async function* concatenated(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* unpackedChunks(
  packed: AsyncGenerator<Uint8Array, void>,
  packing: "gzip" | "zstd",
): AsyncGenerator<Uint8Array, void> {
  const unpacker = packing === "gzip" ? createGunzip() : createZstdDecompress();
  // Errors reach us through the iteration below.
  pipeline(Readable.from(packed), unpacker, () => {});
  try {
    yield* unpacker as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new TraceDamage(`the file's ${packing} packing is damaged or cut off`, undefined, {
      cause,
    });
  } finally {
    unpacker.destroy();
  }
}

function unreadable(path: string, cause: unknown): unknown {
  if (cause instanceof SluiceError || cause instanceof TraceDamage) return cause;
  const reason = systemReason(cause);
  return new SluiceError("file-unreadable", `cannot read ${path}: ${reason}`, { cause });
}
