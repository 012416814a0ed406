/**
 * Reads a GGUF header from front to back through one small window, so that nothing a header says
 * about sizes can make us allocate: every length is compared with the file before it is used.
 */
import { BadGgufError } from "../support/errors.ts";
import type { WeightFile } from "./weightFile.ts";

const WINDOW_BYTES = 65_536;

/**
 * Longest header we read. Vocabularies of 260,000 pieces with merges take about 15 MB;
 * `@huggingface/gguf` holds at most 50 MB and reads up to 2 MB ahead.
 */
const HEADER_LIMIT_BYTES = 47_000_000;

export class HeaderCursor {
  readonly #file: WeightFile;
  readonly #window: Uint8Array = new Uint8Array(WINDOW_BYTES);
  readonly #view: DataView = new DataView(this.#window.buffer);
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // true: keep it in the text
  #windowStart = 0;
  #windowEnd = 0;
  #position = 0;

  constructor(file: WeightFile) {
    this.#file = file;
  }

  /** Byte offset of what is read next. */
  get position(): number {
    return this.#position;
  }

  /** Bytes between here and the end of the file. */
  get remainingBytes(): number {
    return this.#file.sizeBytes - this.#position;
  }

  /** `what` names the thing for the message if the file ends in it. The same in all readers. */
  u32(what: string): number {
    const value = this.#view.getUint32(this.#load(4, what), true);
    this.#position += 4;
    return value;
  }

  /** An u64 length or count. Above 2^53 it is rounded, but every bound lies far below that. */
  u64(what: string): number {
    const at = this.#load(8, what);
    this.#position += 8;
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  skip(byteLength: number, what: string): void {
    this.#require(byteLength, what);
    this.#position += byteLength;
  }

  /** UTF-8 text of `byteLength` bytes; broken sequences become U+FFFD. */
  text(byteLength: number, what: string): string {
    if (byteLength <= WINDOW_BYTES) {
      const at = this.#load(byteLength, what);
      this.#position += byteLength;
      return this.#decoder.decode(this.#window.subarray(at, at + byteLength));
    }
    this.#require(byteLength, what);
    const bytes = new Uint8Array(byteLength);
    this.#file.readSync(bytes, this.#position);
    this.#position += byteLength;
    return this.#decoder.decode(bytes);
  }

  /** Whether the next three bytes (of a text of `byteLength` bytes) are U+FEFF. */
  atByteOrderMark(byteLength: number, what: string): boolean {
    if (byteLength < 3) return false;
    const at = this.#load(3, what);
    return this.#view.getUint16(at) === 0xefbb && this.#window[at + 2] === 0xbf;
  }

  /** A complaint about what begins at `offset`. */
  bad(reason: string, offset: number): BadGgufError {
    return new BadGgufError(this.#file.name, reason, { offset });
  }

  /** Brings the next `byteLength` (at most a window) bytes in; returns where they lie in it. */
  #load(byteLength: number, what: string): number {
    this.#require(byteLength, what);
    if (this.#position < this.#windowStart || this.#position + byteLength > this.#windowEnd) {
      const bytes = Math.min(WINDOW_BYTES, this.remainingBytes);
      this.#file.readSync(this.#window.subarray(0, bytes), this.#position);
      this.#windowStart = this.#position;
      this.#windowEnd = this.#position + bytes;
    }
    return this.#position - this.#windowStart;
  }

  #require(byteLength: number, what: string): void {
    if (byteLength > this.remainingBytes) {
      throw this.bad(
        `${what} takes ${byteLength} bytes, but the file has only ${this.remainingBytes} left; ` +
          "it is cut short or damaged: download it again",
        this.#position,
      );
    }
    if (this.#position + byteLength > HEADER_LIMIT_BYTES) {
      throw this.bad(
        `the header is longer than ${HEADER_LIMIT_BYTES} bytes, the most that is supported`,
        this.#position,
      );
    }
  }
}
