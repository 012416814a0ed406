/**
 * The only door to expert weights. Where an expert lies, how it gets there, who counts its uses
 * and who guesses the next ones is decided behind it; a model family routes and mixes.
 */
import type { Hidden, Matrix } from "../compute/ops.ts";

/** The experts that serve each token, and their shares: `[tokens, k]`, in mixing order. */
export interface Routing {
  readonly tokens: number;
  readonly k: number;
  readonly experts: Int32Array;
  readonly weights: Float32Array;
}

/** From router logits `[tokens, expertCount]` to the experts that serve each token. */
export type RoutingRule = (logits: Float32Array, tokens: number, expertCount: number) => Routing;

/** All experts of one layer: SwiGLU feed-forwards of equal shape. */
export interface ExpertLayer {
  readonly layer: number;
  readonly expertCount: number;
  /** Bytes of one expert's three matrices. */
  readonly expertBytes: number;
}

export interface Experts {
  /** Computes the router's logits, applies the family's rule and publishes the decision. */
  readonly route: (layer: number, router: Matrix, x: Hidden, rule: RoutingRule) => Promise<Routing>;
  /** The experts' outputs, added up by their weights in routing order: `[tokens, hiddenSize]`. */
  readonly mix: (experts: ExpertLayer, x: Hidden, routing: Routing) => Promise<Hidden>;
}
