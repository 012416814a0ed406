import { describe, expect, test } from "vitest";
import { createGrammarMask } from "../../src/generation/grammar/index.ts";
import { OptionError } from "../../src/support/errors.ts";
import { createTokenizer, type Tokenizer } from "../../src/text/tokenizer.ts";
import { byteLevelTokenizer, openTinyMoe, openVocabulary } from "../text/vocabularyFixtures.ts";
import { byteMask, passes, vocabularyOf } from "./grammarAcceptance.ts";

const control = 3;
const userDefined = 4;

function allowed(grammar: string, tokenizer: Tokenizer, before: readonly number[] = []): string[] {
  const mask = createGrammarMask(grammar, tokenizer);
  for (const token of before) mask.accept(token);
  return Array.from({ length: tokenizer.vocabularySize }, (_, token) => token)
    .filter((token) => mask.allows(token))
    .map((token) => tokenizer.piece(token));
}

describe("tokens that are no text", () => {
  const tokenizer = byteLevelTokenizer(
    [
      ["<end>", control],
      ["<other>", control],
      ["<shown>", userDefined],
      ["", 1],
    ],
    { "tokenizer.ggml.eos_token_id": 256 },
  );
  const shown = tokenizer.encode("<shown>");

  test("a control token never stands for the text that spells it", () => {
    expect(allowed('root ::= "<other>" | "<shown>" | "<end>"', tokenizer)).toEqual([
      "<",
      "<shown>",
    ]);
  });

  test("the end is allowed where the text may end, and only there", () => {
    expect(allowed('root ::= "a"*', tokenizer)).toEqual(["a", "<end>"]);
    expect(allowed('root ::= "<shown>" "a"?', tokenizer, shown)).toEqual(["a", "<end>"]);
    expect(allowed('root ::= "<shown>" "a"', tokenizer, shown)).toEqual(["a"]);
    expect(allowed('root ::= ""', tokenizer)).toEqual(["<end>"]);
    const half = tokenizer.encode("é").slice(0, 1);
    expect(allowed('root ::= "é"?', tokenizer, half)).toEqual(["<0xA9>"]);
  });

  test("tokens beyond the vocabulary, which padded logits have, are not allowed", () => {
    const mask = createGrammarMask("root ::= .*", tokenizer);
    expect(mask.allows(10_000)).toBe(false);
    for (let token = 0; token < tokenizer.vocabularySize; token++) mask.allows(token);
    expect(mask.allows(10_000)).toBe(false);
  });
});

test("tokens that are spelled the same are allowed together", () => {
  const encoder = new TextEncoder();
  const pieces = ["a", "ab", "a", "b", "a"].map((piece) => encoder.encode(piece));
  const tokens = [...pieces, ...Array.from({ length: 80 }, () => Uint8Array.of(0x7a))];
  const mask = createGrammarMask('root ::= "a"', vocabularyOf(tokens));
  const found = tokens.flatMap((_, token) => (mask.allows(token) ? [token] : []));
  expect(found).toEqual([0, 2, 4]);
  expect(found.every((token) => mask.allows(token))).toBe(true);
});

test("bytes that are no UTF-8 are not allowed, whatever the grammar", () => {
  const refusedAfter = (...before: number[]): string => {
    const mask = byteMask("root ::= .*");
    for (const byte of before) mask.accept(byte);
    const refused = Array.from({ length: 256 }, (_, byte) => byte).filter((b) => !mask.allows(b));
    return `${refused.length} from ${refused[0]?.toString(16)} to ${refused.at(-1)?.toString(16)}`;
  };
  // Continuations alone, C0 and C1 (overlong), F5 and above.
  expect(refusedAfter()).toBe("77 from 80 to ff");
  expect(refusedAfter(0xc3)).toBe("192 from 0 to ff");
  // Overlong forms, surrogates, beyond U+10FFFF.
  expect(refusedAfter(0xe0)).toBe("224 from 0 to ff");
  expect(refusedAfter(0xed)).toBe("224 from 0 to ff");
  expect(refusedAfter(0xf0)).toBe("208 from 0 to ff");
  expect(refusedAfter(0xf4)).toBe("240 from 0 to ff");
});

test("a token that does not fit cannot be accepted", () => {
  const mask = byteMask('root ::= "ab"');
  expect(() => mask.accept(0x62)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: token 98 does not fit the grammar here]`,
  );
  expect(() => mask.accept(256)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: token 256 does not fit the grammar here]`,
  );
  mask.accept(0x61);
  expect(mask.allows(0x62)).toBe(true);
});

test("a grammar with too many readings is refused, not followed for ever", () => {
  const mask = byteMask('root ::= (("a" | "aa"){1,60000} "a"?){1,60000}');
  expect(() => passes(mask, "a".repeat(2000))).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: grammar: it is too ambiguous, this text has more than 20000 readings; are there repetitions within repetitions?]`,
  );
  expect(() => byteMask('root ::= ("a"{0,60000}){0,60000}')).toThrow(OptionError);
});

test("counting is cheap, however far it goes", () => {
  const mask = byteMask('root ::= [a-z]{99999} [a-z]{1,100000} "!"');
  expect(passes(mask, `${"x".repeat(100_500)}!`)).toBe(true);
  expect(mask.allows(256)).toBe(true);
});

test("a list by recursion costs no more at its end than at its beginning", () => {
  const mask = byteMask('root ::= item root | ""\nitem ::= [a-z] " "?');
  expect(passes(mask, "word ".repeat(10_000))).toBe(true);
  expect(mask.allows(256)).toBe(true);
});

describe("real vocabularies", () => {
  // SentencePiece puts a space in front of every text.
  const json = String.raw`root ::= " "? "{" " "? "\"" [^"]* "\"" ":" " "? [0-9]+ "}"`;
  const text = '{"größe 漢字 😀": 1234}';

  test.for(["gpt-2", "llama-spm", "tiny-moe"] as const)(
    "%s: a text passes token by token",
    async (name) => {
      const metadata = await (name === "tiny-moe" ? openTinyMoe() : openVocabulary(name));
      const tokenizer = createTokenizer(metadata);
      const mask = createGrammarMask(json, tokenizer);
      const [end = -1] = tokenizer.endOfGeneration;
      for (const token of tokenizer.encode(text, { addSpecial: false })) {
        expect(mask.allows(end)).toBe(false);
        expect(mask.allows(token), tokenizer.piece(token)).toBe(true);
        mask.accept(token);
      }
      expect(mask.allows(end)).toBe(true);
    },
  );
});
