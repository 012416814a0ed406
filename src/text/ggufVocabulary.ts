/**
 * The vocabulary of a GGUF file: its tokens, their kinds, and the tokens with a special meaning.
 *
 * What a careless or hostile file may hold, and what becomes of it:
 * - no tokens, a `token_type` or `scores` list shorter than the tokens: an error;
 * - the same text twice: the first token is the one encoding uses, both are decoded;
 * - a special token id outside the vocabulary (-1 is common): as if the key were absent;
 * - an empty token: never matched, decodes to nothing.
 *
 * Source: the keys `tokenizer.ggml.*` of ggml's docs/gguf.md, and what llama.cpp's
 * src/llama-vocab.cpp makes of them.
 */
import type { Metadata } from "../gguf/metadata.ts";
import { BadGgufError, SluiceError } from "../support/errors.ts";
import { quoted } from "../support/quoted.ts";
import { endOfGenerationTokens } from "./endOfGeneration.ts";
import { type PreTokenizer, preTokenizers } from "./splitPatterns.ts";

/** What a token is, in the order of the numbers in `tokenizer.ggml.token_type`. */
const tokenKinds = [
  "normal", // 0: undefined in the format
  "normal",
  "unknown",
  "control",
  "user-defined",
  "unused",
  "byte",
] as const;

/**
 * - `control` steers the model and is no text: `<s>`, `<|im_end|>`;
 * - `user-defined` is text that must always become this one token;
 * - `byte` is written `<0xE2>` and stands for one byte;
 * - `unknown` stands for what the vocabulary cannot spell.
 */
export type TokenKind = (typeof tokenKinds)[number];

export interface Vocabulary {
  readonly file: string;
  /** Byte pairs with merges as in GPT-2, or SentencePiece with a score for each token. */
  readonly algorithm: "byte-pair" | "sentence-piece";
  /** How texts are cut into words; for `sentence-piece` nothing is cut and spaces are escaped. */
  readonly preTokenizer: PreTokenizer;
  /** `[token]` -> its text as the file spells it. */
  readonly pieces: readonly string[];
  /** `[token]` -> its kind. */
  readonly kinds: readonly TokenKind[];
  /** Text as the file spells it -> token; no empty text. */
  readonly tokenOf: ReadonlyMap<string, number>;
  readonly beginOfText: number | undefined;
  readonly endOfText: number | undefined;
  readonly unknown: number | undefined;
  readonly endOfGeneration: ReadonlySet<number>;
  readonly addsBeginOfText: boolean;
  readonly addsEndOfText: boolean;
  /** Whether text at the beginning and after a special token gets a space in front. */
  readonly addsSpacePrefix: boolean;
  /** Special tokens that swallow the white space after them. */
  readonly swallowsSpace: ReadonlySet<number>;
}

const sentencePieceText: PreTokenizer = {
  patterns: [],
  addsBeginOfText: true,
  escapesSpaces: true,
};

/**
 * Reads and checks the vocabulary.
 *
 * @throws SluiceError "unsupported-tokenizer" for a file without vocabulary, or with a tokenizer
 *   that is not known here; BadGgufError for lists that do not fit together.
 */
export function readVocabulary(metadata: Metadata): Vocabulary {
  const { file } = metadata;
  const { algorithm, preTokenizer } = readAlgorithm(metadata);
  const pieces = metadata.strings("tokenizer.ggml.tokens", []);
  if (pieces.length === 0) throw unsupported(file, "has no vocabulary (tokenizer.ggml.tokens)");

  const kinds = readKinds(metadata, pieces.length);
  const tokenOf = new Map<string, number>();
  for (const [token, piece] of pieces.entries()) {
    if (piece !== "" && !tokenOf.has(piece)) tokenOf.set(piece, token);
  }

  const isSentencePiece = algorithm === "sentence-piece";
  const special = (name: string, fallback?: number) =>
    readSpecial(metadata, name, pieces.length, fallback);
  const endOfText = special("eos", isSentencePiece ? 2 : undefined);
  const ends = endOfGenerationTokens(tokenOf, [
    endOfText,
    special("eot"),
    special("eom"),
    special("fim_pad"),
    special("fim_rep"),
    special("fim_sep"),
  ]);
  // Some files forget to mark these as control tokens; they are never text.
  for (const token of ends.byPiece) kinds[token] = "control";

  return {
    file,
    algorithm,
    preTokenizer,
    pieces,
    kinds,
    tokenOf,
    beginOfText: special("bos", isSentencePiece ? 1 : undefined),
    endOfText,
    unknown: special("unknown", isSentencePiece ? 0 : undefined),
    endOfGeneration: ends.all,
    addsBeginOfText: metadata.boolean(
      "tokenizer.ggml.add_bos_token",
      preTokenizer.addsBeginOfText ?? false,
    ),
    addsEndOfText: metadata.boolean("tokenizer.ggml.add_eos_token", false),
    addsSpacePrefix: metadata.boolean("tokenizer.ggml.add_space_prefix", isSentencePiece),
    swallowsSpace: spaceSwallowingTokens(metadata, pieces, kinds),
  };
}

/** @throws SluiceError "unsupported-tokenizer" */
function readAlgorithm(metadata: Metadata): Pick<Vocabulary, "algorithm" | "preTokenizer"> {
  const model = metadata.string("tokenizer.ggml.model", "none");
  switch (model) {
    case "llama":
      return { algorithm: "sentence-piece", preTokenizer: sentencePieceText };
    case "gemma4":
      return byteLevel(metadata.file, "gemma4");
    case "gpt2":
      // Files from before the key existed: llama.cpp reads them with the same pattern, and warns.
      return byteLevel(metadata.file, metadata.string("tokenizer.ggml.pre", "default"));
    case "none":
    case "no_vocab":
      throw unsupported(metadata.file, "has no vocabulary (tokenizer.ggml.model)");
    default:
      throw unsupported(
        metadata.file,
        `has the tokenizer ${quoted(model)} (tokenizer.ggml.model); known are gpt2, llama, gemma4`,
      );
  }
}

function byteLevel(file: string, name: string): Pick<Vocabulary, "algorithm" | "preTokenizer"> {
  const preTokenizer = preTokenizers.get(name);
  if (preTokenizer === undefined) {
    const known = [...preTokenizers.keys()].sort().join(", ");
    throw unsupported(
      file,
      `cuts text as ${quoted(name)} (tokenizer.ggml.pre), which is not known here; known are ${known}`,
    );
  }
  return { algorithm: "byte-pair", preTokenizer };
}

function readKinds(metadata: Metadata, count: number): TokenKind[] {
  const key = "tokenizer.ggml.token_type";
  if (!metadata.has(key)) return new Array<TokenKind>(count).fill("normal");
  const types = metadata.integers(key);
  if (types.length < count) {
    throw new BadGgufError(metadata.file, `${key} has ${types.length} entries for ${count} tokens`);
  }
  return Array.from({ length: count }, (_, token) => tokenKinds[types[token] ?? 0] ?? "normal");
}

function readSpecial(
  metadata: Metadata,
  name: string,
  count: number,
  fallback?: number,
): number | undefined {
  const key = `tokenizer.ggml.${name}_token_id`;
  const inside = (token: number | undefined) =>
    token !== undefined && token >= 0 && token < count ? token : undefined;
  return (metadata.has(key) ? inside(metadata.integer(key)) : undefined) ?? inside(fallback);
}

/**
 * Phi-3's tokens were trained with `rstrip`, which GGUF cannot say: only the model's name tells.
 *
 * Source: "Handle per token attributes" in llama.cpp's src/llama-vocab.cpp.
 */
function spaceSwallowingTokens(
  metadata: Metadata,
  pieces: readonly string[],
  kinds: readonly TokenKind[],
): ReadonlySet<number> {
  const name = metadata.string("general.name", "").toLowerCase();
  if (!name.includes("phi-3") && !name.includes("phi3")) return new Set();
  const keepSpace = new Set(["<unk>", "<s>", "<|endoftext|>"]);
  const tokens = pieces.keys().filter((token) => {
    const piece = pieces[token] ?? "";
    const matched = kinds[token] === "control" || kinds[token] === "user-defined";
    return (matched || piece === "</s>") && !keepSpace.has(piece);
  });
  return new Set(tokens);
}

function unsupported(file: string, reason: string): SluiceError {
  return new SluiceError("unsupported-tokenizer", `${file} ${reason}`);
}
