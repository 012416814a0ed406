/** Ranges of whole numbers, told digit by digit. */
import { literalText, repeatText } from "./gbnfText.ts";

/** The digits that may stand at one place of a number, say 3 to 7. */
type DigitRange = readonly [low: number, high: number];

/** Any digit of the first range, then any of the second, and so on. */
export type DigitPattern = readonly DigitRange[];

/** As many as a double keeps: two numbers that differ on paper then differ in memory as well. */
export const mostDigits = 15;

/**
 * All whole numbers from one to another, neither negative, as patterns of digits; with zeros in front
 * if they have fewer than `width`. `95` to `120` are `9[5-9]`, `1[0-1][0-9]` and `120`.
 */
export function digitPatterns(low: bigint, high: bigint, width: number): DigitPattern[] {
  const patterns: DigitPattern[] = [];
  for (let length = width; length <= mostDigits; length++) {
    const first = length === width ? 0n : 10n ** BigInt(length - 1);
    const last = 10n ** BigInt(length) - 1n;
    const [from, to] = [low > first ? low : first, high < last ? high : last];
    if (from > to) continue;
    const digitsOf = (value: bigint) => Array.from(`${value}`.padStart(length, "0"), Number);
    patterns.push(...between(digitsOf(from), digitsOf(to)));
  }
  return patterns;
}

/** The same for numbers of as many digits. */
function between(from: readonly number[], to: readonly number[]): DigitPattern[] {
  const [first, ...fromRest] = from;
  const [last, ...toRest] = to;
  if (first === undefined || last === undefined) return [[]];
  const behind = (digit: number, rests: DigitPattern[]): DigitPattern[] =>
    rests.map((rest) => [[digit, digit], ...rest]);
  if (first === last) return behind(first, between(fromRest, toRest));

  const zeros = fromRest.map(() => 0);
  const nines = fromRest.map(() => 9);
  // The first digits behind which any others may stand.
  const free: DigitRange = [
    fromRest.every((digit) => digit === 0) ? first : first + 1,
    toRest.every((digit) => digit === 9) ? last : last - 1,
  ];
  return [
    ...(free[0] > first ? behind(first, between(fromRest, nines)) : []),
    ...(free[0] <= free[1] ? [[free, ...fromRest.map((): DigitRange => [0, 9])]] : []),
    ...(free[1] < last ? behind(last, between(zeros, toRest)) : []),
  ];
}

/** `"1" [0-4] [0-9]{2}`: runs of fixed digits are literals, runs of equal ranges repetitions. */
export function patternText(digits: DigitPattern): string {
  const parts: string[] = [];
  for (let begin = 0; begin < digits.length; ) {
    const [low, high] = digits[begin]!;
    const isFixed = low === high;
    let end = begin + 1;
    const goesOn = ([from, to]: DigitRange) =>
      isFixed ? from === to : from === low && to === high;
    while (end < digits.length && goesOn(digits[end]!)) end++;
    const run = digits.slice(begin, end);
    if (isFixed) parts.push(literalText(run.map(([digit]) => digit).join("")));
    else parts.push(repeatText(`[${low}-${high}]`, run.length, run.length));
    begin = end;
  }
  return parts.join(" ");
}
