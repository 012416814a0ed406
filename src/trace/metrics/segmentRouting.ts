/**
 * SRP, segment routing best performance: how well one fixed set of experts serves a stretch of text.
 *
 * Slide a segment of m tokens over each sequence. For every segment and every expert of a layer, c in
 * 0..m counts the tokens that used it. An oracle keeps an expert for the whole segment if c >= t:
 *
 *   precision(t) = sum of c >= t / (m x number of c >= t)       kept experts that are used
 *   recall(t)    = sum of c >= t / sum of all c                 uses that find their expert kept
 *   F1(t)        = 2 x sum of c >= t / (m x number of c >= t + sum of all c)
 *   SRP(m)       = highest F1(t)
 *   group ratio  = m x number of c >= t / sum of all c, at the best t: experts kept per expert used
 *
 * 1 means that routing is constant within segments. Pooled over layers: one t for all.
 * Source: J. Liang et al., "Not All Models Suit Expert Offloading: On Local Routing Consistency of
 * Mixture-of-Expert Models", arXiv:2505.16056, and its code moe-lrc (src/30_srp_calc.py).
 */
import { OptionError } from "../../support/errors.ts";
import { expertsOfToken, type LayerTokens, tokensOfSequences } from "./layerTokens.ts";

export interface SegmentRouting {
  readonly segmentLength: number;
  /** SRP(m), in [0, 1]. */
  readonly performance: number;
  /** The best t; among equals the lowest. */
  readonly threshold: number;
  readonly groupRatio: number;
}

/** @returns `undefined` if no sequence is as long as the segment */
export function segmentRouting(
  layers: readonly LayerTokens[],
  expertsPerLayer: number,
  segmentLength: number,
): SegmentRouting | undefined {
  if (!Number.isSafeInteger(segmentLength) || segmentLength < 1) {
    throw new OptionError(`a segment must have one token or more, not ${segmentLength}`);
  }
  const histogram = new Float64Array(segmentLength + 1);
  for (const layer of layers) addCounts(layer, expertsPerLayer, histogram);
  return bestThreshold(histogram);
}

/** Adds to `histogram[c]` the pairs of segment and expert with that count. */
function addCounts(layer: LayerTokens, expertsPerLayer: number, histogram: Float64Array): void {
  const segmentLength = histogram.length - 1;
  for (const tokens of tokensOfSequences(layer)) {
    const segments = tokens.length - segmentLength + 1;
    if (segments < 1) continue;
    const counts = new Uint32Array(expertsPerLayer);
    /** The segment from which on the expert has its present count. */
    const since = new Float64Array(expertsPerLayer);
    // Few counts change from segment to segment: stretches are added when they end.
    const change = (token: number, by: 1 | -1, segment: number) => {
      for (const expert of expertsOfToken(layer, tokens[token]!)) {
        histogram[counts[expert]!]! += segment - since[expert]!;
        since[expert] = segment;
        counts[expert]! += by;
      }
    };
    for (let token = 0; token < segmentLength; token++) change(token, 1, 0);
    for (let segment = 1; segment < segments; segment++) {
      change(segment - 1, -1, segment);
      change(segment + segmentLength - 1, 1, segment);
    }
    for (let expert = 0; expert < expertsPerLayer; expert++) {
      histogram[counts[expert]!]! += segments - since[expert]!;
    }
  }
}

function bestThreshold(histogram: Float64Array): SegmentRouting | undefined {
  const segmentLength = histogram.length - 1;
  const allUses = histogram.reduce((sum, pairs, count) => sum + pairs * count, 0);
  if (allUses === 0) return undefined;
  let [uses, places] = [0, 0];
  let best = { segmentLength, performance: -1, threshold: 0, groupRatio: 0 };
  for (let threshold = segmentLength; threshold >= 0; threshold--) {
    uses += threshold * histogram[threshold]!;
    places += segmentLength * histogram[threshold]!;
    const performance = (2 * uses) / (places + allUses);
    if (performance >= best.performance) {
      best = { segmentLength, performance, threshold, groupRatio: places / allUses };
    }
  }
  return best;
}
