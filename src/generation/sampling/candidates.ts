/**
 * The tokens that may still be drawn, with their logits: what a sampling stage works on.
 *
 * Parallel typed arrays, allocated once for a vocabulary and filled anew for each token. They are
 * in no particular order: a stage that needs the best of them asks for as many as it needs, because
 * sorting a vocabulary of 150 000 for a top-k of 40 would cost more than everything else together.
 */
import { topK } from "../../numerics/topK.ts";
import { SluiceError } from "../../support/errors.ts";

/** One step of a sampling chain: narrows the list or changes its logits, in place. */
export type Stage = (candidates: Candidates) => void;

/** So far below any logit of a model that a token with it is never drawn while there are others. */
const LOWEST_LOGIT = -1e30;

/**
 * The first `size` entries of its arrays. Every stage leaves at least one entry, no logit that is NaN
 * or +Infinity, and a largest logit that is finite. A token that may not be drawn is taken out of the
 * list rather than given a logit of -Infinity.
 */
export class Candidates {
  size = 0;
  /** `[size]` */
  tokens: Uint32Array;
  /** `[size]` */
  logits: Float32Array;
  /** `[size]`; what the latest `softmax` computed, of no use once the list has changed. */
  readonly probabilities: Float64Array;
  readonly #positions: Int32Array;
  // `keep` gathers into these and takes them for its own: nothing is allocated per token.
  #spareTokens: Uint32Array;
  #spareLogits: Float32Array;

  constructor(vocabularySize: number) {
    this.tokens = new Uint32Array(vocabularySize);
    this.logits = new Float32Array(vocabularySize);
    this.probabilities = new Float64Array(vocabularySize);
    this.#positions = new Int32Array(vocabularySize);
    this.#spareTokens = new Uint32Array(vocabularySize);
    this.#spareLogits = new Float32Array(vocabularySize);
  }

  /**
   * Starts over with the logits of a whole vocabulary. Tokens masked by -Infinity stay outside.
   *
   * @param logits `[vocabularySize]`, left as it is
   * @throws SluiceError `bad-number` where a logit is NaN or +Infinity, or all are -Infinity
   */
  load(logits: Float32Array): void {
    const { tokens, logits: kept } = this;
    let size = 0;
    for (let token = 0; token < logits.length; token++) {
      const logit = logits[token]!;
      // One comparison for both: NaN is not below anything.
      if (!(logit < Infinity)) throw unusable(`token ${token} has ${logit}`);
      tokens[size] = token;
      kept[size] = logit;
      if (logit > -Infinity) size++;
    }
    if (size === 0) throw unusable(logits.length === 0 ? "there are none" : "all are -Infinity");
    this.size = size;
  }

  /**
   * Finds the `count` entries with the largest ranks, or all if there are fewer.
   *
   * @param ranks `[size]`; the logits if not given
   * @returns their positions in the list, the largest first, of equals the one that stands first;
   * overwritten by the next call
   */
  best(count: number, ranks: Float32Array = this.logits): Int32Array {
    const found = Math.min(count, this.size);
    topK(ranks.subarray(0, this.size), found, this.#positions);
    return this.#positions.subarray(0, found);
  }

  /** Shortens the list to the entries at these positions, in their order. */
  keep(positions: Int32Array): void {
    const { tokens, logits } = this;
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i]!;
      this.#spareTokens[i] = tokens[position]!;
      this.#spareLogits[i] = logits[position]!;
    }
    this.tokens = this.#spareTokens;
    this.logits = this.#spareLogits;
    this.#spareTokens = tokens;
    this.#spareLogits = logits;
    this.size = positions.length;
  }

  /** Drops the entries below a logit; the others stay in their order. */
  keepAtLeast(leastLogit: number): void {
    const { tokens, logits, size } = this;
    let kept = 0;
    for (let i = 0; i < size; i++) {
      const logit = logits[i]!;
      if (logit < leastLogit) continue;
      tokens[kept] = tokens[i]!;
      logits[kept] = logit;
      kept++;
    }
    this.size = kept;
  }

  /** Drops the entries a test refuses; the others stay in their order. */
  keepWhere(isKept: (token: number, position: number) => boolean): void {
    const { tokens, logits, size } = this;
    let kept = 0;
    for (let i = 0; i < size; i++) {
      if (!isKept(tokens[i]!, i)) continue;
      tokens[kept] = tokens[i]!;
      logits[kept] = logits[i]!;
      kept++;
    }
    this.size = kept;
  }

  /** Subtracts from one logit; however large the penalty, what is left is finite. */
  lower(position: number, penalty: number): void {
    this.logits[position] = Math.max(this.logits[position]! - penalty, LOWEST_LOGIT);
  }

  largestLogit(): number {
    const { logits, size } = this;
    let largest = -Infinity;
    for (let i = 0; i < size; i++) largest = Math.max(largest, logits[i]!);
    return largest;
  }

  /** Fills `probabilities`: `exp(logit) / sum of exp(logit)`, kept in range by the largest logit. */
  softmax(): void {
    const { logits, probabilities, size } = this;
    const largest = this.largestLogit();
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const weight = Math.exp(logits[i]! - largest);
      probabilities[i] = weight;
      sum += weight;
    }
    for (let i = 0; i < size; i++) probabilities[i]! /= sum;
  }
}

function unusable(finding: string): SluiceError {
  return new SluiceError(
    "bad-number",
    `the model produced no usable logits (${finding}); is its file damaged?`,
  );
}
