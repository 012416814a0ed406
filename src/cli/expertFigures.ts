/** What experts on demand came to over a stretch of work, in figures worth reading. */
import type { ExpertReport } from "../generation/expertTier.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import type { Phase } from "../policy/cache/cacheCounts.ts";
import { policyCliff } from "../policy/registry.ts";
import { type CliffVerdict, guardCliff } from "../policy/sizing/cliffGuard.ts";
import { hotListCurve, readCurve, whatMoreMemoryBuys } from "../policy/sizing/missRatioCurve.ts";
import { type ExpertLayer, tokenCycleBytes } from "../policy/sizing/tokenCycle.ts";
import type { ExpertTally } from "./expertWatch.ts";
import { type GpuFigures, layersInRam, ramReport } from "./gpuFigures.ts";
import { hitRateOf } from "./hitRate.ts";

/** What more RAM would change, as far as the uses counted so far can tell. */
export interface MoreMemory {
  readonly extraBytes: number;
  readonly msSavedPerToken: number;
  readonly tokensPerSecondNow: number;
  readonly tokensPerSecondThen: number;
}

export interface ExpertFigures {
  /** On RAM, and the experts that it is asked for. */
  readonly report: ExpertReport;
  readonly tally: ExpertTally;
  /** One for each GPU. */
  readonly gpus: readonly GpuFigures[];
  /** Every expert that RAM is asked for has a slot, so nothing was decided. */
  readonly holdsAll: boolean;
  /** Slots in token cycles. */
  readonly tokenCycles: number;
  /** `undefined` where nothing was asked for. */
  readonly hitRate: Readonly<Record<Phase, number | undefined>>;
  /** In decode; `undefined` without a token. */
  readonly stallMsPerToken: number | undefined;
  readonly cliff: CliffVerdict;
  readonly moreMemory: MoreMemory | undefined;
}

/** What a tally of some work means for a model as it is after it. */
export function expertFigures(model: LanguageModel, tally: ExpertTally): ExpertFigures {
  const report = ramReport(model);
  return {
    report,
    tally,
    gpus: model.gpus.map((gpu, index) => ({ report: gpu, tally: tally.gpus[index]! })),
    holdsAll: report.slots >= report.experts,
    tokenCycles: report.tokenCycleSlots === 0 ? 0 : report.slots / report.tokenCycleSlots,
    hitRate: {
      prefill: hitRateOf(tally.counts.prefill),
      decode: hitRateOf(tally.counts.decode),
    },
    stallMsPerToken: tally.decodeSteps > 0 ? tally.stallMs.decode / tally.decodeSteps : undefined,
    cliff: cliffOf(model),
    moreMemory: moreMemory(model, tally),
  };
}

/** Whether the slots can work with the policy at all. */
export function cliffOf(model: LanguageModel): CliffVerdict {
  const { slots, policy } = ramReport(model);
  return guardCliff({ layers: sizedLayers(model), slots, ...policyCliff(policy) });
}

/** Bytes of the experts that one token asks for. */
export function cycleBytes(model: LanguageModel): number {
  return tokenCycleBytes(sizedLayers(model));
}

const GIB = 2 ** 30;
/** Below, one slow read decides. */
const leastSteps = 16;

/** `undefined` where it would be guesswork: nothing was waited for, or too little was counted. */
function moreMemory(
  model: LanguageModel,
  { counts, stallMs, timed }: ExpertTally,
): MoreMemory | undefined {
  const { profile, slots, experts, tokenCycleSlots } = ramReport(model);
  const misses = counts.decode.admitted + counts.decode.bypassed;
  const isCounted = timed.steps >= leastSteps && profile.accesses >= experts;
  if (slots >= experts || misses === 0 || stallMs.decode === 0 || !isCounted) return undefined;
  const missMs = stallMs.decode / misses;
  const tokenMs = timed.ms / timed.steps;
  const expertBytes = meanExpertBytes(model);
  const curve = hotListCurve(profile, expertBytes);
  const cacheBytes = slots * expertBytes;
  // The curve is of all that was ever counted; where that says more misses than came, it is not of this.
  if (readCurve(curve, cacheBytes).missRatio * tokenCycleSlots * missMs >= tokenMs)
    return undefined;
  const extraBytes = Math.min(GIB, (experts - slots) * expertBytes);
  const { msSavedPerToken, tokensPerSecondNow, tokensPerSecondThen } = whatMoreMemoryBuys({
    ...{ curve, cacheBytes, extraBytes, missMs, tokenMs },
    accessesPerToken: tokenCycleSlots,
  });
  return { extraBytes, msSavedPerToken, tokensPerSecondNow, tokensPerSecondThen };
}

function meanExpertBytes(model: LanguageModel): number {
  const layers = layersInRam(model);
  const total = layers.reduce((sum, { expertBytes }) => sum + expertBytes, 0);
  return Math.round(total / Math.max(1, layers.length));
}

function sizedLayers(model: LanguageModel): ExpertLayer[] {
  return layersInRam(model).map(({ expertCount, expertBytes }) => ({
    ...{ expertCount, expertBytes },
    expertsPerToken: model.shape.expertsPerToken,
  }));
}
