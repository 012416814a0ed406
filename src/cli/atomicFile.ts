/** A result file that is there whole or not at all: written beside its place, then renamed. */
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { SluiceError } from "../support/errors.ts";
import { systemReason } from "../support/systemReason.ts";

export class AtomicFile implements AsyncDisposable {
  readonly #path: string;
  readonly #target: string;
  readonly #handle: FileHandle;
  #finished = false;

  /** Use `AtomicFile.create`. */
  constructor(path: string, target: string, handle: FileHandle) {
    this.#path = path;
    this.#target = target;
    this.#handle = handle;
  }

  /**
   * Opens the file beside its place, so that a bad path is known before the work and not after.
   *
   * @throws SluiceError `file-unwritable`, as do the other methods
   */
  static async create(path: string): Promise<AtomicFile> {
    return orUnwritable(path, async () => {
      const target = await targetOf(path);
      return new AtomicFile(path, target, await open(unfinishedName(target), "w"));
    });
  }

  async write(part: string | Uint8Array): Promise<void> {
    await orUnwritable(this.#path, () => this.#handle.appendFile(part));
  }

  /** Puts the file in its place. */
  async finish(): Promise<void> {
    await orUnwritable(this.#path, async () => {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(unfinishedName(this.#target), this.#target);
    });
    this.#finished = true;
  }

  /** Removes an unfinished file. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#finished) return;
    await this.#handle.close().catch(() => {});
    await rm(unfinishedName(this.#target), { force: true });
  }
}

/** Where links lead. Anything but a file, such as /dev/null, must not be replaced by one. */
async function targetOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return path;
  if (!found.isFile()) throw new Error("it is not a regular file");
  return realpath(path);
}

function unfinishedName(target: string): string {
  return `${target}.${process.pid}.unfinished`;
}

async function orUnwritable<T>(path: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    throw new SluiceError("file-unwritable", `cannot write ${path}: ${systemReason(cause)}`, {
      cause,
    });
  }
}
