/**
 * Which tokens make up the texts that break a repeat for DRY.
 *
 * A text may hide in a token ("\n" in ".\n\n") or begin in one and go on in the next (":" + "::" for
 * ":::"), so the whole vocabulary is searched, once per sampler.
 * Source: pi6am's GetOverlappingTokenSequences, https://github.com/LostRuins/koboldcpp/pull/982, as
 * in llama.cpp (`get_overlapping_token_sequences`).
 */
import type { Tokenizer } from "../../text/tokenizer.ts";

/** Sequences by their first token: what follows it, nothing if the token suffices. */
export type TokenSequences = ReadonlyMap<number, readonly (readonly number[])[]>;

export type BreakerTokenizer = Pick<Tokenizer, "vocabularySize" | "bytes" | "encode">;

/** The most tokens compared after the first; keeps the search linear. */
const LONGEST_TAIL = 20;

/** @param texts none of them empty */
export function findBreakers(
  texts: readonly string[],
  tokenizer: BreakerTokenizer,
): TokenSequences {
  const sequences = new Map<number, number[][]>();
  const wanted = texts.map((text) => Buffer.from(text).toString("latin1"));
  for (let token = 0; token < tokenizer.vocabularySize; token++) {
    // Latin-1 has a character for each byte, so that halves of characters can be compared as well.
    const piece = Buffer.from(tokenizer.bytes(token)).toString("latin1");
    const tails = wanted.flatMap((text) => tailsOf(text, piece, tokenizer));
    if (tails.length > 0) sequences.set(token, withoutDuplicates(tails));
  }
  return sequences;
}

/** What must follow a piece to complete the text that it holds or that begins at its end. */
function tailsOf(text: string, piece: string, tokenizer: BreakerTokenizer): number[][] {
  if (piece.includes(text)) return [[]];
  const tails: number[][] = [];
  for (let length = Math.min(text.length - 1, piece.length); length > 0; length--) {
    if (!piece.endsWith(text.slice(0, length))) continue;
    const rest = decodeUtf8(text.slice(length));
    if (rest === undefined) continue; // it begins within a character: no tokenizer is asked that
    const tail = tokenizer.encode(rest, { addSpecial: false, parseSpecial: false });
    tails.push(tail.slice(0, LONGEST_TAIL));
  }
  return tails;
}

function decodeUtf8(latin1: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(latin1, "latin1"),
    );
  } catch {
    return undefined;
  }
}

function withoutDuplicates(tails: number[][]): number[][] {
  return [...new Map(tails.map((tail) => [tail.join(), tail])).values()];
}
