import { expect, test } from "vitest";
import { byteLevelTokenizer, piecesOf, sentencePieceTokenizer } from "./vocabularyFixtures.ts";

const control = 3;
const userDefined = 4;
const asText = { addSpecial: false, parseSpecial: false } as const;

test("control tokens are recognised only on request, user-defined ones always", () => {
  const tokenizer = byteLevelTokenizer([
    ["<|im_start|>", control],
    ["<tool>", userDefined],
  ]);
  const text = "a<|im_start|><tool>b";
  expect(piecesOf(tokenizer, tokenizer.encode(text))).toEqual(["a", "<|im_start|>", "<tool>", "b"]);
  expect(piecesOf(tokenizer, tokenizer.encode(text, asText))).toEqual([
    ..."a<|im_start|>",
    "<tool>",
    "b",
  ]);
});

test("of special tokens that begin alike the longest is taken", () => {
  const tokenizer = byteLevelTokenizer([
    ["<a", userDefined],
    ["<a>", userDefined],
    ["<a>.*", userDefined],
  ]);
  expect(piecesOf(tokenizer, tokenizer.encode("<a<a><a>.*<a>b"))).toEqual([
    "<a",
    "<a>",
    "<a>.*",
    "<a>",
    "b",
  ]);
});

test("control tokens decode to nothing unless they are asked for", () => {
  const tokenizer = byteLevelTokenizer([["<|im_end|>", control]]);
  const tokens = tokenizer.encode("hi<|im_end|>");
  expect(tokenizer.decode(tokens)).toBe("hi");
  expect(tokenizer.decode(tokens, { special: true })).toBe("hi<|im_end|>");
});

test("begin and end of text are added where the file says so, but not twice", () => {
  const more = [
    ["<s>", control],
    ["</s>", control],
  ] as const;
  const ids = { "tokenizer.ggml.bos_token_id": 256, "tokenizer.ggml.eos_token_id": 257 };
  const silent = byteLevelTokenizer(more, ids);
  expect(piecesOf(silent, silent.encode("a"))).toEqual(["a"]);

  const adding = byteLevelTokenizer(more, {
    ...ids,
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.add_eos_token": true,
  });
  expect(piecesOf(adding, adding.encode("a"))).toEqual(["<s>", "a", "</s>"]);
  expect(piecesOf(adding, adding.encode("<s>a"))).toEqual(["<s>", "a", "</s>"]);
  expect(piecesOf(adding, adding.encode("a", { addSpecial: false }))).toEqual(["a"]);
  expect(piecesOf(adding, adding.encode(""))).toEqual(["<s>", "</s>"]);
});

test("Llama 3 begins every text with the token unless the file says otherwise", () => {
  const llama3 = { "tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.bos_token_id": 256 };
  const tokenizer = byteLevelTokenizer([["<|begin_of_text|>", control]], llama3);
  expect(tokenizer.encode("a")[0]).toBe(256);
});

test("SentencePiece puts a space in front of text, at the beginning and after special tokens", () => {
  const tokenizer = sentencePieceTokenizer([["<tool>", userDefined, 0]]);
  const tokens = tokenizer.encode("a<tool>b</s> c");
  expect(piecesOf(tokenizer, tokens)).toEqual([
    "<s>",
    ..." a",
    "<tool>",
    ..." b",
    "</s>",
    ..."  c",
  ]);
});

test("the space that SentencePiece added is taken away again", () => {
  const tokenizer = sentencePieceTokenizer([["<tool>", userDefined, 0]]);
  const tokens = tokenizer.encode("a<tool>b</s> c");
  expect(tokenizer.decode(tokens)).toBe("a<tool>b c");
  expect(tokenizer.decode(tokens, { special: true })).toBe("<s>a<tool>b</s> c");
  const word = tokenizer.encode("word", { addSpecial: false });
  expect(tokenizer.decode(word)).toBe("word");
  expect(tokenizer.decode(word, { continuation: true })).toBe(" word");
});

test("a special token that begins with a space keeps it", () => {
  const tokenizer = sentencePieceTokenizer([["  ", userDefined, 0]]);
  expect(tokenizer.decode(tokenizer.encode("  a  b"))).toBe("  a  b");
});

test("a file may forbid the space", () => {
  const tokenizer = sentencePieceTokenizer([], {
    "tokenizer.ggml.add_space_prefix": false,
  });
  const tokens = tokenizer.encode(" a", { addSpecial: false });
  expect(piecesOf(tokenizer, tokens)).toEqual([" ", "a"]);
  expect(tokenizer.decode(tokens)).toBe(" a");
});

test("Phi-3's special tokens swallow the white space after them", () => {
  const more = [
    ["<|user|>", control, 0],
    ["<|endoftext|>", control, 0],
    ["\n", userDefined, 0],
  ] as const;
  const entries = { "tokenizer.ggml.add_space_prefix": false };
  const phi = sentencePieceTokenizer(more, { ...entries, "general.name": "Phi-3 Mini" });
  const other = sentencePieceTokenizer(more, entries);
  const text = "<|user|> \n<|user|>\nHi<|endoftext|>\n";
  expect(phi.decode(phi.encode(text), { special: true })).toBe(
    "<s><|user|><|user|>Hi<|endoftext|>\n",
  );
  expect(other.decode(other.encode(text), { special: true })).toBe(`<s>${text}`);
});

test("a word that is a token is taken whole where the family says so", () => {
  const more = [["hello", 1]] as const;
  const gpt2 = byteLevelTokenizer(more);
  expect(piecesOf(gpt2, gpt2.encode("hello"))).toEqual([..."hello"]);
  const llama3 = byteLevelTokenizer(more, { "tokenizer.ggml.pre": "llama3" });
  expect(piecesOf(llama3, llama3.encode("hello"))).toEqual(["hello"]);
});

test("pieces show broken characters as bytes, and nothing outside the vocabulary", () => {
  const tokenizer = byteLevelTokenizer([["Ġcaf", 1]]);
  expect(piecesOf(tokenizer, tokenizer.encode("é"))).toEqual(["<0xC3>", "<0xA9>"]);
  expect(tokenizer.bytes(0xc3)).toEqual(Uint8Array.of(0xc3));
  expect(tokenizer.piece(256)).toBe(" caf");
  expect(tokenizer.piece(tokenizer.vocabularySize)).toBe("");
  expect(tokenizer.bytes(-1)).toEqual(new Uint8Array(0));
});

test("Gemma 4 merges lines with their spaces and falls back to bytes", () => {
  const tokens = ["<eos>", "<bos>", "▁", "a", "b", "▁a", "▁▁", "\n", "\n\n", "<0xC3>", "<0xA9>"];
  const types = [3, 3, 1, 1, 1, 1, 1, 1, 1, 6, 6];
  const tokenizer = byteLevelTokenizer([], {
    "tokenizer.ggml.model": "gemma4",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": types,
    "tokenizer.ggml.merges": ["▁ ▁", "▁ a", "\n \n"],
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 0,
  });
  const text = "b  a a\n\né";
  const encoded = tokenizer.encode(text);
  expect(piecesOf(tokenizer, encoded)).toEqual([
    "<bos>",
    "b",
    "  ",
    "a",
    " a",
    "\n\n",
    "<0xC3>",
    "<0xA9>",
  ]);
  expect(tokenizer.decode(encoded)).toBe(text);
  expect([...tokenizer.endOfGeneration]).toEqual([0]);
});
