/** Rules that grammars made from JSON schemas share. */
export type JsonRule =
  | "value"
  | "object"
  | "array"
  | "string"
  | "char"
  | "plain"
  | "unit"
  | "hex"
  | "number"
  | "integer"
  | "whole"
  | "boolean"
  | "gap"
  | "date"
  | "month-day"
  | "leap-year"
  | "time"
  | "hour"
  | "minute"
  | "uuid";

/**
 * The rules of JSON itself, by name. Texts are a little narrower than RFC 8259 allows, so that what is
 * read back is what was written: numbers have at most 15 digits, which a double keeps, and there
 * are no escapes for surrogates, so that each `char` is one character. White space may stand where
 * models put it, behind brackets, commas and colons, one break of a line at a time: a model cannot
 * go on with it for ever.
 */
export const jsonRules: Readonly<Record<JsonRule, string>> = {
  value: 'object | array | string | number | boolean | "null"',
  object: '"{" (gap string ":" " "? value ("," gap string ":" " "? value)*)? gap "}"',
  array: '"[" (gap value ("," gap value)*)? gap "]"',
  string: '"\\"" char* "\\""',
  char: 'plain | "\\\\" (["\\\\/bfnrt] | "u" unit)',
  plain: '[^"\\\\\\x00-\\x1F]',
  unit: "[0-9a-cA-CefEF] hex{3} | [dD] [0-7] hex{2}",
  hex: "[0-9a-fA-F]",
  number: '"-"? whole ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
  integer: '"0" | "-"? [1-9] [0-9]{0,14}',
  whole: '"0" | [1-9] [0-9]{0,14}',
  boolean: '"true" | "false"',
  gap: '" "? | "\\n" [ \\t]{0,20}',
  date: `[0-9]{4} "-" month-day | leap-year "-02-29"`,
  "month-day": [
    '("0" [13578] | "1" [02]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])',
    '("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30")',
    '"02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])',
  ].join(" | "),
  "leap-year":
    '[0-9]{2} ("0" [48] | [2468] [048] | [13579] [26]) | ("0" [048] | [2468] [048] | [13579] [26]) "00"',
  time: 'hour ":" minute ":" minute ("." [0-9]{1,9})? ("Z" | [-+] hour ":" minute)',
  hour: '[01] [0-9] | "2" [0-3]',
  minute: "[0-5] [0-9]",
  uuid: 'hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12}',
};
