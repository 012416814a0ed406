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
  const pieces = tokenOf
    .entries()
    .filter(([, token]) => wanted.has(kinds[token] ?? "normal"))
    .map(([piece]) => piece)
    .toArray();
  if (pieces.length === 0) return (text) => (text === "" ? [] : [text]);
  const longestFirst = pieces.sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((piece) => RegExp.escape(piece)).join("|"), "gu");

  return (text) => {
    const parts: TextPart[] = [];
    let position = 0;
    for (const match of text.matchAll(pattern)) {
      if (match.index < position) continue; // inside white space that was swallowed
      if (match.index > position) parts.push(text.slice(position, match.index));
      const token = tokenOf.get(match[0]) as number;
      parts.push(token);
      position = match.index + match[0].length;
      if (swallowsSpace.has(token)) position += leadingSpaceLength(text, position);
    }
    if (position < text.length) parts.push(text.slice(position));
    return parts;
  };
}

function leadingSpaceLength(text: string, from: number): number {
  const spaces = /[ \t\n\v\f\r]*/y;
  spaces.lastIndex = from;
  return spaces.exec(text)?.[0].length ?? 0;
}
