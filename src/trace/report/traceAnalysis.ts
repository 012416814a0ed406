/** All numbers of a report but those of the simulator, computed before anything is drawn. */
import { cliffSlots, equalLayers, tokenCycleSlots } from "../../policy/sizing/tokenCycle.ts";
import type { DistanceHistogram } from "../metrics/distanceHistogram.ts";
import { type LayerTokens, type TraceView, tokensByLayer } from "../metrics/layerTokens.ts";
import { coverage, gini, topShare, usedExperts, usesByExpert } from "../metrics/popularity.ts";
import { type PredictorScore, scorePredictors } from "../metrics/predictorScores.ts";
import { reuseInExperts, reuseInTokens } from "../metrics/reuseDistance.ts";
import { segmentCacheHitRate } from "../metrics/segmentCache.ts";
import { type SegmentRouting, segmentRouting } from "../metrics/segmentRouting.ts";
import { tokenHeat } from "../metrics/tokenHeat.ts";
import type { RoutingTrace } from "../routingTrace.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { Phase } from "../traceRecord.ts";

/** Cache sizes of SCH, in slots per expert that a token uses. */
export const cacheRatios: readonly number[] = [1, 2, 4];
/** Tokens that count as "shortly before" for token heat. */
export const heatWindow = 8;
const segmentLengths = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/** SCH and predictors look at each token many times; of long traces the beginning has to do. */
const excerptTokens = 2048;

export interface SegmentFigures extends SegmentRouting {
  /** SCH by {@link cacheRatios}. */
  readonly cacheHitRates: readonly number[];
}

/** How unequally a layer, or all of them, use their experts. */
export interface Skew {
  readonly gini: number;
  readonly topEightShare: number;
  readonly usedExperts: number;
}

export interface TraceAnalysis {
  readonly header: TraceHeader;
  readonly tokens: Readonly<Record<Phase, number>>;
  readonly sequences: number;
  /** T in slots, and the fewest slots at which recency hits at all. */
  readonly tokenCycle: number;
  readonly cliff: number;
  /** Which tokens the figures below are about: those of decode, if there are any. */
  readonly phase: Phase;
  /** Tokens that `segments` and `predictors` are about. */
  readonly excerptTokens: number;
  /** Uses, `[layerCount, expertsPerLayer]`. */
  readonly uses: readonly Float64Array[];
  /** `[layerCount]` */
  readonly layerTokens: readonly number[];
  /** Over all experts of all layers. */
  readonly skew: Skew;
  readonly layerSkew: readonly Skew[];
  /** Share of uses by the most used experts of all layers: `coverage` of popularity.ts. */
  readonly coverage: Float64Array;
  readonly reuse: { readonly inTokens: DistanceHistogram; readonly inExperts: DistanceHistogram };
  readonly segments: readonly SegmentFigures[];
  /** `[layerCount, tokens]`, token heat. */
  readonly heat: readonly Float64Array[];
  readonly predictors: readonly PredictorScore[];
}

export function analyseTrace(trace: RoutingTrace): TraceAnalysis {
  const { header } = trace;
  const { layerCount, expertsPerLayer, expertsPerToken } = header;
  const tokens = { prefill: trace.tokenCount("prefill"), decode: trace.tokenCount("decode") };
  const phase = tokens.decode > 0 ? "decode" : "prefill";
  const layers = tokensByLayer(trace, phase);
  const uses = usesByExpert(trace, phase);
  const allUses = Float64Array.from(uses.flatMap((layer) => [...layer]));
  const grid = equalLayers(layerCount, {
    ...{ expertCount: expertsPerLayer, expertsPerToken, expertBytes: 1 },
  });
  return {
    ...{ header, tokens, phase, uses },
    sequences: new Set(trace.columns.sequence).size,
    tokenCycle: tokenCycleSlots(grid),
    cliff: cliffSlots(grid),
    excerptTokens: Math.min(excerptTokens, tokens[phase]),
    layerTokens: layers.map(({ tokenCount }) => tokenCount),
    skew: skewOf(allUses),
    layerSkew: uses.map(skewOf),
    coverage: coverage(allUses),
    reuse: {
      inTokens: reuseInTokens(layers, expertsPerLayer),
      inExperts: reuseInExperts(trace, phase),
    },
    segments: segmentFigures(layers, expertsPerLayer),
    heat: layers.map((layer) => tokenHeat(layer, expertsPerLayer, heatWindow)),
    predictors: tokens.decode > 1 ? scorePredictors(beginning(trace)) : [],
  };
}

function skewOf(uses: Float64Array): Skew {
  return { gini: gini(uses), topEightShare: topShare(uses, 8), usedExperts: usedExperts(uses) };
}

function segmentFigures(layers: readonly LayerTokens[], expertsPerLayer: number): SegmentFigures[] {
  const excerpt = layers.map((layer): LayerTokens => {
    const tokenCount = Math.min(excerptTokens, layer.tokenCount);
    const experts = layer.experts.subarray(0, tokenCount * layer.expertsPerToken);
    const sequence = layer.sequence.subarray(0, tokenCount);
    return { ...layer, tokenCount, experts, sequence };
  });
  return segmentLengths.flatMap((segmentLength) => {
    const routing = segmentRouting(excerpt, expertsPerLayer, segmentLength);
    if (routing === undefined) return [];
    const cacheHitRates = cacheRatios.map((ratio) =>
      segmentCacheHitRate(excerpt, { expertsPerLayer, segmentLength, ratio }),
    );
    return [{ ...routing, cacheHitRates }];
  });
}

/** All prompts, and the passes of decode up to the excerpt's end. */
function beginning(trace: RoutingTrace): TraceView {
  const { header } = trace;
  return {
    header,
    *[Symbol.iterator]() {
      const passes = new Uint32Array(header.layerCount);
      for (const record of trace) {
        if (record.phase === "decode" && passes[record.layer]!++ >= excerptTokens) continue;
        yield record;
      }
    },
  };
}
