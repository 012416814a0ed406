/**
 * SentencePiece vocabularies have no merges, only a score for each token: of all neighbours whose
 * join is a token, the pair with the best-scored join is merged, the leftmost first. That is
 * byte-pair encoding with every way of cutting a token in two as a merge.
 *
 * Source: Kudo and Richardson, SentencePiece, arXiv:1808.06226; `llm_tokenizer_spm` in llama.cpp's
 * src/llama-vocab.cpp.
 */

import { BadGgufError } from "../support/errors.ts";

export interface ScoredMerges {
  /** Best first. */
  readonly merges: [left: string, right: string][];
  /** `[merge]` -> its rank, from 0 as the best; merges of equal score share one. */
  readonly ranks: readonly number[];
}

/**
 * UTF-16 units of a piece, of all pieces, and of all merges. The largest real vocabularies (262,144 tokens) stay
 * well below; without limits a hostile one fills the memory with ways of cutting its pieces.
 */
const limits = { piece: 10_000, pieces: 16_000_000, merges: 32_000_000 } as const;

/**
 * Derives the merges from the scores.
 *
 * @param pieces tokens that may take part, with their score
 * @param file   name for messages
 * @throws BadGgufError for more text than any vocabulary has
 */
export function mergesOfScores(pieces: ReadonlyMap<string, number>, file: string): ScoredMerges {
  const found: { pair: [string, string]; score: number }[] = [];
  let pieceUnits = 0;
  let mergeUnits = 0;
  for (const [piece, score] of pieces) {
    pieceUnits += piece.length;
    if (piece.length > limits.piece || pieceUnits > limits.pieces) throw tooMuchText(file);
    for (let cut = 1; cut < piece.length; cut++) {
      const pair: [string, string] = [piece.slice(0, cut), piece.slice(cut)];
      if (!pieces.has(pair[0]) || !pieces.has(pair[1])) continue;
      found.push({ pair, score });
      mergeUnits += piece.length;
      if (mergeUnits > limits.merges) throw tooMuchText(file);
    }
  }
  found.sort((a, b) => b.score - a.score);

  let rank = 0;
  const ranks = found.map(({ score }, index) => {
    if (index > 0 && score !== found[index - 1]?.score) rank = index;
    return rank;
  });
  return { merges: found.map(({ pair }) => pair), ranks };
}

function tooMuchText(file: string): BadGgufError {
  return new BadGgufError(
    file,
    "the tokens of tokenizer.ggml.tokens are too long for a vocabulary",
  );
}
