/**
 * The only door to expert weights. Where an expert lies, how it gets there, who counts its uses
 * and who guesses the next ones is decided behind it; a model family routes and mixes.
 */
import type { Hidden, Matrix } from "../compute/ops.ts";

/** A router's decision, wherever it is: on a device that decided by itself, nobody else knows it yet. */
export interface Routed {
  readonly tokens: number;
  readonly k: number;
}

/** The experts that serve each token, and their shares: `[tokens, k]`, in mixing order. */
export interface Routing extends Routed {
  readonly experts: Int32Array;
  readonly weights: Float32Array;
}

/** A decision that is here; one that is still on a device belongs to that device's door. */
export function decided(routed: Routed): Routing {
  if ("experts" in routed) return routed as Routing;
  throw new TypeError("this routing belongs to another device");
}

/** From router logits `[tokens, expertCount]` to the experts that serve each token. */
export interface RoutingRule {
  (logits: Float32Array, tokens: number, expertCount: number): Routing;
  /** Set if it is softmax over all, then the top k: a rule that devices know as well. */
  readonly softmaxThenTopK?: { readonly k: number; readonly renormalise: boolean };
}

/** All experts of one layer: SwiGLU feed-forwards of equal shape. */
export interface ExpertLayer {
  readonly layer: number;
  readonly expertCount: number;
  /** Bytes of one expert's three matrices. */
  readonly expertBytes: number;
}

export interface Experts {
  /** Computes the router's logits, applies the family's rule and publishes the decision. */
  readonly route: (layer: number, router: Matrix, x: Hidden, rule: RoutingRule) => Promise<Routed>;
  /** The experts' outputs, added up by their weights in routing order: `[tokens, hiddenSize]`. */
  readonly mix: (experts: ExpertLayer, x: Hidden, routing: Routed) => Promise<Hidden>;
}
