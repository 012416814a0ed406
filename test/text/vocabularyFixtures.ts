/** Vocabularies for the tests: those of test/fixtures/vocab, the small model's, and handmade ones. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { Metadata, type MetadataValue } from "../../src/gguf/metadata.ts";
import { characterOfByte } from "../../src/text/byteAlphabet.ts";
import { createTokenizer, type Tokenizer } from "../../src/text/tokenizer.ts";

const folder = new URL("../fixtures/vocab/", import.meta.url);

export const vocabularyNames = ["gpt-2", "refact", "deepseek-llm", "llama-spm"] as const;
type VocabularyName = (typeof vocabularyNames)[number];

export function readFixture(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

export async function openVocabulary(name: VocabularyName): Promise<Metadata> {
  const scratch = mkdtempSync(join(tmpdir(), "sluice-vocabulary-"));
  try {
    const path = join(scratch, `${name}.gguf`);
    writeFileSync(path, gunzipSync(readFileSync(new URL(`${name}.gguf.gz`, folder))));
    await using file = await openGguf(path);
    return file.metadata;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

export async function openTinyMoe(): Promise<Metadata> {
  const path = new URL("../../models/tiny-moe-q6_k.gguf", import.meta.url);
  await using file = await openGguf(path.pathname);
  return file.metadata;
}

export function metadataOf(entries: Record<string, MetadataValue>): Metadata {
  return new Metadata(new Map(Object.entries(entries)), "made.gguf");
}

/** A byte-level vocabulary: 256 bytes, then the given pieces with their token types. */
export function byteLevelMetadata(
  more: readonly (readonly [piece: string, type: number])[] = [],
  entries: Record<string, MetadataValue> = {},
): Metadata {
  return metadataOf({
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": [...characterOfByte, ...more.map(([piece]) => piece)],
    "tokenizer.ggml.token_type": [...characterOfByte.map(() => 1), ...more.map(([, type]) => type)],
    "tokenizer.ggml.merges": [],
    ...entries,
  });
}

export function byteLevelTokenizer(...args: Parameters<typeof byteLevelMetadata>): Tokenizer {
  return createTokenizer(byteLevelMetadata(...args));
}

/**
 * A SentencePiece vocabulary: unknown, begin, end, 256 bytes, the space, then the given pieces with their
 * token types and scores.
 */
export function sentencePieceMetadata(
  more: readonly (readonly [piece: string, type: number, score: number])[] = [],
  entries: Record<string, MetadataValue> = {},
): Metadata {
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    return [`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, 6, 0] as const;
  });
  const tokens = [
    ["<unk>", 2, 0],
    ["<s>", 3, 0],
    ["</s>", 3, 0],
    ...bytes,
    ["▁", 1, -9],
    ...more,
  ] as const;
  return metadataOf({
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": tokens.map(([piece]) => piece),
    "tokenizer.ggml.token_type": tokens.map(([, type]) => type),
    "tokenizer.ggml.scores": tokens.map(([, , score]) => score),
    ...entries,
  });
}

export function sentencePieceTokenizer(
  ...args: Parameters<typeof sentencePieceMetadata>
): Tokenizer {
  return createTokenizer(sentencePieceMetadata(...args));
}

/** Pieces of the tokens, for expectations that can be read. */
export function piecesOf(tokenizer: Tokenizer, tokens: readonly number[]): string[] {
  return tokens.map((token) => tokenizer.piece(token));
}
