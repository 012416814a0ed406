/** Numbers on the command line, read strictly: "12abc" is no number, nor are "", "1e999" and "1XB". */
import { InvalidArgumentError } from "commander";

export interface Range {
  readonly least?: number;
  readonly most?: number;
}

/** A parser for Commander, which puts the option's name in front of the message. */
export function wholeNumber({
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
}: Range = {}): (text: string) => number {
  const limit = most === Number.MAX_SAFE_INTEGER ? "up" : `to ${most}`;
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} ${limit}.`);
  };
}

/** The same for any finite number. */
export function realNumber({
  least = 0,
  most = Number.MAX_VALUE,
}: Range = {}): (text: string) => number {
  const limit = most === Number.MAX_VALUE ? "up" : `to ${most}`;
  return (text) => {
    const value = Number(text);
    const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
    if (isNumber && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number from ${least} ${limit}.`);
  };
}

/** Token ids between commas: "1,2,3". */
export function tokenList(text: string): readonly number[] {
  const parts = text.split(",").map((part) => part.trim());
  const tokens = parts.map(Number);
  if (parts.every((part) => /^\d+$/.test(part)) && tokens.every(Number.isSafeInteger))
    return tokens;
  throw new InvalidArgumentError('It must be token ids with commas between them, such as "1,2,3".');
}

/** Any file's name but an empty one, which the system would only call "not there". */
export function filePath(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must name a file.");
}

/** The place of a letter is the power of 1024 that it stands for; in "KB" and its like, of 1000. */
const magnitudes = " KMGT";

/**
 * Bytes: "8GiB", "512 MiB", "4G", "1.5g" or "1048576". As in GNU coreutils, K, M, G, T and KiB to TiB
 * are powers of 1024, KB to TB are powers of 1000.
 *
 * @param word may stand in place of the bytes
 */
export function byteCount<Word extends string = never>({
  least = 0,
  word,
}: {
  readonly least?: number;
  readonly word?: Word;
} = {}): (text: string) => number | Word {
  return (text) => {
    if (word !== undefined && text.toLowerCase() === word) return word;
    const [, digits = "", letter = " ", suffix = ""] =
      /^(\d+\.?\d*|\.\d+) ?(?:([kmgt])(ib|b)?|b)?$/i.exec(text) ?? [];
    const base = suffix.toLowerCase() === "b" ? 1000 : 1024;
    const bytes = Math.floor(Number(digits) * base ** magnitudes.indexOf(letter.toUpperCase()));
    if (digits !== "" && bytes >= least && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
    throw new InvalidArgumentError(
      `It must be ${word === undefined ? "" : `${word} or `}a number of bytes${least === 0 ? "" : ` from ${least} up`}, such as 8GiB, 512MiB or 4G.`,
    );
  };
}
