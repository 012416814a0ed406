/**
 * The package entry `sluice/policy`: what to keep, what to fetch early, how much memory it takes.
 * Pure and synchronous, without a Node API, so that it runs in the engine, a simulator and a page alike.
 */
export { addCounts, type CacheCounts, type Phase } from "./cache/cacheCounts.ts";
export type { CachePool, CachePoolsOptions } from "./cache/cachePools.ts";
export type { CacheDecision, CachePart, CachePass, Prefetch } from "./cache/decisions.ts";
export {
  ExpertCache,
  type ExpertCacheOptions,
  type PrefetchLimits,
} from "./cache/expertCache.ts";
export { fillOrder } from "./cache/fillOrder.ts";
export {
  CostModel,
  type CostModelOptions,
  type MissDecision,
  type MissQuestion,
  type MoveAheadDecision,
  type MoveAheadQuestion,
} from "./costModel.ts";
export type {
  Access,
  AccessOutcome,
  Admission,
  AdmissionCause,
  EntryMarks,
  EvictionPolicy,
  PolicySetting,
  PolicySnapshot,
  PrefetchOutcome,
} from "./evictionPolicy.ts";
export { Ewma } from "./ewma.ts";
export {
  type ExpertGrid,
  type ExpertId,
  expertCount,
  expertId,
  expertInLayer,
  layerOf,
} from "./expertId.ts";
export { ExpertQueues } from "./expertQueues.ts";
export { ExpertRanking } from "./expertRanking.ts";
export { accessInParts } from "./inParts.ts";
export type { CliffTraits, PolicyEntry, PolicyTraits, RuleMaking } from "./policyCatalogue.ts";
export { type ParameterReader, type PolicySpec, parsePolicySpec } from "./policySpec.ts";
export { CombinedPredictor, type WeightedPredictor } from "./predictors/combined.ts";
export { type DecayedCountsOptions, DecayedCountsPredictor } from "./predictors/decayedCounts.ts";
export { GateLookaheadPredictor } from "./predictors/gateLookahead.ts";
export { type Candidate, candidatesOf, type ExpertPredictor } from "./predictors/predictor.ts";
export {
  createPredictor,
  type PredictorSetting,
  predictorEntry,
  predictorNames,
} from "./predictors/predictorRegistry.ts";
export { type PreviousTokenOptions, PreviousTokenPredictor } from "./predictors/previousToken.ts";
export { RandomPredictor, type RandomPredictorOptions } from "./predictors/random.ts";
export { StaticHotListPredictor } from "./predictors/staticHotList.ts";
export { TransitionPredictor } from "./predictors/transitions.ts";
export {
  type PrefetchEnd,
  PrefetchLedger,
  type PrefetchTally,
  type PrefetchTotals,
  prefetchEnds,
  prefetchPrecision,
} from "./prefetch/prefetchLedger.ts";
export {
  type PlannedFetch,
  PrefetchPlanner,
  type PrefetchPlannerOptions,
  type PrefetchView,
} from "./prefetch/prefetchPlanner.ts";
export {
  PrefetchQueue,
  type PrefetchQueueOptions,
  type QueueOverflow,
  queueOverflows,
} from "./prefetch/prefetchQueue.ts";
export {
  AccessProfile,
  accessCount,
  hitRate,
  mergeProfiles,
  type UseCounts,
  type WarmPinSnapshot,
} from "./profile.ts";
export { loadProfile, type ProfileRecord, parseProfile, saveProfile } from "./profileRecord.ts";
export { formatProfile, type ProfileReportOptions } from "./profileReport.ts";
export {
  checkPolicySpec,
  createPolicy,
  policyCliff,
  policyEntry,
  policyNames,
} from "./registry.ts";
export {
  type Batch,
  NOBODY,
  type ReplacementRule,
  type RulePart,
  type Slots,
} from "./replacementRule.ts";
export { RuledPolicy } from "./ruledPolicy.ts";
export { NumberCell, NumberTable, RandomNumbers } from "./ruleNumbers.ts";
export {
  type AllocationRounding,
  expertFootprint,
  noRounding,
  roundUpToMultiple,
  roundUpToPowerOfTwo,
} from "./sizing/allocationRounding.ts";
export {
  type CliffQuestion,
  type CliffStatus,
  type CliffVerdict,
  guardCliff,
} from "./sizing/cliffGuard.ts";
export { type SlicedLayer, sliceByLayer } from "./sizing/layerSlices.ts";
export {
  type CurvePoint,
  type CurveReading,
  hotListCurve,
  type MoreMemoryAnswer,
  type MoreMemoryQuestion,
  readCurve,
  whatMoreMemoryBuys,
} from "./sizing/missRatioCurve.ts";
export {
  planSharpInference,
  type SharpInferencePlan,
  type SharpInferenceSizing,
  type SharpInferenceStatus,
} from "./sizing/sharpInferencePlan.ts";
export {
  planSlots,
  type SlotPlan,
  type SlotPlanQuestion,
  type SlotPool,
} from "./sizing/slotPlan.ts";
export {
  cliffSlots,
  type ExpertLayer,
  equalLayers,
  tokenCycleBytes,
  tokenCycleSlots,
  totalExperts,
} from "./sizing/tokenCycle.ts";
export {
  WarmPinning,
  type WarmPinOptions,
  type WarmPinRule,
  warmPinsPerLayer,
} from "./warmPinning.ts";
