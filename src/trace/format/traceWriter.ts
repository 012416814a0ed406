/**
 * Writes a trace while it happens. Records are gathered into blocks that are written whole, at the
 * latest a quarter of a second after their first record: whenever the process is killed, the file
 * holds all records but those of its last moments, and can be read.
 *
 * Writing must not end the work that is recorded. If it fails, the writer says so once, lets go of
 * the file and ignores what comes after; `failure` tells who wants to know.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { SluiceError } from "../../support/errors.ts";
import { systemReason } from "../../support/systemReason.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import type { Compression } from "./compression.ts";
import { TraceBlocks, usualBlockBytes } from "./traceBlocks.ts";

export interface TraceWriterOptions {
  /** How each block is packed. @default "none" */
  readonly compression?: Compression;
  /** A block is written when its records take this many bytes unpacked. @default 65536 */
  readonly blockBytes?: number;
  /** And at the latest when its first record is this old. @default 250 */
  readonly blockAgeMs?: number;
}

const defaults = {
  compression: "none",
  blockBytes: usualBlockBytes,
  blockAgeMs: 250,
} as const satisfies TraceWriterOptions;

export class TraceWriter implements Disposable {
  readonly path: string;
  readonly header: TraceHeader;
  readonly #options: Required<TraceWriterOptions>;
  readonly #blocks: TraceBlocks;
  /** `undefined` once the file is closed. */
  #file: number | undefined;
  #fileBytes = 0;
  #keptCount = 0;
  #pendingSince = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: SluiceError | undefined;
  #isFailureSaid = false;

  /**
   * Creates the file, or empties it, and writes the header: from now on it can be read.
   *
   * @throws BadTraceError if no trace can have this header
   * @throws SluiceError `file-unwritable`
   */
  constructor(path: string, header: TraceHeader, options: TraceWriterOptions = {}) {
    this.path = path;
    this.header = header;
    this.#options = { ...defaults, ...options };
    this.#blocks = new TraceBlocks(header, this.#options.compression);
    try {
      this.#file = openSync(path, "w");
    } catch (cause) {
      throw new SluiceError("file-unwritable", `cannot write ${path}: ${systemReason(cause)}`, {
        cause,
      });
    }
    this.#write(this.#blocks.preamble());
    this.#sayFailure();
  }

  /** Records that were taken; after a failure, those that the file holds. */
  get recordCount(): number {
    return this.#failure ? this.#keptCount : this.#keptCount + this.#blocks.pendingCount;
  }

  /** Bytes in the file. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** Why nothing is written any more. */
  get failure(): SluiceError | undefined {
    return this.#failure;
  }

  /**
   * Copies the record's values. After a failure that was thrown before, it does nothing.
   *
   * @throws SluiceError `file-unwritable`, once in the writer's life; `closed`
   * @throws BadTraceError if the record contradicts the header; it is left out, others may follow
   */
  add(record: TraceRecord): void {
    this.#sayFailure();
    if (this.#failure) return;
    if (this.#file === undefined) throw new SluiceError("closed", `${this.path} is closed`);
    this.#blocks.add(record);
    if (this.#blocks.pendingCount === 1) this.#startWaiting();
    const age = performance.now() - this.#pendingSince;
    if (this.#blocks.pendingBytes >= this.#options.blockBytes || age >= this.#options.blockAgeMs) {
      this.flush();
    }
  }

  /** Writes the records that wait. @throws SluiceError `file-unwritable`, as {@link add} does */
  flush(): void {
    this.#writeBlock();
    this.#sayFailure();
  }

  /**
   * Writes what waits and the mark of the end, and closes the file; more calls do nothing.
   *
   * @throws SluiceError `file-unwritable` if that fails, or failed earlier and was not thrown yet
   */
  close(): void {
    this.#writeBlock();
    if (this.#file !== undefined) this.#write(this.#blocks.end());
    this.#closeFile();
    this.#sayFailure();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #startWaiting(): void {
    this.#pendingSince = performance.now();
    // For when the next record is long in coming. It must not keep a finished program alive.
    this.#timer = setTimeout(() => this.#writeBlock(), this.#options.blockAgeMs).unref();
  }

  #writeBlock(): void {
    clearTimeout(this.#timer);
    if (this.#file === undefined) return;
    this.#write(this.#blocks.seal());
    if (this.#failure === undefined) this.#keptCount = this.#blocks.sealedCount;
  }

  /** All of the bytes or, as far as the file lets itself be cut back, none of them. */
  #write(bytes: Uint8Array): void {
    const file = this.#file;
    if (file === undefined) return;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      this.#fileBytes += bytes.length;
    } catch (cause) {
      const kept = `its first ${this.#keptCount} records are kept`;
      this.#failure = new SluiceError(
        "file-unwritable",
        `cannot write ${this.path}: ${systemReason(cause)}; ${kept}`,
        { cause },
      );
      try {
        ftruncateSync(file, this.#fileBytes);
      } catch {
        // Half a block at the end is damage that readers know.
      }
      this.#closeFile();
    }
  }

  #closeFile(): void {
    clearTimeout(this.#timer);
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      closeSync(file);
    } catch (cause) {
      // Network file systems tell of a full disk only now.
      this.#failure ??= new SluiceError(
        "file-unwritable",
        `cannot write ${this.path}: ${systemReason(cause)}`,
        { cause },
      );
    }
  }

  #sayFailure(): void {
    if (this.#failure === undefined || this.#isFailureSaid) return;
    this.#isFailureSaid = true;
    throw this.#failure;
  }
}
