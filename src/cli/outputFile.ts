/** Files that are written when all is done: whole or not at all, and their paths tried before. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { OptionError, SluiceError } from "../support/errors.ts";
import { systemReason } from "../support/systemReason.ts";

/**
 * A small file that is written last. Once there is something to write, it is written even if the
 * process ends early, because nobody reads its results any more for example.
 */
export class OutputFile implements Disposable {
  readonly #path: string;
  #atExit: (() => void) | undefined;

  /** @throws SluiceError `file-unwritable`; OptionError if it would replace a model */
  constructor(path: string) {
    this.#path = path;
    refuseModel(path);
    orUnwritable(path, () => {
      const unfinished = unfinishedName(targetOf(path));
      closeSync(openSync(unfinished, "w"));
      rmSync(unfinished);
    });
  }

  /** From now on there is something to write. */
  follow(contents: () => string): void {
    this[Symbol.dispose]();
    this.#atExit = () => this.#write(contents());
    process.once("exit", this.#atExit);
  }

  /** Writes what there is, if there is anything. @throws SluiceError `file-unwritable` */
  finish(): void {
    const write = this.#atExit;
    this[Symbol.dispose]();
    write?.();
  }

  /** Gives the writing up. */
  [Symbol.dispose](): void {
    if (this.#atExit !== undefined) process.off("exit", this.#atExit);
    this.#atExit = undefined;
  }

  #write(text: string): void {
    orUnwritable(this.#path, () => {
      const target = targetOf(this.#path);
      const unfinished = unfinishedName(target);
      try {
        const file = openSync(unfinished, "w");
        try {
          writeFileSync(file, text);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(unfinished, target);
      } catch (error) {
        rmSync(unfinished, { force: true });
        throw error;
      }
    });
  }
}

/**
 * Refuses a path that cannot be written, or holds a model, before the work is done. Leaves no file.
 *
 * @throws SluiceError `file-unwritable`; OptionError if it would replace a model
 */
export function checkWritable(path: string): void {
  refuseModel(path);
  orUnwritable(path, () => {
    const found = statSync(path, { throwIfNoEntry: false });
    // To open a pipe would wait for its reader; a folder tells its own reason.
    if (found !== undefined && !found.isFile() && !found.isDirectory()) return;
    closeSync(openSync(path, "a"));
    if (found === undefined) rmSync(path);
  });
}

/** A slip in a command line must not cost a download of hours. */
function refuseModel(path: string): void {
  const start = Buffer.alloc(4);
  try {
    if (!statSync(path).isFile()) return;
    const file = openSync(path, "r");
    try {
      readSync(file, start);
    } finally {
      closeSync(file);
    }
  } catch {
    return; // it is not there, or not ours to read
  }
  if (start.toString("latin1") !== "GGUF") return;
  throw new OptionError(`${path} is a model: it would be overwritten`);
}

/** Where links lead. Anything but a file, such as /dev/null, must not be replaced by one. */
function targetOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  if (!found.isFile()) throw new Error("it is not a regular file");
  return realpathSync(path);
}

function unfinishedName(target: string): string {
  return `${target}.${process.pid}.unfinished`;
}

function orUnwritable(path: string, attempt: () => void): void {
  try {
    attempt();
  } catch (cause) {
    throw new SluiceError("file-unwritable", `cannot write ${path}: ${systemReason(cause)}`, {
      cause,
    });
  }
}
