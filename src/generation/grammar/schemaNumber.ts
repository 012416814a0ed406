/** Numbers between bounds. */

import { type DigitPattern, digitPatterns, mostDigits, patternText } from "./digitPatterns.ts";
import type { FlatSchema } from "./flatSchema.ts";
import { repeatText } from "./gbnfText.ts";
import type { GrammarWriter } from "./grammarWriter.ts";
import { keywordsOfType, schemaError } from "./schemaKeywords.ts";

/** Bounds with more decimals are rounded inwards. */
const MOST_DECIMALS = 6;
/** More decimals for a bound that is itself outside: what is nearer to it is left out. */
const EXCLUSIVE_DECIMALS = 2;

const greatest = 10n ** BigInt(mostDigits) - 1n;

/**
 * The numbers of a schema, in as few or as many decimals as the bounds have and, for `number`, in
 * more. No exponents where there are bounds.
 */
export function numberText(
  flat: FlatSchema,
  type: "number" | "integer",
  path: string,
  writer: GrammarWriter,
): string {
  const bounds = keywordsOfType[type].filter((keyword) => keyword in flat);
  if (bounds.length === 0) return writer.json(type);
  const decimals =
    type === "integer" ? 0 : Math.max(...bounds.map((keyword) => decimalsOf(flat, keyword)));

  const options = new Set<string>();
  for (let count = 0; count <= decimals; count++) {
    const { low, high } = rangeOf(flat, count);
    for (const digits of digitPatterns(greater(low, 0n), high, count + 1))
      options.add(decimalText(digits, count));
    for (const digits of digitPatterns(greater(-high, 1n), -low, count + 1))
      options.add(`"-" ${decimalText(digits, count)}`);
  }
  if (type === "number") {
    const { low, high, ceiling, floor } = rangeOf(flat, decimals);
    // More decimals lead away from zero, up to the next multiple, which itself may be outside.
    for (const text of longerTexts(greater(low, 0n), floor - 1n, decimals)) options.add(text);
    for (const text of longerTexts(greater(-high, 0n), -ceiling - 1n, decimals))
      options.add(`"-" ${text}`);
  }
  if (options.size === 0)
    throw schemaError(path, `no number of ${mostDigits} digits is between the bounds`);
  return [...options].join(" | ");
}

interface Rounded {
  readonly floor: bigint;
  readonly ceiling: bigint;
}

/** Bounds as whole numbers of `10^-decimals`. */
interface Range extends Rounded {
  /** The least and the greatest that are within them; `ceiling` and `floor` count the bounds in. */
  readonly low: bigint;
  readonly high: bigint;
}

function rangeOf(flat: FlatSchema, decimals: number): Range {
  const [from, to] = [scaled(flat.minimum, decimals), scaled(flat.maximum, decimals)];
  const above = scaled(flat.exclusiveMinimum, decimals);
  const below = scaled(flat.exclusiveMaximum, decimals);
  const lowest = greater(from?.ceiling, -greatest);
  const highest = lesser(to?.floor, greatest);
  return {
    low: above === undefined ? lowest : greater(lowest, above.floor + 1n),
    high: below === undefined ? highest : lesser(highest, below.ceiling - 1n),
    ceiling: greater(above?.ceiling, lowest),
    floor: lesser(below?.floor, highest),
  };
}

function greater(some: bigint | undefined, other: bigint): bigint {
  return some !== undefined && some > other ? some : other;
}

function lesser(some: bigint | undefined, other: bigint): bigint {
  return some !== undefined && some < other ? some : other;
}

/** `value * 10^decimals`, exactly: on the decimals that a double is printed with. */
function scaled(value: number | undefined, decimals: number): Rounded | undefined {
  if (value === undefined) return undefined;
  const [digits, exponent] = scientific(value);
  const shift = exponent + decimals;
  if (shift >= 0) {
    const exact = BigInt(digits) * 10n ** BigInt(shift);
    return { floor: exact, ceiling: exact };
  }
  const divisor = 10n ** BigInt(-shift);
  const quotient = BigInt(digits) / divisor; // towards zero
  const isExact = quotient * divisor === BigInt(digits);
  return {
    floor: isExact || value > 0 ? quotient : quotient - 1n,
    ceiling: isExact || value < 0 ? quotient : quotient + 1n,
  };
}

function decimalsOf(flat: FlatSchema, keyword: string): number {
  const own = Math.max(-scientific(flat[keyword as "minimum"] ?? 0)[1], 0);
  return Math.min(keyword.startsWith("ex") ? own + EXCLUSIVE_DECIMALS : own, MOST_DECIMALS);
}

/** `-12.5` is -125 times ten to the -1. */
function scientific(value: number): [digits: string, exponent: number] {
  const [mantissa = "0", exponent = "0"] = value.toString().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return [whole + fraction, Number(exponent) - fraction.length];
}

/** The pattern with a point in front of the last `decimals` digits. */
function decimalText(digits: DigitPattern, decimals: number): string {
  const point = digits.length - decimals;
  const whole = patternText(digits.slice(0, point));
  return decimals === 0 ? whole : `${whole} "." ${patternText(digits.slice(point))}`;
}

/** The same from one number to another with at least one decimal more, where there is room for it. */
function longerTexts(low: bigint, high: bigint, decimals: number): string[] {
  const point = decimals === 0 ? ' "."' : "";
  return digitPatterns(low, high, decimals + 1)
    .filter((digits) => digits.length < mostDigits)
    .map((digits) => {
      const more = repeatText("[0-9]", 1, mostDigits - digits.length);
      return `${decimalText(digits, decimals)}${point} ${more}`;
    });
}
