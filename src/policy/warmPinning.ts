/**
 * Warm pinning: once routing has shown which experts are hot, they are pinned and never evicted.
 *
 * After `afterAccesses` accesses, once, layers are visited from the hottest to the coldest; of each
 * layer the `perLayer` most used experts are pinned if they are resident, until half of the slots are
 * pinned or a layer without accesses is reached.
 * Source: `MaybeWarmPin` and `WarmPinConfig` of SharpInference (MIT), with three differences: an
 * explicit 0 turns pinning off (there it falls back to the automatic rule), one slot is never pinned
 * (there at least one pin is allowed, so a cache of one slot would be frozen), and an expert that was
 * fetched but never asked for is not hot.
 */
import type { EvictionPolicy } from "./evictionPolicy.ts";
import { type ExpertGrid, type ExpertId, expertCount, expertId } from "./expertId.ts";
import { type AccessProfile, accessCount } from "./profile.ts";
import { requireCount } from "./requireNumber.ts";

export interface WarmPinRule extends ExpertGrid {
  /** Experts to pin per layer. 0 pins none. @default automatic: see {@link warmPinsPerLayer} */
  readonly requested?: number;
  readonly expertsPerToken: number;
  readonly slotCount: number;
}

export interface WarmPinOptions {
  /** Experts to pin per layer, at most; 0 turns pinning off. */
  readonly perLayer: number;
  readonly slotCount: number;
  /** Accesses to watch before choosing. @default 512 */
  readonly afterAccesses?: number;
}

/**
 * How many experts of each layer to pin: the requested number, 0 included; otherwise none if every
 * expert has a slot anyway, and else as many as a token uses (at least 1, at most all).
 */
export function warmPinsPerLayer(rule: WarmPinRule): number {
  const { requested, expertsPerLayer, expertsPerToken, slotCount } = rule;
  if (requested !== undefined) return requireCount("requested pins per layer", requested);
  if (slotCount >= expertCount(rule)) return 0;
  return Math.min(Math.max(expertsPerToken, 1), expertsPerLayer);
}

/** Waits for enough accesses, pins once, and is done. */
export class WarmPinning {
  readonly #perLayer: number;
  readonly #pinBudget: number;
  readonly #afterAccesses: number;
  #done: boolean;

  constructor({ perLayer, slotCount, afterAccesses = 512 }: WarmPinOptions) {
    this.#perLayer = requireCount("pins per layer", perLayer);
    this.#pinBudget = Math.floor(requireCount("slotCount", slotCount, 1) / 2);
    this.#afterAccesses = requireCount("afterAccesses", afterAccesses, 1);
    this.#done = perLayer === 0;
  }

  /** True once the pins are chosen, and from the start where pinning is off. */
  get done(): boolean {
    return this.#done;
  }

  /**
   * To be called after accesses were recorded: pins the hot set when it is time, and notes in the
   * profile what was pinned.
   *
   * @returns the experts pinned by this call, hottest layer first; none before the time and after it
   */
  pinWhenWarm(profile: AccessProfile, policy: Pick<EvictionPolicy, "pin">): readonly ExpertId[] {
    if (this.#done || profile.accesses < this.#afterAccesses) return [];
    this.#done = true;
    const pins: ExpertId[] = [];
    for (const expert of hottestExperts(profile, this.#perLayer)) {
      if (pins.length === this.#pinBudget) break;
      if (policy.pin(expert)) pins.push(expert); // false: not resident, so nothing to keep
    }
    profile.recordWarmPin(pins);
    return pins;
  }
}

/** The `perLayer` most used experts of each layer: hottest layer, then hottest expert first. */
function* hottestExperts(profile: AccessProfile, perLayer: number): Generator<ExpertId> {
  for (const layer of profile.layersByHeat()) {
    for (const expert of profile.topExperts(layer, perLayer)) {
      if (accessCount(profile.expert(layer, expert)) > 0) yield expertId(profile, layer, expert);
    }
  }
}
