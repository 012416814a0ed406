/** Where words go: results to stdout, everything else to stderr. */
import { once } from "node:events";
import { styleText } from "node:util";
import { systemReason } from "../support/systemReason.ts";

/**
 * Ends the program when nobody takes its results any more: without a word if the reader has gone
 * (`sluice run | head -1`), with one if they cannot be written, as on a full disk.
 */
export function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    note(`sluice: cannot write the results: ${systemReason(error)}`);
    process.exit(1);
  });
  // Nobody is left to be told.
  process.stderr.on("error", () => {});
}

/** Writes text as it is; waits while the reader is slower than we are. */
export async function writeResult(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

/**
 * Writes text from a model: as it is, but on a terminal without what would steer the terminal.
 *
 * @param style how a terminal with colours shows it
 */
export async function writeModelText(text: string, style?: "dim"): Promise<void> {
  const shown = process.stdout.isTTY ? printable(text, /[^\P{Cc}\n\t]/gu) : text;
  const { stdout } = process;
  await writeResult(style === undefined ? shown : styleText(style, shown, { stream: stdout }));
}

/** One value as JSON on one line; what is `undefined` becomes null, so that every key is there. */
export async function writeJson(value: unknown): Promise<void> {
  await writeResult(jsonText(value));
}

/** The line that `writeJson` writes. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (part === undefined ? null : part));
  return `${text}\n`;
}

/** A line on stderr. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A line on stderr that is read only by who looks for it: dim on a terminal that has colours. */
export function aside(line: string): void {
  note(styleText("dim", line, { stream: process.stderr }));
}

/** A line on the terminal that says what is being done; gone when disposed of. Silent elsewhere. */
export function showProgress(): Disposable & { update(text: string): void } {
  const write = (text: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  return { update: write, [Symbol.dispose]: () => write("") };
}

/** Text from a file on one line: line ends and escape sequences in it become visible. */
export function printable(text: string, unwanted: RegExp = /\p{Cc}/gu): string {
  return text.replace(unwanted, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** A heading of the results: bold on a terminal that has colours. */
export function heading(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}
