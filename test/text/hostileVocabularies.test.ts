/** Files that are broken, careless or malicious: a clear error, or a tolerance that is on record. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { MetadataValue } from "../../src/gguf/metadata.ts";
import { SluiceError } from "../../src/support/errors.ts";
import { createTokenizer } from "../../src/text/tokenizer.ts";
import {
  byteLevelMetadata,
  byteLevelTokenizer,
  metadataOf,
  piecesOf,
  sentencePieceMetadata,
  sentencePieceTokenizer,
} from "./vocabularyFixtures.ts";

function refusal(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SluiceError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
}

test("a file without a vocabulary", () => {
  const refused = [
    {},
    { "tokenizer.ggml.model": "no_vocab" },
    { "tokenizer.ggml.model": "gpt2" },
    { "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": [] },
  ].map((entries) => refusal(() => createTokenizer(metadataOf(entries))));
  expect(refused).toMatchInlineSnapshot(`
    [
      "unsupported-tokenizer: made.gguf has no vocabulary (tokenizer.ggml.model)",
      "unsupported-tokenizer: made.gguf has no vocabulary (tokenizer.ggml.model)",
      "unsupported-tokenizer: made.gguf has no vocabulary (tokenizer.ggml.tokens)",
      "unsupported-tokenizer: made.gguf has no vocabulary (tokenizer.ggml.tokens)",
    ]
  `);
});

test("a tokenizer that is not known names those that are", () => {
  expect(
    refusal(() => createTokenizer(metadataOf({ "tokenizer.ggml.model": "bert" }))),
  ).toMatchInlineSnapshot(
    `"unsupported-tokenizer: made.gguf has the tokenizer "bert" (tokenizer.ggml.model); known are gpt2, llama, gemma4"`,
  );
  const unknown = refusal(() => byteLevelTokenizer([], { "tokenizer.ggml.pre": "llama-9" }));
  expect(unknown).toContain(
    'unsupported-tokenizer: made.gguf cuts text as "llama-9" (tokenizer.ggml.pre), ' +
      "which is not known here; known are a.x-4.0, afmoe, ",
  );
});

test("a file without tokenizer.ggml.pre is cut in the default way", () => {
  // The default way cuts numbers after three digits, so this token cannot come about.
  const metadata = byteLevelMetadata([["34", 1]], { "tokenizer.ggml.merges": ["3 4"] });
  const { "tokenizer.ggml.pre": _, ...entries } = Object.fromEntries(
    [...metadata.keys()].map((key) => [key, metadata.raw(key) as MetadataValue]),
  );
  const gpt2 = createTokenizer(metadata);
  expect(piecesOf(gpt2, gpt2.encode("12345"))).toEqual(["1", "2", "34", "5"]);
  const tokenizer = createTokenizer(metadataOf(entries));
  expect(piecesOf(tokenizer, tokenizer.encode("12345"))).toEqual([..."12345"]);
});

test("lists that do not fit together", () => {
  const refused = [
    () => byteLevelTokenizer([], { "tokenizer.ggml.token_type": [1, 1] }),
    () => sentencePieceTokenizer([], { "tokenizer.ggml.scores": [0] }),
    () => byteLevelTokenizer([], { "tokenizer.ggml.merges": "a b" }),
    () => byteLevelTokenizer([], { "tokenizer.ggml.tokens": [1, 2] }),
  ].map(refusal);
  expect(refused).toMatchInlineSnapshot(`
    [
      "bad-gguf: made.gguf: tokenizer.ggml.token_type has 2 entries for 256 tokens",
      "bad-gguf: made.gguf: tokenizer.ggml.scores has 1 entries for 260 tokens",
      "missing-metadata: made.gguf: metadata key "tokenizer.ggml.merges" holds "a b", an array of strings expected",
      "missing-metadata: made.gguf: metadata key "tokenizer.ggml.tokens" holds 1 at index 0, an array of strings expected",
    ]
  `);
});

test("of the same text twice the first token is used and both are decoded", () => {
  const tokenizer = byteLevelTokenizer([["a", 1]]);
  expect(tokenizer.encode("a")).toEqual([0x61]);
  expect(tokenizer.decode([0x61, 256])).toBe("aa");
});

test("an empty token is never matched and decodes to nothing", () => {
  for (const type of [1, 3, 4]) {
    const tokenizer = byteLevelTokenizer([["", type]]);
    expect(tokenizer.encode("ab")).toHaveLength(2);
    expect(tokenizer.decode([256])).toBe("");
  }
});

test("special token ids outside the vocabulary count as absent", () => {
  const tokenizer = byteLevelTokenizer([], {
    "tokenizer.ggml.bos_token_id": 4_294_967_295,
    "tokenizer.ggml.eos_token_id": -1,
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.add_eos_token": true,
  });
  expect(tokenizer.beginOfText).toBeUndefined();
  expect(tokenizer.endOfText).toBeUndefined();
  expect(tokenizer.encode("a")).toEqual([0x61]);
});

test("merges that name unknown tokens or are no pairs are left out", () => {
  const tokenizer = byteLevelTokenizer([["ab", 1]], {
    "tokenizer.ggml.merges": ["b c", "x", " ", "", "a b", "ab c"],
  });
  expect(piecesOf(tokenizer, tokenizer.encode("abc"))).toEqual(["ab", "c"]);
});

test("of the same merge twice the first counts", () => {
  const more = [
    ["ab", 1],
    ["bc", 1],
  ] as const;
  const tokenizer = byteLevelTokenizer(more, {
    "tokenizer.ggml.merges": ["a b", "b c", "a b"],
  });
  expect(piecesOf(tokenizer, tokenizer.encode("abc"))).toEqual(["ab", "c"]);
});

test("merges never lead to a control token", () => {
  const tokenizer = byteLevelTokenizer([["ab", 3]], { "tokenizer.ggml.merges": ["a b"] });
  expect(tokenizer.encode("ab", { parseSpecial: false })).toEqual([0x61, 0x62]);
  expect(tokenizer.encode("ab")).toEqual([256]);
});

test("a missing byte becomes the unknown token, or nothing if there is none", () => {
  const entries = { "tokenizer.ggml.tokens": ["a", "<unk>"], "tokenizer.ggml.token_type": [1, 2] };
  const silent = byteLevelTokenizer([], entries);
  expect(silent.encode("aba")).toEqual([0, 0]);
  const named = byteLevelTokenizer([], { ...entries, "tokenizer.ggml.unknown_token_id": 1 });
  expect(named.encode("aba")).toEqual([0, 1, 0]);
});

test("tokens named like the parts of a JavaScript object are only names", () => {
  const names = ["__proto__", "constructor", "toString", "1", "0"];
  const tokenizer = byteLevelTokenizer(
    names.map((name) => [name, 1] as const),
    { "tokenizer.ggml.pre": "llama3" },
  );
  expect(tokenizer.tokenOf("__proto__")).toBe(256);
  expect(piecesOf(tokenizer, tokenizer.encode("constructor toString"))[0]).toBe("constructor");
  const pieces = byteLevelTokenizer([["__proto__", 4]]);
  expect(pieces.encode("__proto__")).toEqual([256]);
});

test("no vocabulary makes the tokenizer crash or lose its way", () => {
  const piece = fc.oneof(
    fc.constantFrom("", " ", "a", "▁", "▁a", "<0x61>", "<0xZZ>", "<s>", "\0unknown", "aa"),
    fc.string({ unit: "binary", maxLength: 4 }),
  );
  const anyTokens = fc.array(fc.tuple(piece, fc.integer({ min: -1, max: 8 })), { maxLength: 20 });
  const anyId = fc.integer({ min: -2, max: 30 });
  fc.assert(
    fc.property(
      fc.constantFrom("gpt2", "llama", "gemma4"),
      anyTokens,
      fc.array(piece),
      anyId,
      fc.string({ unit: "binary" }),
      (model, tokens, merges, id, text) => {
        const metadata = metadataOf({
          "tokenizer.ggml.model": model,
          "tokenizer.ggml.tokens": tokens.map(([token]) => token),
          "tokenizer.ggml.token_type": tokens.map(([, type]) => type),
          "tokenizer.ggml.scores": tokens.map(([, type]) => type / 3),
          "tokenizer.ggml.merges": merges.map((merge, index) => `${merge} ${merges[index - 1]}`),
          "tokenizer.ggml.bos_token_id": id,
          "tokenizer.ggml.unknown_token_id": id,
          "tokenizer.ggml.add_bos_token": true,
        });
        if (tokens.length === 0) {
          expect(refusal(() => createTokenizer(metadata))).toContain("unsupported-tokenizer");
          return;
        }
        const tokenizer = createTokenizer(metadata);
        const encoded = tokenizer.encode(`${text} aaa▁<s>`);
        for (const token of encoded) {
          expect(Number.isInteger(token) && token >= 0 && token < tokens.length).toBe(true);
        }
        expect(tokenizer.decode(encoded).isWellFormed()).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test("a file may say other things under keys that do not matter", () => {
  const metadata = sentencePieceMetadata([["a", 1, -1]], { "tokenizer.ggml.pre": "llama-9" });
  expect(createTokenizer(metadata).vocabularySize).toBe(261);
});

test("a SentencePiece vocabulary whose pieces can be cut in millions of ways is refused at once", () => {
  const pieces = Array.from({ length: 1500 }, (_, index) => "a".repeat(index + 1));
  const entries = {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": pieces,
    "tokenizer.ggml.scores": pieces.map(() => 0),
  };
  const start = performance.now();
  expect(refusal(() => createTokenizer(metadataOf(entries)))).toMatchInlineSnapshot(
    `"bad-gguf: made.gguf: the tokens of tokenizer.ggml.tokens are too long for a vocabulary"`,
  );
  expect(performance.now() - start).toBeLessThan(5000);
});
