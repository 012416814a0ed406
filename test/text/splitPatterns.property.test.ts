import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { preTokenizers } from "../../src/text/splitPatterns.ts";

/** The words that a family cuts a text into, by the library that encoding uses. */
function cutterOf(name: string): (text: string) => string[] {
  const { patterns } = preTokenizers.get(name) ?? { patterns: [] };
  const tokenizer = new Tokenizer(
    {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: patterns.map((pattern) => ({
          type: "Split",
          pattern: { Regex: pattern },
          behavior: "Isolated",
          invert: false,
        })),
      },
      model: { type: "BPE", vocab: {}, merges: [] },
      post_processor: null,
      decoder: null,
    },
    {},
  );
  return (text) => tokenizer.pre_tokenizer?.pre_tokenize(text) ?? [];
}

/** The same by JavaScript's own regular expressions: every match, and every gap between two. */
function cutNatively(patterns: readonly RegExp[], text: string): string[] {
  return patterns.reduce(
    (parts, pattern) =>
      parts.flatMap((part) => {
        const cuts = [...part.matchAll(pattern)].flatMap((match) => [
          match.index,
          match.index + match[0].length,
        ]);
        const edges = [0, ...cuts, part.length];
        return edges.map((edge, index) => part.slice(edges[index - 1] ?? 0, edge)).filter(Boolean);
      }),
    [text],
  );
}

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(fc.constantFrom(..." \t\n\r'sSLl12½aZéÉǅ中ー각！-_.,/\u0301<>|`{}😀🏽"), {
      maxLength: 30,
    })
    .map((characters) => characters.join("")),
);

describe.each([...preTokenizers.keys()])("the patterns of %s", (name) => {
  const patterns = preTokenizers.get(name)?.patterns ?? [];
  const cut = cutterOf(name);

  test("are regular expressions that lose nothing and cut alike here and in the library", () => {
    const compiled = patterns.map((pattern) => new RegExp(pattern, "gu"));
    fc.assert(
      fc.property(anyText, (text) => {
        const words = cut(text);
        expect(words.join("")).toBe(text);
        // Only JavaScript counts U+FEFF as white space, only the library U+0085.
        if (/[\uFEFF\u0085]/.test(text)) return;
        // `\d`, `\b` are ASCII in JavaScript.
        if (/\\[db]/.test(patterns.join("")) && /[^\0-\x7F]/.test(text)) return;
        expect(words).toEqual(cutNatively(compiled, text));
      }),
      { numRuns: 200 },
    );
  });

  test("take a text of one character many times over in reasonable time", () => {
    const start = performance.now();
    for (const character of ["a", "A", " ", "\n", " \n", "1", "!", "'", "中", "e\u0301", "a "]) {
      const text = `${character.repeat(20_000)}x`;
      expect(cut(text).join("")).toBe(text);
    }
    // Quadratic work would take minutes.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe("what sets the families apart", () => {
  const text = "I'LL don't 1234567 HTMLParser café 中文  x\n\n  é";

  test.each([
    ["gpt-2", ["I", "'", "LL", " don", "'t", " 1234567", " HTMLParser", " café"]],
    ["llama-bpe", ["I", "'LL", " don", "'t", " ", "123", "456", "7", " HTMLParser", " café"]],
    ["qwen2", ["I", "'LL", " don", "'t", " ", ..."1234567", " HTMLParser", " café"]],
    ["gpt-4o", ["I'LL", " don't", " ", "123", "456", "7", " HTMLParser", " café"]],
    ["tiny_aya", ["I'LL", " don't", " ", "1", "234", "567", " HTMLParser", " café"]],
    ["deepseek-v3", ["I", "'LL", " don", "'t", " ", "123", "456", "7", " HTMLParser", " café"]],
    ["starcoder", ["I", "'", "LL", " don", "'t", " ", ..."1234567", " HTMLParser", " café"]],
  ])("%s", (name, expected) => {
    expect(cutterOf(name)(text).slice(0, expected.length)).toEqual(expected);
  });

  test.each([
    ["gpt-2", [" 中文", " ", " x", "\n\n ", " é"]],
    ["qwen2", [" 中文", " ", " x", "\n\n", " ", " é"]],
    ["deepseek-v3", [" ", "中文", " ", " x", "\n\n", " ", " é"]],
    ["kimi-k2", [" ", "中文", " ", " x", "\n\n", " ", " é"]],
  ])("%s, in another script", (name, expected) => {
    expect(cutterOf(name)(text).slice(-expected.length)).toEqual(expected);
  });

  test("gemma4 takes a line as one word", () => {
    expect(cutterOf("gemma4")("one  line\n\nand another")).toEqual([
      "one  line",
      "\n\n",
      "and another",
    ]);
  });

  test("superbpe, afmoe and tiny_aya group digits from the end of a number", () => {
    for (const name of ["superbpe", "afmoe", "tiny_aya"]) {
      const cut = cutterOf(name);
      expect(cut("1")).toEqual(["1"]);
      expect(cut("123")).toEqual(["123"]);
      expect(cut("1234")).toEqual(["1", "234"]);
      expect(cut("12345")).toEqual(["12", "345"]);
      expect(cut("123456")).toEqual(["123", "456"]);
    }
  });
});
