/**
 * The engine's rule: the very class that decides for the engine gets the same batches, so what it
 * counts here is what an engine with this policy and these slots would have counted. A batch's experts
 * are protected until it is computed; wide passes displace nobody.
 *
 * There is no clock: what is fetched early arrives in time, before the next access. So there are no
 * late prefetches here, and dropped ones neither; an engine on a busy link has both.
 */
import { noCounts } from "../../policy/cache/cacheCounts.ts";
import { ExpertCache, type PrefetchLimits } from "../../policy/cache/expertCache.ts";
import type { ExpertPredictor } from "../../policy/predictors/predictor.ts";
import type { TraceHeader } from "../traceHeader.ts";
import { predictorFor } from "./predictorFor.ts";
import {
  countedDecodeTokens,
  countsSince,
  type DecisionListener,
  firstCounted,
  needsFuture,
  type PhaseCounts,
  type ReplayCounts,
  type ReplayQuestion,
  type ReplaySettings,
} from "./replayRule.ts";
import { expertsOf } from "./traceAccesses.ts";

export function replayBatches(
  question: ReplayQuestion,
  onDecision?: DecisionListener,
): ReplayCounts {
  const { trace, accesses, settings } = question;
  const { phase, layer, passTokens } = accesses;
  const predictor =
    settings.predictor === undefined ? undefined : predictorFor(settings.predictor, trace);
  const cache = createCache(question, predictor, onDecision);
  if (settings.residents !== undefined) cache.fill(settings.residents);
  const first = firstCounted(question);
  let before: PhaseCounts = { prefill: noCounts(), decode: noCounts() };
  for (let access = 0; access < layer.length; access++) {
    if (access === first) before = countsOf(cache);
    if (passTokens[access]! > 0) {
      const name = phase[access] === 0 ? "prefill" : "decode";
      cache.beginPass({ tokens: passTokens[access]!, phase: name });
    }
    const lookahead = predictor?.foresee && lookaheadOf(question, access);
    for (const { prefetches } of cache.access(
      layer[access]!,
      expertsOf(accesses, access),
      lookahead,
    )) {
      for (const { expert } of prefetches) cache.arrived(expert);
    }
  }
  if (first === layer.length) before = countsOf(cache);
  cache.close();
  return {
    ...countsSince(before, countsOf(cache)),
    decodeTokens: countedDecodeTokens(question),
    ...(predictor && { prefetch: cache.prefetchTotals() }),
  };
}

function createCache(
  { policy, capacity, trace, future, settings }: ReplayQuestion,
  predictor: ExpertPredictor | undefined,
  onDecision: DecisionListener | undefined,
): ExpertCache {
  const { layerCount, expertsPerLayer, expertBytes } = trace.header;
  const { insertsPerPass, wideTokens, warmPins } = settings;
  return new ExpertCache({
    layerCount,
    expertsPerLayer,
    policy,
    pools: capacity.pools,
    ...(expertBytes.length > 0 && { expertBytes }),
    ...(predictor && { predictor, prefetch: prefetchLimits(trace.header, settings) }),
    ...(insertsPerPass !== undefined && { insertsPerPass }),
    ...(wideTokens !== undefined && { wideTokens }),
    ...(warmPins && { warmPins }),
    ...(onDecision && { onDecision }),
    ...(needsFuture(policy) && { future: future() }),
  });
}

function prefetchLimits(
  { layerCount, expertsPerToken, expertBytes }: TraceHeader,
  { prefetchBytes, layersAhead = 1 }: ReplaySettings,
): PrefetchLimits {
  const bytes = expertBytes.length > 0 ? expertBytes : new Array<number>(layerCount).fill(1);
  const cycleBytes = expertsPerToken * bytes.reduce((sum, each) => sum + each, 0);
  return {
    bytesPerPass: prefetchBytes ?? Math.floor(cycleBytes / 4),
    layersAhead,
    expertsPerLayer: expertsPerToken,
  };
}

/** Early router logits that came with the access's record. */
function lookaheadOf({ trace }: ReplayQuestion, access: number): Float32Array | undefined {
  const { lookahead, lookaheadRow } = trace.columns;
  const row = lookaheadRow?.[access] ?? -1;
  const width = trace.header.expertsPerLayer;
  return row === -1 ? undefined : lookahead?.subarray(row * width, (row + 1) * width);
}

function countsOf(cache: ExpertCache): PhaseCounts {
  return { prefill: cache.counts("prefill"), decode: cache.counts("decode") };
}
