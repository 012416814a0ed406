/** Work must grow with the length of a text, not with its square. */
import { describe, expect, test } from "vitest";
import { createTokenizer } from "../../src/text/tokenizer.ts";
import { openVocabulary } from "./vocabularyFixtures.ts";

// The slowest takes about a second where quadratic work would take many minutes.
const limitMs = 20_000;

const texts = {
  "200 kB of prose": "The quick brown fox jumps over 13 lazy dogs. Voilà, 中文!\n".repeat(3_500),
  "one letter": "a".repeat(100_000),
  "one space": " ".repeat(100_000),
  "spaces and a word": `${" ".repeat(100_000)}x`,
  "line ends": "\n".repeat(100_000),
  digits: "7".repeat(100_000),
  "a character of three bytes": "中".repeat(100_000),
  "the beginnings of special tokens": "<|end".repeat(20_000),
};

describe.each(["gpt-2", "deepseek-llm", "llama-spm"] as const)("%s", async (name) => {
  const tokenizer = createTokenizer(await openVocabulary(name));

  test.each(Object.entries(texts))("%s", (_, text) => {
    const start = performance.now();
    const tokens = tokenizer.encode(text);
    expect(tokenizer.decode(tokens) === text).toBe(true);
    expect(performance.now() - start).toBeLessThan(limitMs);
  });
});
