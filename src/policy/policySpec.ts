/**
 * Policies as text, as a command line or a settings file names them: `lru`,
 * `slru:protected=0.8,fill=pooled`, `per-layer(sieve)`, `per-layer(lfu-decay:halfLife=32):weights=2/1`.
 *
 *     spec       = name [ "(" spec ")" ] [ ":" parameter { "," parameter } ]
 *     parameter  = key "=" value
 */
import { OptionError } from "../support/errors.ts";

export interface PolicySpec {
  readonly name: string;
  /** The text between the parentheses, if there are any. */
  readonly inner: string | undefined;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Takes a spec apart, without asking whether such a policy exists. Throws OptionError. */
export function parsePolicySpec(text: string): PolicySpec {
  const name = /^[\w-]*/.exec(text)![0];
  let rest = text.slice(name.length);
  let inner: string | undefined;
  if (rest.startsWith("(")) {
    const end = closingParenthesis(rest);
    if (end === -1) throw new OptionError(`policy "${text}": the parenthesis is never closed`);
    inner = rest.slice(1, end);
    rest = rest.slice(end + 1);
  }
  if (name === "" || (rest !== "" && !rest.startsWith(":"))) {
    throw new OptionError(`policy "${text}" is not of the form name:key=value,key=value`);
  }
  const parameters = new Map<string, string>();
  for (const parameter of rest === "" ? [] : rest.slice(1).split(",")) {
    const [, key, value] = /^(\w+)=(.+)$/.exec(parameter) ?? [];
    if (key === undefined || value === undefined) {
      throw new OptionError(`policy "${text}": "${parameter}" is not of the form key=value`);
    }
    if (parameters.has(key)) throw new OptionError(`policy "${text}" gives ${key} twice`);
    parameters.set(key, value);
  }
  return { name, inner, parameters };
}

/** The index of the parenthesis that closes the one at 0, or -1. */
function closingParenthesis(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i;
  }
  return -1;
}

/** Reads one parameter's value; `undefined` if the text is none. */
export interface ParameterReader<Value> {
  /** What values there are, for people. */
  readonly values: string;
  read(text: string): Value | undefined;
}

/** Numbers from `least` to `most`, ends included. */
export function numberBetween(least: number, most: number): ParameterReader<number> {
  const values =
    most === Number.POSITIVE_INFINITY ? `a number from ${least} on` : `${least} to ${most}`;
  return {
    values,
    read: (text) => {
      const value = Number(text);
      return value >= least && value <= most ? value : undefined;
    },
  };
}

/** One of a few words. */
export function oneOf<Word extends string>(...words: readonly Word[]): ParameterReader<Word> {
  return { values: words.join(" or "), read: (text) => words.find((word) => word === text) };
}

/** Numbers with slashes between them. */
export function numberList(): ParameterReader<readonly number[]> {
  return {
    values: "numbers with / between them",
    read: (text) => {
      const numbers = text.split("/").map(Number);
      return numbers.some(Number.isNaN) ? undefined : numbers;
    },
  };
}
