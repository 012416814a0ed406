/**
 * Sets of Unicode characters, as sorted ranges of code points that neither overlap nor touch.
 *
 * Surrogates (U+D800 to U+DFFF) are no characters and in no set: UTF-8 cannot spell them, so a model
 * that may only write one of them could write nothing at all.
 */

/** Inclusive on both ends. */
export type CharacterRange = readonly [first: number, last: number];
export type CharacterSet = readonly CharacterRange[];

export const lastCodePoint = 0x10ffff;

export const anyCharacter: CharacterSet = [
  [0, 0xd7ff],
  [0xe000, lastCodePoint],
];

/** The set of all characters in any of these ranges, which may come in any order and overlap. */
export function characterSet(ranges: readonly CharacterRange[]): CharacterSet {
  const merged: [number, number][] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return intersection(merged, anyCharacter);
}

/** The set of the characters of a text. */
export function charactersOf(text: string): CharacterSet {
  return characterSet(
    Array.from(text, (character) => {
      const codePoint = character.codePointAt(0) ?? 0;
      return [codePoint, codePoint];
    }),
  );
}

export function intersection(some: CharacterSet, others: CharacterSet): CharacterSet {
  return some.flatMap(([first, last]) =>
    others
      .map(([from, to]): CharacterRange => [Math.max(first, from), Math.min(last, to)])
      .filter(([from, to]) => from <= to),
  );
}

/** Every character that is not in the set. */
export function complement(set: CharacterSet): CharacterSet {
  const gaps = [...set, [lastCodePoint + 1, lastCodePoint + 1] as const].map(
    ([first], index): CharacterRange => [(set[index - 1]?.[1] ?? -1) + 1, first - 1],
  );
  return characterSet(gaps.filter(([first, last]) => first <= last));
}

export function hasCharacter(set: CharacterSet, codePoint: number): boolean {
  return set.some(([first, last]) => first <= codePoint && codePoint <= last);
}
