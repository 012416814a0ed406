/** One router decision: what one layer asked for in one forward pass. */

import type { Phase } from "../policy/cache/cacheCounts.ts";

export type { Phase } from "../policy/cache/cacheCounts.ts";

export interface TraceRecord {
  /** Counts conversations or turns that share nothing: positions start anew with each. */
  readonly sequence: number;
  readonly phase: Phase;
  /** Position of the first token in its sequence. */
  readonly position: number;
  readonly layer: number;
  /** Tokens of the pass. */
  readonly tokens: number;
  /** `[tokens, expertsPerToken]`, each token's best first. */
  readonly experts: Uint16Array;
  /** `[tokens, expertsPerToken]`: the share of each expert in the sum; absent in some imports. */
  readonly weights?: Float32Array | undefined;
  /** `[tokens, expertsPerLayer]`: what the router said. */
  readonly logits?: Float32Array | undefined;
  /**
   * `[expertsPerLayer]`: what the next layer's router said about this layer's hidden state of the last
   * token, where the engine asked it early. Decisions may depend on it, so a replay needs it.
   */
  readonly lookahead?: Float32Array | undefined;
}
