/** What every engine is asked to do, ours and others': one pass, a prompt and then single tokens. */

export interface PassRequest {
  /** Start of the fixed tokens: the same tokens for all engines, others in each pass. */
  readonly seed: number;
  readonly promptTokens: number;
  /** Tokens computed one at a time after the prompt. */
  readonly generatedTokens: number;
}

export interface PassReport {
  /** The prompt, and the choice of the likeliest token behind it. */
  readonly prefillMs: number;
  /** Of each further token: computing it, and the choice of the next. */
  readonly tokenMs: readonly number[];
  /** Processor time of all threads of the engine. */
  readonly prefillCpuMs: number;
  readonly decodeCpuMs: number;
  /** The most memory the engine had since it started. */
  readonly peakMiB: number;
  /** The likeliest token behind the prompt, where the engine says which. */
  readonly choice?: number;
}

/**
 * Tokens that any language makes up alike: ANSI C's linear congruences. `native/libllama.c` has the
 * same, so that random weights get the same work to do.
 */
export function fixedTokens(seed: number, vocabularySize: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % (vocabularySize - 10);
  };
}

/** Index of the largest logit: all engines look for it after each token. */
export function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++) {
    if (logits[token] > logits[best]) best = token;
  }
  return best;
}
