/** The tokens that llama.cpp and the small model's trainer give for the same texts. */
import { describe, expect, test } from "vitest";
import { createTokenizer } from "../../src/text/tokenizer.ts";
import { openTinyMoe, openVocabulary, readFixture, vocabularyNames } from "./vocabularyFixtures.ts";

const texts = readFixture("texts.inp").split("\n__ggml_vocab_test__\n");

describe.each(vocabularyNames)("the vocabulary of %s", async (name) => {
  const tokenizer = createTokenizer(await openVocabulary(name));
  const expected = readFixture(`${name}.out`)
    .split("\n")
    .map((line) => line.trim().split(" ").filter(Boolean).map(Number));

  test("there are 47 cases", () => {
    expect(texts).toHaveLength(47);
    expect(expected.length).toBeGreaterThanOrEqual(47);
  });

  test.each(texts.entries().toArray())("case %i is %j", (index, text) => {
    const tokens = tokenizer.encode(text, { addSpecial: false, parseSpecial: false });
    expect(tokens).toEqual(expected[index]);
    expect(tokenizer.decode(tokens)).toBe(text);
  });
});

test("the small model's documents get the tokens it was trained with", async () => {
  const tokenizer = createTokenizer(await openTinyMoe());
  const documents = JSON.parse(readFixture("tiny-moe-documents.json")) as {
    text: string;
    tokens: number[];
  }[];
  expect(documents).toHaveLength(22);
  for (const { text, tokens } of documents) {
    expect(tokenizer.encode(text)).toEqual(tokens);
    expect(tokenizer.decode(tokens, { special: true })).toBe(text);
  }
});
