import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTokenizer, type Tokenizer } from "../../src/text/tokenizer.ts";
import { openTinyMoe, openVocabulary } from "./vocabularyFixtures.ts";

const asText = { addSpecial: false, parseSpecial: false } as const;

/** Any well-formed text, and text of what tokenizers stumble over. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc
    .array(
      fc.constantFrom(
        ..." \n\t\r\0▁'’s½①中😀é\u0301\u0085\u00a0\ufeff\u200d",
        "<|im_end|>",
        "<|endoftext|>",
        "</s>",
        "<s>",
        "<unk>",
        "<0x0A>",
        "I'LL",
        "12345",
        "HTMLParser",
      ),
    )
    .map((parts) => parts.join("")),
);

const tokenizers: Record<string, Tokenizer> = {
  "gpt-2": createTokenizer(await openVocabulary("gpt-2")),
  "deepseek-llm": createTokenizer(await openVocabulary("deepseek-llm")),
  "tiny-moe": createTokenizer(await openTinyMoe()),
  "llama-spm": createTokenizer(await openVocabulary("llama-spm")),
};

/** SentencePiece cannot tell `▁` from a space; nothing else is lost. */
function expectedText(name: string, text: string): string {
  return name === "llama-spm" ? text.replaceAll("▁", " ") : text;
}

describe.each(Object.entries(tokenizers))("with the vocabulary of %s", (name, tokenizer) => {
  test("decoding gives back the text that was encoded", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenizer.encode(text, asText);
        expect(tokenizer.decode(tokens)).toBe(expectedText(name, text));
      }),
      { numRuns: 500 },
    );
  });

  test("text with control tokens comes back when they are shown", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenizer.encode(text, { addSpecial: false });
        expect(tokenizer.decode(tokens, { special: true })).toBe(expectedText(name, text));
      }),
      { numRuns: 500 },
    );
  });

  test("text never becomes a control token unless that is asked for", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenizer.encode(text, asText);
        expect(tokens.filter((token) => tokenizer.endOfGeneration.has(token))).toEqual([]);
        expect(tokenizer.decode(tokens, { special: false })).toBe(
          tokenizer.decode(tokens, { special: true }),
        );
      }),
    );
  });

  test("streamed parts join to the decoded text and hold no half characters", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const stream = tokenizer.stream();
        const parts = tokenizer.encode(text, asText).map((token) => stream.push(token));
        expect(stream.end()).toBe("");
        expect(parts.join("")).toBe(expectedText(name, text));
        for (const part of parts) expect(part.isWellFormed()).toBe(true);
        // An unfinished character would show as U+FFFD.
        const replacements = (value: string) => value.split("\uFFFD").length;
        expect(replacements(parts.join(""))).toBe(replacements(text));
      }),
      { numRuns: 500 },
    );
  });

  test("any tokens at all can be decoded, streamed or not", () => {
    const anyToken = fc.nat({ max: tokenizer.vocabularySize + 10 });
    const anyOptions = fc.record({ special: fc.boolean(), continuation: fc.boolean() });
    fc.assert(
      fc.property(fc.array(anyToken), anyOptions, (tokens, options) => {
        const stream = tokenizer.stream(options);
        const streamed = tokens.map((token) => stream.push(token)).join("") + stream.end();
        expect(streamed).toBe(tokenizer.decode(tokens, options));
        expect(streamed.isWellFormed()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test("lone surrogates are read as U+FFFD", () => {
  for (const tokenizer of Object.values(tokenizers)) {
    expect(tokenizer.encode("a\uD800x\uDC00")).toEqual(tokenizer.encode("a\uFFFDx\uFFFD"));
  }
});
