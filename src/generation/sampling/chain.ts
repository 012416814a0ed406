/**
 * The chain of stages that the options ask for, in the order they ask for.
 *
 * Source: llama.cpp, `common_sampler_init` (common/sampling.cpp).
 */
import type { Stage } from "./candidates.ts";
import { dry } from "./dry.ts";
import type { TokenSequences } from "./dryBreakers.ts";
import type { Mirostat } from "./mirostat.ts";
import { penalties } from "./penalties.ts";
import type { SamplerStage, SamplingSettings } from "./samplingOptions.ts";
import { dynamicTemperature, minP, temperature, topK, topP } from "./stages.ts";
import { topNSigma } from "./topNSigma.ts";
import { typicalP } from "./typical.ts";
import { xtc } from "./xtc.ts";

export interface ChainParts {
  /** Prompt and generated tokens, growing. */
  readonly history: readonly number[];
  readonly breakers: TokenSequences;
  /** XTC's own random numbers: using it does not disturb the draws. */
  readonly xtcRandom: () => number;
  /** Takes the place of all stages but temperature. */
  readonly mirostat: Mirostat | undefined;
}

/** The stages that have something to do, in order. */
export function chainOf(settings: SamplingSettings, parts: ChainParts): readonly Stage[] {
  const { mirostat } = parts;
  if (mirostat !== undefined) return [temperature(settings.temperature), mirostat.stage];
  return settings.samplers.flatMap((name) => stageOf[name](settings, parts) ?? []);
}

type StageFactory = (settings: SamplingSettings, parts: ChainParts) => Stage | undefined;

/** Each stage, or `undefined` where the settings turn it off. */
const stageOf: Readonly<Record<SamplerStage, StageFactory>> = {
  penalties(settings, { history }) {
    const { repeatPenalty, frequencyPenalty, presencePenalty, penaltyLastN } = settings;
    const isOff = repeatPenalty === 1 && frequencyPenalty === 0 && presencePenalty === 0;
    return isOff || penaltyLastN === 0 ? undefined : penalties(settings, history);
  },
  dry(settings, { history, breakers }) {
    return usesDry(settings) ? dry(settings, history, breakers) : undefined;
  },
  topNSigma: ({ topNSigma: n }) => (n > 0 ? topNSigma(n) : undefined),
  topK: ({ topK: count }) => (count > 0 ? topK(count) : undefined),
  typicalP: ({ typicalP: mass }) => (mass < 1 ? typicalP(mass) : undefined),
  topP: ({ topP: mass }) => (mass < 1 ? topP(mass) : undefined),
  minP: ({ minP: share }) => (share > 0 ? minP(share) : undefined),
  xtc(settings, { xtcRandom }) {
    const isOff = settings.xtcProbability === 0 || settings.xtcThreshold > 0.5;
    return isOff ? undefined : xtc(settings, xtcRandom);
  },
  temperature(settings) {
    if (settings.dynamicTemperatureRange > 0) return dynamicTemperature(settings);
    return settings.temperature === 1 ? undefined : temperature(settings.temperature);
  },
};

/** Whether DRY is on and in the chain: finding its breakers takes a while. */
export function usesDry(settings: SamplingSettings): boolean {
  const { mirostat, samplers, dryMultiplier, dryPenaltyLastN } = settings;
  return mirostat === 0 && samplers.includes("dry") && dryMultiplier > 0 && dryPenaltyLastN !== 0;
}
