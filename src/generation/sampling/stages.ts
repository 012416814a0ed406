/**
 * The stages every chain is made of; those with more to say have files of their own. Each is a
 * factory: setting in, `Stage` out.
 *
 * What they keep follows llama.cpp (`src/llama-sampler.cpp`), so that its settings mean the same
 * here: probabilities are those of the candidates that earlier stages left, and temperature comes
 * last, so that it changes the odds among the kept tokens and not which are kept.
 */
import type { Stage } from "./candidates.ts";
import { entropyOf } from "./entropy.ts";
import { keepFewest } from "./nucleus.ts";

/** Keeps the `count` tokens with the largest logits. */
export function topK(count: number): Stage {
  return (candidates) => candidates.keep(candidates.best(count));
}

/**
 * Keeps the fewest tokens, best first, whose probabilities sum to at least `mass`; at least one.
 *
 * Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (nucleus sampling),
 * arXiv:1904.09751.
 */
export function topP(mass: number): Stage {
  return (candidates) => {
    candidates.softmax();
    keepFewest(candidates, candidates.logits, (sum) => sum >= mass);
  };
}

/**
 * Keeps the tokens that are at least `share` times as probable as the most probable one.
 *
 * Source: Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM
 * Outputs", arXiv:2407.01082.
 */
export function minP(share: number): Stage {
  // p / pMax = exp(logit - largest), so the logits can be compared without a softmax.
  const margin = Math.log(share);
  return (candidates) => candidates.keepAtLeast(candidates.largestLogit() + margin);
}

/**
 * Divides the logits by `divisor`: below 1 sharpens the odds, above 1 flattens them, and 0 is the
 * limit in which the likeliest token takes all.
 *
 * The largest logit is subtracted first, which no softmax notices, so that dividing by a tiny
 * divisor cannot overflow to +Infinity. (To -Infinity it may: such a token has probability 0.)
 */
export function temperature(divisor: number): Stage {
  if (divisor === 0) return topK(1);
  return (candidates) => {
    const { logits, size } = candidates;
    const largest = candidates.largestLogit();
    for (let i = 0; i < size; i++) logits[i] = (logits[i]! - largest) / divisor;
  };
}

export interface DynamicTemperatureSettings {
  readonly temperature: number;
  /** The temperature goes from so much below to so much above the setting, but not below 0. */
  readonly dynamicTemperatureRange: number;
  /** Above 1 keeps it low until the model is quite unsure, below 1 raises it early. */
  readonly dynamicTemperatureExponent: number;
}

/**
 * A temperature that is low where the model is sure and high where it is not: the entropy, as a
 * share of the largest possible one, picks a place in the range.
 *
 * Source: kalomaze's dynamic temperature, as in llama.cpp (`llama_sampler_temp_ext_apply`,
 * https://github.com/ggml-org/llama.cpp/pull/4972).
 */
export function dynamicTemperature(settings: DynamicTemperatureSettings): Stage {
  const { dynamicTemperatureRange: range, dynamicTemperatureExponent: exponent } = settings;
  const lowest = Math.max(0, settings.temperature - range);
  const highest = settings.temperature + range;
  return (candidates) => {
    if (candidates.size < 2) return;
    candidates.softmax();
    const entropy = entropyOf(candidates.probabilities.subarray(0, candidates.size));
    const unsureness = Math.min(1, entropy / Math.log(candidates.size));
    temperature(lowest + (highest - lowest) * unsureness ** exponent)(candidates);
  };
}
