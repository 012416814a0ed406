/**
 * The package entry `sluice/trace`: routing traces, what they say, and what any policy makes of them.
 */

export { jsonLinesText } from "./export/jsonLines.ts";
export { routeTraceText } from "./export/routeTraceCsv.ts";
export { type Compression, compressions } from "./format/compression.ts";
export { traceFileBytes } from "./format/traceBlocks.ts";
export { TraceWriter, type TraceWriterOptions } from "./format/traceWriter.ts";
export type { NpyOptions } from "./import/npy.ts";
export {
  type DistanceHistogram,
  medianDistance,
  shareWithin,
} from "./metrics/distanceHistogram.ts";
export { type LayerTokens, type TraceView, tokensByLayer } from "./metrics/layerTokens.ts";
export { coverage, gini, topShare, usedExperts, usesByExpert } from "./metrics/popularity.ts";
export {
  type PredictorScore,
  type ScoredPredictor,
  scorePredictors,
  standardPredictors,
} from "./metrics/predictorScores.ts";
export { reuseInExperts, reuseInTokens } from "./metrics/reuseDistance.ts";
export { type SegmentCacheQuestion, segmentCacheHitRate } from "./metrics/segmentCache.ts";
export { type SegmentRouting, segmentRouting } from "./metrics/segmentRouting.ts";
export { tokenHeat } from "./metrics/tokenHeat.ts";
export {
  type OpenTraceOptions,
  openTrace,
  openTraceSource,
  type TraceSourceOptions,
} from "./openTrace.ts";
export {
  type MissCurve,
  type MissPoint,
  reportPolicies,
  reportSlots,
} from "./report/missCurves.ts";
export { reportPage, reportSvgs } from "./report/reportPage.ts";
export {
  analyseTrace,
  type SegmentFigures,
  type Skew,
  type TraceAnalysis,
} from "./report/traceAnalysis.ts";
export {
  reportJson,
  reportOnTrace,
  type TraceReport,
  type TraceReportOptions,
} from "./report/traceReport.ts";
export {
  type KeptColumns,
  phaseNames,
  RoutingTrace,
  RoutingTraceBuilder,
  type TraceColumns,
  type TransferableTrace,
} from "./routingTrace.ts";
export { type Accounting, accountings } from "./simulation/accounting.ts";
export {
  type Capacity,
  type PlacedCapacity,
  placeCapacity,
  type SlotPooling,
} from "./simulation/capacity.ts";
export type { CompareRow, PrefetchRow } from "./simulation/compareRow.ts";
export {
  type CompareOptions,
  type CompareProgress,
  type CompareRun,
  compareTrace,
} from "./simulation/compareTrace.ts";
export { replayPredictorNames } from "./simulation/predictorFor.ts";
export { type ReplayManner, type ReplayOptions, replay } from "./simulation/replay.ts";
export type { ReplaySettings } from "./simulation/replayRule.ts";
export { type FloodShape, floodTrace } from "./synthesis/floodTrace.ts";
export { type SyntheticKind, type SyntheticSetting, syntheticKinds } from "./synthesis/index.ts";
export { type StickyShape, stickyTrace } from "./synthesis/stickyTrace.ts";
export {
  buildSyntheticTrace,
  type SyntheticShape,
  type SyntheticTrace,
} from "./synthesis/syntheticTrace.ts";
export { type SwitchSource, switchTopic } from "./synthesis/topicSwitch.ts";
export { cyclicTrace, flatTrace } from "./synthesis/uniformTrace.ts";
export { type ZipfShape, zipfTrace } from "./synthesis/zipfTrace.ts";
export type { TraceHeader } from "./traceHeader.ts";
export type { Phase, TraceRecord } from "./traceRecord.ts";
export {
  type RecordableModel,
  TraceRecorder,
  type TraceRecorderOptions,
} from "./traceRecorder.ts";
export { collectTrace, type TraceKind, type TraceSource } from "./traceSource.ts";
export { summariseTrace, type TraceSummary } from "./traceSummary.ts";
export { withoutWeights } from "./withoutWeights.ts";
