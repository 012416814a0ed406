/** How often experts were where they were wanted. */
import type { CacheCounts, Phase } from "../policy/cache/cacheCounts.ts";

/** `undefined` where nothing was asked for. */
export function hitRateOf({ hits, uses }: CacheCounts): number | undefined {
  return uses === 0 ? undefined : hits / uses;
}

export function percentText(share: number | undefined): string {
  return share === undefined ? "none asked for" : `${(100 * share).toFixed(1)} %`;
}

/** Of decode and prefill, in this order. */
export function hitsText(counts: Readonly<Record<Phase, CacheCounts>>): string {
  const part = (phase: Phase) => `${percentText(hitRateOf(counts[phase]))} in ${phase}`;
  return `${part("decode")}, ${part("prefill")}`;
}

/** The phase that says how it goes: decode, once it has begun. */
export function phaseToTell(counts: Readonly<Record<Phase, CacheCounts>>): Phase {
  return counts.decode.uses > 0 ? "decode" : "prefill";
}
