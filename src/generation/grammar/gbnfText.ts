/** Writes the atoms of GBNF. Whatever is not plain ASCII is escaped, so that grammars read anywhere. */
import type { CharacterSet } from "./characterSet.ts";

/** A literal: `say "hi"` becomes `"say \"hi\""`. */
export function literalText(text: string): string {
  return `"${Array.from(text, (character) => escaped(character.codePointAt(0) ?? 0, '"\\')).join("")}"`;
}

/** A set: the digits become `[0-9]`. */
export function setText(set: CharacterSet): string {
  const ranges = set.map(([first, last]) => {
    const ends = first === last ? [first] : [first, last];
    return ends.map((codePoint) => escaped(codePoint, "\\[]^-")).join("-");
  });
  return `[${ranges.join("")}]`;
}

/** `body{2,5}`, with the shortest sign for it. The body must be one symbol or in parentheses. */
export function repeatText(body: string, least: number, most: number): string {
  if (most === 0) return "";
  if (least === 0 && most === Infinity) return `${body}*`;
  if (least === 1 && most === Infinity) return `${body}+`;
  if (least === 1 && most === 1) return body;
  if (least === 0 && most === 1) return `${body}?`;
  if (least === most) return `${body}{${least}}`;
  return `${body}{${least},${most === Infinity ? "" : most}}`;
}

/** One of several; parentheses keep it together wherever it stands. */
export function choiceText(options: readonly string[]): string {
  return options.length === 1 ? options[0]! : `(${options.join(" | ")})`;
}

function escaped(codePoint: number, special: string): string {
  const character = String.fromCodePoint(codePoint);
  if (codePoint >= 0x20 && codePoint < 0x7f && !special.includes(character)) return character;
  // Of the special ones, sets have no escape for "^" and "-".
  if (special.includes(character) && !"^-".includes(character)) return `\\${character}`;
  const hex = codePoint.toString(16).toUpperCase();
  if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
