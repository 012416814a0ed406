/** Numbers on the command line, read strictly: "12abc" is no number, nor are "" and "1e999". */
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
