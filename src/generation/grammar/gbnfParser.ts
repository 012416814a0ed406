/**
 * Reads GBNF, the grammar notation of llama.cpp, by recursive descent: one method per construct.
 *
 *     rules    = rule+
 *     rule     = name "::=" choice (newline | end)
 *     choice   = sequence ("|" sequence)*
 *     sequence = (atom repetition?)*
 *     atom     = "literal" | [set] | . | name | "(" choice ")"
 *
 * Spaces and `#` comments may stand anywhere between these; line breaks only inside parentheses and
 * after `::=` and `|`, since elsewhere they end the rule.
 *
 * Source: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
 */
import { OptionError } from "../../support/errors.ts";
import {
  anyCharacter,
  type CharacterRange,
  characterSet,
  complement,
  lastCodePoint,
} from "./characterSet.ts";
import { type Expression, type Grammar, rootName } from "./grammar.ts";
import { checkGrammar } from "./grammarCheck.ts";

/** Nobody means more; a slip of the keyboard might. */
const MOST_REPETITIONS = 100_000;
/** Parentheses within parentheses: keeps the recursion here and later far from the stack's end. */
const DEEPEST_NESTING = 500;
/** Characters, sets, references and groups. */
const MOST_ATOMS = 200_000;

const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const controlEscapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9 };

/**
 * Reads and checks a grammar.
 *
 * @throws OptionError naming line and column, or the rule, of the first mistake
 */
export function parseGrammar(text: string): Grammar {
  const rules = new GbnfParser(text).rules();
  if (!rules.has(rootName)) throw new OptionError(`grammar: there is no rule "${rootName}"`);
  checkGrammar(rules);
  return rules;
}

class GbnfParser {
  readonly #text: string;
  readonly #references: { name: string; offset: number }[] = [];
  #offset = 0;
  #depth = 0;
  #atoms = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rules(): Map<string, Expression> {
    const rules = new Map<string, Expression>();
    this.#skipBlank({ newlines: true });
    while (this.#offset < this.#text.length) {
      const offset = this.#offset;
      const { name, body } = this.#rule();
      if (rules.has(name)) this.#fail(`there is a rule "${name}" already`, offset);
      rules.set(name, body);
    }
    for (const { name, offset } of this.#references)
      if (!rules.has(name)) this.#fail(`there is no rule "${name}"`, offset);
    return rules;
  }

  #rule(): { name: string; body: Expression } {
    const name = this.#take(/[A-Za-z0-9_-]+/y) ?? this.#fail("a rule's name expected");
    this.#skipBlank();
    if (this.#take(/::=/y) === undefined) this.#fail('"::=" expected');
    this.#skipBlank({ newlines: true });
    const body = this.#choice();
    if (this.#take(/\r?\n/y) === undefined && this.#offset < this.#text.length)
      this.#fail(`${this.#shown()} cannot stand here`);
    this.#skipBlank({ newlines: true });
    return { name, body };
  }

  #choice(): Expression {
    const options = [this.#sequence()];
    while (this.#take(/\|/y) !== undefined) {
      this.#skipBlank({ newlines: true });
      options.push(this.#sequence());
    }
    return options.length === 1 ? options[0]! : { kind: "choice", options };
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    for (;;) {
      const atom = this.#atom();
      if (atom === undefined) break;
      this.#skipBlank();
      parts.push(this.#repetitions(atom));
    }
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  }

  #atom(): Expression | undefined {
    this.#count();
    const offset = this.#offset;
    const name = this.#take(/[A-Za-z0-9_-]+/y);
    if (name !== undefined) {
      this.#references.push({ name, offset });
      return { kind: "rule", name };
    }
    switch (this.#text[offset]) {
      case '"':
        return this.#literal();
      case "[":
        return this.#set();
      case "(":
        return this.#group();
      case ".":
        this.#offset++;
        return { kind: "characters", set: anyCharacter };
      case "<":
      case "!":
        return this.#fail("tokens (<...>) are not supported, only characters are");
      default:
        return undefined;
    }
  }

  #literal(): Expression {
    const begin = this.#offset++;
    const parts: Expression[] = [];
    while (this.#take(/"/y) === undefined) {
      this.#count();
      const codePoint = this.#character() ?? this.#fail('this literal has no closing "', begin);
      parts.push({ kind: "characters", set: [[codePoint, codePoint]] });
    }
    return { kind: "sequence", parts };
  }

  #set(): Expression {
    const begin = this.#offset++;
    const isNegated = this.#take(/\^/y) !== undefined;
    const ranges: CharacterRange[] = [];
    while (this.#take(/\]/y) === undefined) {
      const offset = this.#offset;
      const first = this.#character() ?? this.#fail("this set has no closing ]", begin);
      // A "-" in front of the bracket is a character like any other.
      const isRange = this.#take(/-(?!\])/y) !== undefined;
      const last = isRange
        ? (this.#character() ?? this.#fail("this set has no closing ]", begin))
        : first;
      if (last < first) this.#fail("this range runs backwards", offset);
      ranges.push([first, last]);
    }
    const members = characterSet(ranges);
    const set = isNegated ? complement(members) : members;
    if (set.length === 0) this.#fail("this set has no characters", begin);
    return { kind: "characters", set };
  }

  #group(): Expression {
    const begin = this.#offset++;
    if (++this.#depth > DEEPEST_NESTING)
      this.#fail(`parentheses may be nested ${DEEPEST_NESTING} deep at most`, begin);
    this.#skipBlank();
    const body = this.#choice();
    if (this.#take(/\)/y) === undefined)
      this.#fail(
        this.#offset < this.#text.length
          ? `${this.#shown()} cannot stand here`
          : "this parenthesis is not closed",
        this.#offset < this.#text.length ? this.#offset : begin,
      );
    this.#depth--;
    return body;
  }

  /** All repetitions that follow an atom: `("a"?)*` may be written `"a"?*`. */
  #repetitions(atom: Expression): Expression {
    let body = atom;
    for (let nesting = 0; ; nesting++) {
      const offset = this.#offset;
      if (nesting > DEEPEST_NESTING) this.#fail("too many repetitions of repetitions", offset);
      const sign = this.#take(/[*+?]|\{\s*\d+\s*(?:,\s*\d*\s*)?\}/y);
      if (sign === undefined) {
        if (this.#text[offset] === "{") this.#fail("{m}, {m,} or {m,n} expected");
        return body;
      }
      const { least, most } = repetitionOf(sign);
      if (least > MOST_REPETITIONS || (most > MOST_REPETITIONS && most !== Infinity))
        this.#fail(`a repetition may count to ${MOST_REPETITIONS} at most`, offset);
      if (most < least) this.#fail("this repetition runs backwards", offset);
      body = { kind: "repeat", body, least, most };
      this.#skipBlank();
    }
  }

  /** One character of a literal or a set, perhaps escaped; undefined at the end of the text. */
  #character(): number | undefined {
    const offset = this.#offset;
    const codePoint = this.#text.codePointAt(offset);
    if (codePoint === undefined) return undefined;
    this.#offset += codePoint > 0xffff ? 2 : 1;
    if (codePoint !== 0x5c) return this.#checked(codePoint, offset);
    const letter = this.#text[this.#offset++] ?? "";
    const digits = hexDigits[letter];
    if (digits !== undefined) {
      const hex = this.#take(new RegExp(`[0-9A-Fa-f]{${digits}}`, "y"));
      if (hex === undefined) this.#fail(`\\${letter} wants ${digits} hexadecimal digits`, offset);
      return this.#checked(Number.parseInt(hex, 16), offset);
    }
    if ('\\"[]'.includes(letter) && letter !== "") return letter.charCodeAt(0);
    return controlEscapes[letter] ?? this.#fail(`there is no escape \\${letter}`, offset);
  }

  #checked(codePoint: number, offset: number): number {
    const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    if (isSurrogate || codePoint > lastCodePoint)
      this.#fail(`U+${codePoint.toString(16).toUpperCase()} is no Unicode character`, offset);
    return codePoint;
  }

  #skipBlank({ newlines = this.#depth > 0 }: { newlines?: boolean } = {}): void {
    this.#take(newlines ? /(?:[ \t\r\n]+|#[^\n]*)*/y : /(?:[ \t]+|#[^\r\n]*)*/y);
  }

  #count(): void {
    if (++this.#atoms > MOST_ATOMS) this.#fail(`a grammar may have ${MOST_ATOMS} symbols at most`);
  }

  /** Takes what the (sticky) pattern matches here, if it does. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    this.#offset += found?.length ?? 0;
    return found;
  }

  #shown(): string {
    return JSON.stringify(String.fromCodePoint(this.#text.codePointAt(this.#offset) ?? 0xfffd));
  }

  #fail(reason: string, offset: number = this.#offset): never {
    const { line, column } = this.#placeOf(offset);
    throw new OptionError(`grammar, line ${line}, column ${column}: ${reason}`);
  }

  #placeOf(offset: number): { line: number; column: number } {
    const before = this.#text.slice(0, offset);
    const lineBegin = before.lastIndexOf("\n") + 1;
    return {
      line: before.split("\n").length,
      column: Array.from(before.slice(lineBegin)).length + 1,
    };
  }
}

function repetitionOf(sign: string): { least: number; most: number } {
  if (sign === "*") return { least: 0, most: Infinity };
  if (sign === "+") return { least: 1, most: Infinity };
  if (sign === "?") return { least: 0, most: 1 };
  const [least = "", most = least] = sign.slice(1, -1).split(",");
  return { least: Number(least), most: most.trim() === "" ? Infinity : Number(most) };
}
