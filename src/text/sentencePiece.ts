/**
 * SentencePiece vocabularies have no merges, only a score for each token: of all neighbours whose
 * join is a token, the pair with the best-scored join is merged, the leftmost first. That is
 * byte-pair encoding with every way of cutting a token in two as a merge.
 *
 * Source: Kudo and Richardson, SentencePiece, arXiv:1808.06226; `llm_tokenizer_spm` in llama.cpp's
 * src/llama-vocab.cpp.
 */

export interface ScoredMerges {
  /** Best first. */
  readonly merges: [left: string, right: string][];
  /** `[merge]` -> its rank, from 0 as the best; merges of equal score share one. */
  readonly ranks: readonly number[];
}

/**
 * Derives the merges from the scores.
 *
 * @param pieces tokens that may take part, with their score
 */
export function mergesOfScores(pieces: ReadonlyMap<string, number>): ScoredMerges {
  const found: { pair: [string, string]; score: number }[] = [];
  for (const [piece, score] of pieces) {
    for (let cut = 1; cut < piece.length; cut++) {
      const pair: [string, string] = [piece.slice(0, cut), piece.slice(cut)];
      if (pieces.has(pair[0]) && pieces.has(pair[1])) found.push({ pair, score });
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
