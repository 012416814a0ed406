/**
 * Regular expressions of JSON Schema's `pattern` to GBNF, as far as they are regular: characters,
 * classes, groups, alternatives, repetitions, and `^` and `$` at the ends of alternatives.
 *
 * What the pattern says about the string's characters has to be said about their spelling in JSON,
 * where quotes, backslashes and control characters have escapes.
 *
 * Source: ECMA-262, "Patterns", with the flag u.
 */
import {
  anyCharacter,
  type CharacterRange,
  type CharacterSet,
  characterSet,
  charactersOf,
  complement,
  intersection,
} from "./characterSet.ts";
import { choiceText, literalText, setText } from "./gbnfText.ts";
import type { GrammarWriter } from "./grammarWriter.ts";
import { schemaError } from "./schemaKeywords.ts";

const digits = characterSet([[0x30, 0x39]]);
const wordCharacters = characterSet([...digits, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]);
const spaces = charactersOf(
  "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
);
const lineEnds = charactersOf("\n\r\u2028\u2029");

const escapedSets: Readonly<Record<string, CharacterSet>> = {
  d: digits,
  D: complement(digits),
  w: wordCharacters,
  W: complement(wordCharacters),
  s: spaces,
  S: complement(spaces),
};
const escapedControls: Readonly<Record<string, number>> = {
  n: 10,
  r: 13,
  t: 9,
  f: 12,
  v: 11,
  0: 0,
};

/** Parentheses within parentheses. */
const DEEPEST_NESTING = 100;

/** The contents of a JSON string (without its quotes) in which the pattern is found. */
export function patternText(pattern: string, path: string, writer: GrammarWriter): string {
  return new PatternParser(pattern, path, writer).whole();
}

class PatternParser {
  readonly #pattern: string;
  readonly #path: string;
  readonly #writer: GrammarWriter;
  #offset = 0;
  #depth = 0;

  constructor(pattern: string, path: string, writer: GrammarWriter) {
    this.#pattern = pattern;
    this.#path = path;
    this.#writer = writer;
  }

  /** Where an alternative is not held to an end of the string, anything may stand there. */
  whole(): string {
    const options: string[] = [];
    do {
      const before = this.#take(/\^/y) === undefined ? `${this.#writer.json("char")}* ` : "";
      const middle = this.#sequence();
      const after = this.#take(/\$/y) === undefined ? ` ${this.#writer.json("char")}*` : "";
      options.push(before + middle + after);
    } while (this.#take(/\|/y) !== undefined);
    if (this.#offset < this.#pattern.length) this.#refuse();
    return `(${options.join(" | ")})`;
  }

  #sequence(): string {
    const parts: string[] = [];
    for (;;) {
      const atom = this.#atom();
      if (atom === undefined) return parts.length === 0 ? '""' : parts.join(" ");
      parts.push(this.#repeated(atom));
    }
  }

  #repeated(atom: string): string {
    const sign = this.#take(/[*+?]|\{\d+(?:,\d*)?\}/y);
    if (sign === undefined) return atom;
    this.#take(/\?/y); // few or many first: all the same texts
    return atom + sign;
  }

  #atom(): string | undefined {
    const next = this.#pattern[this.#offset];
    if (next === undefined || "|)$".includes(next)) return undefined;
    if (next === "(") return this.#group();
    if (next === "[") return inJson(this.#class());
    if (this.#take(/\./y) !== undefined) return inJson(complement(lineEnds));
    if ("^*+?{}]".includes(next)) this.#refuse();
    return inJson(this.#character());
  }

  #group(): string {
    if (this.#take(/\((?:\?:|\?<[A-Za-z_$][\w$]*>|(?!\?))/y) === undefined) this.#refuse();
    if (++this.#depth > DEEPEST_NESTING) this.#refuse();
    const options = [this.#sequence()];
    while (this.#take(/\|/y) !== undefined) options.push(this.#sequence());
    if (this.#take(/\)/y) === undefined) this.#refuse();
    this.#depth--;
    return `(${options.join(" | ")})`;
  }

  #class(): CharacterSet {
    const isNegated = this.#take(/\[\^?/y) === "[^";
    const ranges: CharacterRange[] = [];
    while (this.#take(/\]/y) === undefined) {
      const from = this.#character();
      if (this.#take(/-(?!\])/y) === undefined) {
        ranges.push(...from);
        continue;
      }
      const to = this.#character();
      const [first, last] = [only(from), only(to)];
      if (first === undefined || last === undefined || last < first) this.#refuse();
      ranges.push([first, last]);
    }
    const members = characterSet(ranges);
    const set = isNegated ? complement(members) : members;
    if (set.length === 0) this.#refuse();
    return set;
  }

  /** A character, or an escape for one or several. */
  #character(): CharacterSet {
    const codePoint = this.#pattern.codePointAt(this.#offset);
    if (codePoint === undefined) this.#refuse();
    const begin = this.#offset;
    this.#offset += codePoint > 0xffff ? 2 : 1;
    if (codePoint !== 0x5c) return this.#existing([[codePoint, codePoint]], begin);
    const hex = this.#take(/x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}/y);
    if (hex !== undefined) {
      const value = Number.parseInt(hex.replace(/^.\{?/, ""), 16);
      return this.#existing([[value, value]], begin);
    }
    const letter = this.#pattern[this.#offset] ?? "";
    const set = escapedSets[letter];
    const control = escapedControls[letter];
    if (set === undefined && control === undefined && !/^[$^\\.*+?()[\]{}|/-]$/.test(letter))
      this.#refuse(begin);
    this.#offset++;
    if (set !== undefined) return set;
    const value = control ?? letter.charCodeAt(0);
    return [[value, value]];
  }

  #existing(set: CharacterSet, begin: number): CharacterSet {
    const existing = intersection(set, anyCharacter);
    if (existing.length === 0) this.#refuse(begin);
    return existing;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#pattern)?.[0];
    this.#offset += found?.length ?? 0;
    return found;
  }

  #refuse(offset: number = this.#offset): never {
    const rest = this.#pattern.slice(offset, offset + 12);
    throw schemaError(
      this.#path,
      rest === ""
        ? `the pattern "${this.#pattern}" ends too early`
        : `the pattern "${this.#pattern}" is not supported from "${rest}" on`,
    );
  }
}

/** The only character of a set, if there is but one. */
function only(set: CharacterSet): number | undefined {
  const [range] = set;
  return set.length === 1 && range?.[0] === range?.[1] ? range?.[0] : undefined;
}

/** One character of the set as JSON spells it. */
function inJson(set: CharacterSet): string {
  const escaped = intersection(set, escapedInJson);
  const plain = intersection(set, complement(escapedInJson));
  const spellings = escaped.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) =>
      literalText(JSON.stringify(String.fromCharCode(first + index)).slice(1, -1)),
    ),
  );
  return choiceText([...(plain.length === 0 ? [] : [setText(plain)]), ...spellings]);
}

const escapedInJson = characterSet([...charactersOf('"\\'), [0, 0x1f]]);
