/** Texts that commands are given: as an argument, in a file, or on stdin. */
import { createReadStream } from "node:fs";
import { SluiceError } from "../support/errors.ts";
import { systemReason } from "../support/systemReason.ts";

/** What stands for stdin. */
const stdinName = "-";

export interface TextSource {
  /** The text itself; "-" is stdin. */
  readonly text?: string | undefined;
  /** A file's path; "-" is stdin. */
  readonly file?: string | undefined;
  /** Ends the waiting for stdin. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The text, not a byte changed.
 *
 * @returns `undefined` if the source names none
 * @throws SluiceError `file-unreadable`, also for a file that is no UTF-8; `aborted`
 */
export async function readText({ text, file, signal }: TextSource): Promise<string | undefined> {
  if (text === stdinName || file === stdinName) return readUtf8("stdin", process.stdin, signal);
  if (file === undefined) return text;
  return readUtf8(file, createReadStream(file), signal);
}

async function readUtf8(
  name: string,
  stream: NodeJS.ReadableStream & { destroy(): void },
  signal: AbortSignal | undefined,
): Promise<string> {
  const stop = () => stream.destroy();
  signal?.addEventListener("abort", stop);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    // A byte order mark is a character of the text like any other.
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(Buffer.concat(chunks));
  } catch (cause) {
    if (signal?.aborted) throw new SluiceError("aborted", "reading was cancelled", { cause });
    const reason = cause instanceof TypeError ? "it is not UTF-8 text" : systemReason(cause);
    throw new SluiceError("file-unreadable", `cannot read ${name}: ${reason}`, { cause });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
