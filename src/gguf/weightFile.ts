/**
 * One open file of weights: positioned reads straight into the caller's memory.
 *
 * There is no mapping and no cache of our own: the operating system's page cache is the cache, and
 * the target may lie in the shared memory that the compute threads see.
 *
 * A file may be written to while a model uses it. So after each asynchronous read its size and time
 * of change are compared with those it was opened with (2 microseconds), and half old, half new
 * weights are an error instead of a wrong answer. One that is replaced by another of the same name
 * stays readable as long as it is open.
 */
import { type BigIntStats, fstatSync, readSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { BadGgufError, SluiceError } from "../support/errors.ts";

/** One read call is kept below what Linux does at once (2 GiB less a page). */
const READ_CALL_BYTES = 2 ** 30;

export class WeightFile implements AsyncDisposable {
  readonly path: string;
  /** The last part of the path, for messages. */
  readonly name: string;
  /** Size when the file was opened. */
  readonly sizeBytes: number;
  readonly #handle: FileHandle;
  readonly #asOpened: BigIntStats;
  #closing: Promise<void> | undefined;

  constructor(path: string, handle: FileHandle, asOpened: BigIntStats) {
    this.path = path;
    this.name = basename(path);
    this.sizeBytes = Number(asOpened.size);
    this.#handle = handle;
    this.#asOpened = asOpened;
  }

  /**
   * Fills the whole target with the bytes from `position` on.
   * Throws `BadGgufError` when the file ends before that or was changed since it was opened,
   * `SluiceError` `"closed"` after disposal and `"file-unreadable"` when the system cannot read.
   */
  async read(target: Uint8Array, position: number): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      this.#requireOpen();
      const length = Math.min(target.length - filled, READ_CALL_BYTES);
      const { bytesRead } = await this.#handle
        .read(target, filled, length, position + filled)
        .catch((cause: unknown) => {
          throw unreadable(this.path, cause);
        });
      if (bytesRead === 0) throw this.#endedEarly(position + filled);
      filled += bytesRead;
    }
    this.#refuseIfChanged();
  }

  /** The same without a turn of the event loop, for the many small reads of a header. */
  readSync(target: Uint8Array, position: number): void {
    let filled = 0;
    while (filled < target.length) {
      this.#requireOpen();
      const bytesRead = this.#readOnceSync(target, filled, position + filled);
      if (bytesRead === 0) throw this.#endedEarly(position + filled);
      filled += bytesRead;
    }
  }

  /** Waits for reads under way, then closes. A second call waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#handle.close();
    return this.#closing;
  }

  #readOnceSync(target: Uint8Array, filled: number, position: number): number {
    try {
      return readSync(this.#handle.fd, target, filled, target.length - filled, position);
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new SluiceError("closed", `${this.name} is closed`);
  }

  /** After a read, so that what was read is known to be of the file that was opened. */
  #refuseIfChanged(): void {
    if (this.#closing !== undefined) return; // the handle may be gone; nobody will use these bytes
    const { size, mtimeNs } = fstatSync(this.#handle.fd, { bigint: true });
    if (size === this.#asOpened.size && mtimeNs === this.#asOpened.mtimeNs) return;
    throw new BadGgufError(
      this.name,
      "the file was changed while it was open; open the model anew",
    );
  }

  #endedEarly(position: number): BadGgufError {
    return new BadGgufError(this.name, "the file ended here; was it changed while it was open?", {
      offset: position,
    });
  }
}

/** Opens a regular file for reading. Throws `SluiceError` `"file-unreadable"`, saying why not. */
export async function openWeightFile(path: string): Promise<WeightFile> {
  try {
    // Looked at before it is opened: opening a named pipe would wait for its writer.
    const found = await stat(path);
    if (found.isDirectory()) {
      throw new SluiceError("file-unreadable", `${path} is a directory; name a .gguf file in it`);
    }
    if (!found.isFile()) {
      throw new SluiceError("file-unreadable", `${path} is not a regular file`);
    }
    await using opened = new AsyncDisposableStack();
    const handle = opened.use(await open(path, "r"));
    const file = new WeightFile(path, handle, await handle.stat({ bigint: true }));
    opened.move(); // from here on it is the caller's
    return file;
  } catch (cause) {
    throw cause instanceof SluiceError ? cause : unreadable(path, cause);
  }
}

const systemReasons = new Map([
  ["ENOENT", "there is no such file"],
  ["ENOTDIR", "there is no such file"],
  ["EACCES", "no permission to read it"],
  ["EPERM", "no permission to read it"],
  ["EMFILE", "too many files are open"],
]);

function unreadable(path: string, cause: unknown): SluiceError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const reason = systemReasons.get(code) ?? `it cannot be read (${code})`;
  return new SluiceError("file-unreadable", `${path}: ${reason}`, { cause });
}
