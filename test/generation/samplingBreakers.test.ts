/** Where DRY's sequence breakers hide among the tokens of a vocabulary. */
import { expect, test } from "vitest";
import { findBreakers } from "../../src/generation/sampling/dryBreakers.ts";

/** A vocabulary of whole texts, encoded greedily: the longest piece that fits. */
function tokenizerOf(pieces: readonly string[]) {
  const bytes = pieces.map((piece) => new TextEncoder().encode(piece));
  const encode = (text: string): number[] => {
    if (text === "") return [];
    const fitting = pieces.filter((piece) => text.startsWith(piece));
    const longest = fitting.sort((a, b) => b.length - a.length)[0] ?? "";
    return [pieces.indexOf(longest), ...encode(text.slice(longest.length))];
  };
  return {
    vocabularySize: pieces.length,
    bytes: (token: number) => bytes[token] ?? new Uint8Array(0),
    encode,
  };
}

function found(texts: readonly string[], pieces: readonly string[]) {
  return Object.fromEntries(
    Array.from(findBreakers(texts, tokenizerOf(pieces)), ([token, tails]) => [
      pieces[token],
      tails.map((tail) => tail.map((one) => pieces[one])),
    ]),
  );
}

test("a token that holds a breaker is one", () => {
  expect(found(["\n", ":"], ["a", "\n", ".\n\n", "b:c", ""])).toEqual({
    "\n": [[]],
    ".\n\n": [[]],
    "b:c": [[]],
  });
});

test("a token that ends in the beginning of one is one together with the rest", () => {
  expect(found(["end"], ["the e", "e", "n", "d", "nd", "dart", "en", "bend"])).toEqual({
    "the e": [["nd"]],
    e: [["nd"]],
    en: [["d"]],
    bend: [[]],
  });
});

test("all the ways a token may begin it are found, each once", () => {
  expect(found(["aab"], ["aa", "b", "a", "ab", "c"])).toEqual({
    aa: [["b"], ["ab"]],
    a: [["ab"]],
  });
});

test("a rest that begins within a character is no text, and left out", () => {
  const half = { ...tokenizerOf(["é", "x"]), bytes: () => Uint8Array.of(0xc3) };
  expect([...findBreakers(["é"], half)]).toEqual([]);
});
