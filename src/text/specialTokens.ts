/**
 * Finds special tokens in a text before it is cut into words. User-defined tokens are always
 * taken, control tokens only on request: a text that merely mentions `<|im_end|>` must not end
 * the turn. Where several tokens fit, the leftmost and then the longest wins.
 *
 * Source: added tokens of https://github.com/huggingface/tokenizers; `tokenizer_st_partition` in
 * llama.cpp's src/llama-vocab.cpp.
 */
import type { TokenKind, Vocabulary } from "./ggufVocabulary.ts";

/** A special token, or the text between two of them. */
type TextPart = number | string;

/** Cuts a text into special tokens and the text between them, none of it empty. */
export type SpecialTokenFinder = (text: string) => TextPart[];

/** Prepares to find all tokens of the given kinds. */
export function createSpecialTokenFinder(
  { tokenOf, kinds, swallowsSpace }: Vocabulary,
  wanted: ReadonlySet<TokenKind>,
): SpecialTokenFinder {
  // Not one regular expression of all pieces: a hostile file could make it too large to compile.
  const pieces = new Map(
    tokenOf.entries().filter(([, token]) => wanted.has(kinds[token] ?? "normal")),
  );
  const lengths = lengthsByFirstUnit(pieces.keys());

  return (text) => {
    const parts: TextPart[] = [];
    let partStart = 0;
    let position = 0;
    while (position < text.length) {
      const piece = pieceAt(text, position);
      if (piece === undefined) {
        position++;
        continue;
      }
      if (position > partStart) parts.push(text.slice(partStart, position));
      const token = pieces.get(piece) as number;
      parts.push(token);
      position += piece.length;
      if (swallowsSpace.has(token)) position += leadingSpaceLength(text, position);
      partStart = position;
    }
    if (partStart < text.length) parts.push(text.slice(partStart));
    return parts;
  };

  /** The longest piece that the text has there. */
  function pieceAt(text: string, position: number): string | undefined {
    for (const length of lengths.get(text.charCodeAt(position)) ?? []) {
      const candidate = text.slice(position, position + length);
      if (pieces.has(candidate)) return candidate;
    }
    return undefined;
  }
}

/** Which lengths the pieces have that begin with a UTF-16 unit, the longest first. */
function lengthsByFirstUnit(pieces: Iterable<string>): ReadonlyMap<number, readonly number[]> {
  const lengths = new Map<number, Set<number>>();
  for (const piece of pieces) {
    const unit = piece.charCodeAt(0);
    lengths.set(unit, (lengths.get(unit) ?? new Set()).add(piece.length));
  }
  const longestFirst = (all: Set<number>) => [...all].sort((a, b) => b - a);
  return new Map(lengths.entries().map(([unit, all]) => [unit, longestFirst(all)]));
}

function leadingSpaceLength(text: string, from: number): number {
  const spaces = /[ \t\n\v\f\r]*/y;
  spaces.lastIndex = from;
  return spaces.exec(text)?.[0].length ?? 0;
}
