/** Merging against the algorithms as the textbooks tell them: look everywhere, merge the best. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { characterOfByte } from "../../src/text/byteAlphabet.ts";
import { createTokenizer, type Tokenizer } from "../../src/text/tokenizer.ts";
import { openTinyMoe, openVocabulary, sentencePieceTokenizer } from "./vocabularyFixtures.ts";

const asText = { addSpecial: false, parseSpecial: false } as const;

/** Merges the neighbours with the lowest rank, the leftmost first, until none can be merged. */
function mergeNaively(
  symbols: readonly string[],
  rankOf: (left: string, right: string) => number | undefined,
): string[] {
  const merged = [...symbols];
  for (;;) {
    let best = { at: -1, rank: Number.POSITIVE_INFINITY };
    for (let at = 0; at + 1 < merged.length; at++) {
      const rank = rankOf(merged[at] as string, merged[at + 1] as string);
      if (rank !== undefined && rank < best.rank) best = { at, rank };
    }
    if (best.at < 0) return merged;
    merged.splice(best.at, 2, `${merged[best.at]}${merged[best.at + 1]}`);
  }
}

test("a word of a byte-level vocabulary is merged as the list of merges says", async () => {
  const metadata = await openTinyMoe();
  const tokenizer = createTokenizer(metadata);
  const ranks = new Map(
    metadata.strings("tokenizer.ggml.merges").map((merge, rank) => [merge, rank]),
  );
  const anyWord = fc.array(fc.constantFrom(..."aeinorsthdlu"), { maxLength: 40 });
  fc.assert(
    fc.property(anyWord, (letters) => {
      const symbols = [...Buffer.from(letters.join(""))].map(
        (byte) => characterOfByte[byte] as string,
      );
      const expected = mergeNaively(symbols, (left, right) => ranks.get(`${left} ${right}`));
      const tokens = tokenizer.encode(letters.join(""), asText);
      expect(tokens).toEqual(expected.map((piece) => tokenizer.tokenOf(piece)));
    }),
    { numRuns: 500 },
  );
});

function expectScoredMerging(
  tokenizer: Tokenizer,
  scoreOf: (piece: string) => number | undefined,
  text: string,
): void {
  const expected = mergeNaively([...`▁${text.replaceAll(" ", "▁")}`], (left, right) => {
    const score = scoreOf(left + right);
    return score === undefined ? undefined : -score;
  });
  expect(tokenizer.encode(text, asText)).toEqual(expected.map((piece) => tokenizer.tokenOf(piece)));
}

test("a text of a SentencePiece vocabulary is merged by the scores", async () => {
  const metadata = await openVocabulary("llama-spm");
  const tokenizer = createTokenizer(metadata);
  const scores = metadata.floats("tokenizer.ggml.scores");
  const scoreOf = (piece: string) => scores[tokenizer.tokenOf(piece) ?? -1];
  const anySentence = fc
    .array(fc.constantFrom(..."  aeinorsthdluTS"), { minLength: 1, maxLength: 60 })
    .map((letters) => letters.join(""));
  fc.assert(
    fc.property(anySentence, (text) => expectScoredMerging(tokenizer, scoreOf, text)),
    { numRuns: 500 },
  );
});

test("of pairs with equal scores the leftmost is merged first", () => {
  const scores: Record<string, number> = {
    a: -9,
    b: -9,
    aa: -1,
    ab: -1,
    ba: -1,
    aab: -2,
    aaa: -2,
    "▁a": -2,
    baa: -2,
  };
  const tokenizer = sentencePieceTokenizer(
    Object.entries(scores).map(([piece, score]) => [piece, 1, score] as const),
  );
  const anyText = fc
    .array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 30 })
    .map((letters) => letters.join(""));
  fc.assert(
    fc.property(anyText, (text) => expectScoredMerging(tokenizer, (piece) => scores[piece], text)),
  );
});
