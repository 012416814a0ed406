/**
 * From a GGUF vocabulary to the object that a Hugging Face tokenizer.json holds, and so to a
 * `Tokenizer` of @huggingface/tokenizers, which does the splitting and merging.
 *
 * Only text takes part: control tokens are left out, so that no text can ever be merged into one.
 * Recognising special tokens is done before, in specialTokens.ts. Merges that lead to no token
 * could only lose text and are dropped.
 *
 * Source: the tokenizer.json format, https://github.com/huggingface/tokenizers.
 */
import { Tokenizer } from "@huggingface/tokenizers";
import type { Metadata } from "../gguf/metadata.ts";
import { BadGgufError } from "../support/errors.ts";
import type { Vocabulary } from "./ggufVocabulary.ts";
import { mergesOfScores, type ScoredMerges } from "./sentencePiece.ts";

/** The name of the unknown token inside the library: one that no text can spell. */
const unknownPiece = "\0unknown";

/** Turns text without special tokens into tokens. */
export type TextEncoding = (text: string) => readonly number[];

/** The part of the library's tokenizer that is used here. */
interface LibraryTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  /** The key is a merge in the library's own spelling, the value its rank, 0 first. */
  readonly model: { readonly bpe_ranks: Map<string, number> };
}

/**
 * Sets up the library to cut text into words and to merge their characters.
 *
 * A character that the vocabulary cannot spell becomes the unknown token, or nothing if there is
 * none, as in llama.cpp.
 *
 * @throws MissingMetadataError without merges or scores, BadGgufError for too few scores
 */
export function createTextEncoding(metadata: Metadata, vocabulary: Vocabulary): TextEncoding {
  const tokenOf = mergeableTokens(vocabulary);
  const scored =
    vocabulary.algorithm === "sentence-piece" ? readScores(metadata, vocabulary) : undefined;
  const spaced = vocabulary.preTokenizer.escapesSpaces ?? false;
  const hasUnknown = vocabulary.unknown !== undefined;
  if (hasUnknown) tokenOf.set(unknownPiece, vocabulary.unknown);

  const tokenizer: LibraryTokenizer = new Tokenizer(
    {
      added_tokens: [],
      normalizer: spaced ? { type: "Replace", pattern: { String: " " }, content: "▁" } : null,
      pre_tokenizer: preTokenizerJson(vocabulary.preTokenizer.patterns, { byteLevel: !spaced }),
      model: {
        type: "BPE",
        vocab: Object.fromEntries(tokenOf),
        merges: scored?.merges ?? readMerges(metadata, tokenOf),
        unk_token: hasUnknown ? unknownPiece : undefined,
        byte_fallback: spaced,
        ignore_merges: vocabulary.preTokenizer.takesWholeWords ?? false,
      },
      post_processor: null,
      decoder: null,
    },
    {},
  );
  if (scored !== undefined) shareRanks(tokenizer, scored);
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
}

/** Piece -> token for all that is text or a byte. */
function mergeableTokens({ tokenOf, kinds }: Vocabulary): Map<string, number> {
  const text = tokenOf.entries().filter(([, token]) => {
    const kind = kinds[token];
    return kind !== "control" && kind !== "unknown";
  });
  return new Map(text);
}

function preTokenizerJson(patterns: readonly string[], { byteLevel }: { byteLevel: boolean }) {
  const splits = patterns.map((pattern) => ({
    type: "Split",
    pattern: { Regex: pattern },
    behavior: "Isolated",
    invert: false,
  }));
  const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
  return { type: "Sequence", pretokenizers: byteLevel ? [...splits, bytes] : splits };
}

function readMerges(
  metadata: Metadata,
  tokenOf: ReadonlyMap<string, number>,
): [left: string, right: string][] {
  const merges: [string, string][] = [];
  // Of the same merge twice, the first counts.
  for (const merge of new Set(metadata.strings("tokenizer.ggml.merges"))) {
    const gap = merge.indexOf(" ", 1);
    const pair: [string, string] = [merge.slice(0, gap), merge.slice(gap + 1)];
    if (gap > 0 && tokenOf.has(pair[0] + pair[1])) merges.push(pair);
  }
  return merges;
}

function readScores(metadata: Metadata, { pieces, kinds, tokenOf }: Vocabulary): ScoredMerges {
  const scores = metadata.floats("tokenizer.ggml.scores");
  if (scores.length < pieces.length) {
    throw new BadGgufError(
      metadata.file,
      `tokenizer.ggml.scores has ${scores.length} entries for ${pieces.length} tokens`,
    );
  }
  const scoreOf = new Map<string, number>();
  for (const [piece, token] of tokenOf) {
    const kind = kinds[token];
    if (kind === "normal" || kind === "user-defined") scoreOf.set(piece, scores[token] ?? 0);
  }
  return mergesOfScores(scoreOf, metadata.file);
}

/** Gives merges of equal score one rank, so that the leftmost wins; the library counts them up. */
function shareRanks({ model }: LibraryTokenizer, { ranks }: ScoredMerges): void {
  for (const [pair, merge] of model.bpe_ranks) model.bpe_ranks.set(pair, ranks[merge] ?? merge);
}
