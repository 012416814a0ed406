/**
 * The experts' part of an open model: as many slots as the budget pays for, a cache that decides who
 * has one, a loader that fills them.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { ExpertLoader } from "../experts/expertLoader.ts";
import type { ExpertLayer } from "../experts/experts.ts";
import { type LayerSlots, RamTier } from "../experts/ramTier.ts";
import type { TieredExperts } from "../experts/tieredExperts.ts";
import type { GgufFile } from "../gguf/ggufFile.ts";
import type { CacheCounts, Phase } from "../policy/cache/cacheCounts.ts";
import type { ExpertCache } from "../policy/cache/expertCache.ts";
import { fillOrder } from "../policy/cache/fillOrder.ts";
import { type ExpertGrid, layerOf } from "../policy/expertId.ts";
import type { PrefetchTotals } from "../policy/prefetch/prefetchLedger.ts";
import type { AccessProfile } from "../policy/profile.ts";
import { policyEntry } from "../policy/registry.ts";
import { SluiceError } from "../support/errors.ts";
import { publish } from "../support/events.ts";
import {
  checkExpertOptions,
  type ExpertOptions,
  expertDefaults,
  predictorOf,
} from "./expertOptions.ts";
import { takeSlots } from "./expertSlots.ts";
import { refuseIfCancelled } from "./loadSignal.ts";
import { planRam, type RamPlan } from "./ramPlan.ts";
import { createTierCache } from "./tierCache.ts";
import type { WeightStore } from "./weightStore.ts";

export { type ExpertOptions, expertDefaults, looksAhead } from "./expertOptions.ts";

/** Where the experts are, and how that went since the model was opened. */
export interface ExpertReport {
  readonly policy: string;
  /** `undefined` if nothing is read ahead. */
  readonly predictor: string | undefined;
  /** Slots, and how many experts there are for them. */
  readonly slots: number;
  readonly experts: number;
  /** Bytes of all slots. */
  readonly slotBytes: number;
  /** Bytes that were allowed, and what of them everything but slots takes. */
  readonly budgetBytes: number;
  readonly fixedBytes: number;
  /** T: experts of one token. */
  readonly tokenCycleSlots: number;
  readonly counts: Readonly<Record<Phase, CacheCounts>>;
  readonly prefetch: PrefetchTotals;
  /** Bytes of experts read from the file, those in the background included. */
  readonly bytesRead: number;
  /** Milliseconds in which computing stood still because weights were on their way. */
  readonly stallMs: number;
  /** Experts that were to be read and have not come yet. */
  readonly pending: number;
  /** Uses of every expert, in layers that have experts. */
  readonly profile: AccessProfile;
}

export interface ExpertTierParts {
  readonly file: GgufFile;
  readonly backend: CpuBackend;
  readonly store: WeightStore;
  readonly experts: TieredExperts;
  /** Bytes that the arenas will be asked for later: keys and values. */
  readonly laterBytes: number;
  readonly expertsPerToken: number;
  /** Layers that never ask for RAM: all their experts are elsewhere. */
  readonly elsewhere?: ReadonlySet<number>;
  readonly signal?: AbortSignal | undefined;
}

/** What an open tier is made of. */
interface Tier {
  readonly options: ExpertOptions;
  readonly plan: RamPlan;
  readonly cache: ExpertCache;
  readonly loader: ExpertLoader;
  readonly ram: RamTier;
  readonly layerCount: number;
  readonly expertsPerToken: number;
}

export class ExpertTier implements AsyncDisposable {
  readonly plan: RamPlan;
  readonly #tier: Tier;

  /** Use {@link ExpertTier.open}. */
  private constructor(tier: Tier) {
    this.plan = tier.plan;
    this.#tier = tier;
  }

  /**
   * Plans the budget, takes the memory, reads the hot tensors; experts as the options say.
   *
   * @throws SluiceError `out-of-memory` if the budget does not suffice, OptionError, and what reading
   *   throws
   */
  static async open(parts: ExpertTierParts, options: ExpertOptions): Promise<ExpertTier> {
    const { file, backend, store, experts, laterBytes, expertsPerToken, signal } = parts;
    const { elsewhere = new Set() } = parts;
    const sources = store.expertSources;
    const layers = sources.map(({ layer }) => layer);
    const grid = gridOf(layers);
    checkExpertOptions(options, grid);
    const plan = planRam({
      budget: options.ramBytes ?? "auto",
      fixedBytes: store.hotBytes + laterBytes + backend.workingBytes,
      layers: layers.map(({ layer, expertCount, slotBytes }) => {
        const asked = elsewhere.has(layer) ? 0 : expertCount;
        return { expertCount: asked, expertsPerToken, expertBytes: slotBytes };
      }),
      slotsTaken: policyEntry(options.policy ?? expertDefaults.policy).slots,
    });
    const cache = createTierCache(
      {
        grid,
        layers,
        expertsPerToken,
        plan,
        onDecision: (decision) =>
          publish("sluice:cache", () => ({ model: backend.identity, tier: "ram", ...decision })),
      },
      options,
    );
    await store.loadHot(backend, plan.slotBytes + laterBytes, signal);
    const slots = takeSlots(plan, backend.arenas, laterBytes);
    const loader = new ExpertLoader({
      file,
      sources,
      expertsPerLayer: grid.expertsPerLayer,
      timeoutMs: options.readTimeoutMs ?? expertDefaults.readTimeoutMs,
      fillBytes: bytesOfKept(plan, layers),
      onReady: (expert) => cache.arrived(expert),
    });
    const ordinals = new Map(layers.map(({ layer }, ordinal) => [layer, ordinal]));
    const breathe = () => backend.breathe();
    const ram = new RamTier({ cache, loader, ordinals, slots, breathe });
    experts.settle(ram);
    const asks = (layer: number) => !elsewhere.has(layers[layer]?.layer ?? -1);
    fill(cache, loader, slots, options.profile, asks);
    const isLarge = plan.slotBytes > expertDefaults.eagerBytes;
    if ((options.load ?? (isLarge ? "lazy" : "eager")) === "eager") await settle(loader, signal);
    const layerCount = layers.length;
    return new ExpertTier({ options, plan, cache, loader, ram, layerCount, expertsPerToken });
  }

  /** Where the experts are, and how that went so far. */
  report(): ExpertReport {
    const { options, plan, cache, loader, ram, layerCount, expertsPerToken } = this.#tier;
    return {
      policy: options.policy ?? expertDefaults.policy,
      predictor: plan.holdsAll ? undefined : predictorOf(options),
      slots: plan.pools.reduce((sum, { slots }) => sum + slots, 0),
      experts: layerCount * cache.expertsPerLayer,
      slotBytes: plan.slotBytes,
      budgetBytes: plan.budgetBytes,
      fixedBytes: plan.fixedBytes,
      tokenCycleSlots: layerCount * expertsPerToken,
      counts: { prefill: cache.counts("prefill"), decode: cache.counts("decode") },
      prefetch: cache.prefetchTotals(),
      bytesRead: loader.bytesRead,
      stallMs: ram.stallMs,
      pending: loader.pendingCount,
      profile: cache.profile,
    };
  }

  /** Gives up what is still to be read, and waits for the reads under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tier.loader[Symbol.asyncDispose]();
  }
}

/** Hands out the slots, the hottest experts first, and begins to fill them. */
function fill(
  cache: ExpertCache,
  loader: ExpertLoader,
  slots: readonly LayerSlots[],
  profile: AccessProfile | undefined,
  asks: (layer: number) => boolean,
): void {
  if (slots.length === 0) return;
  const order = fillOrder(cache, profile).filter((expert) => asks(layerOf(cache, expert)));
  for (const expert of cache.fill(order)) {
    const { kept } = slots[layerOf(cache, expert)]!;
    loader.load(expert, kept.admit(expert, undefined), "background");
  }
}

/** Waits until the slots are filled; gives up the rest if that fails. */
async function settle(loader: ExpertLoader, signal: AbortSignal | undefined): Promise<void> {
  try {
    await loader.settled(async () => refuseIfCancelled(signal));
  } catch (error) {
    await loader[Symbol.asyncDispose]();
    throw error;
  }
}

/** Layers without equal numbers of experts do not exist in any family so far. */
function gridOf(layers: readonly ExpertLayer[]): ExpertGrid {
  const counts = new Set(layers.map(({ expertCount }) => expertCount));
  if (counts.size > 1) {
    throw new SluiceError("unsupported-architecture", "layers with different numbers of experts");
  }
  // A dense model has one layer of one expert that nobody asks for.
  const [expertsPerLayer = 1] = counts;
  return { layerCount: Math.max(1, layers.length), expertsPerLayer };
}

/** Bytes of the experts that have a slot once all slots are filled. */
function bytesOfKept(plan: RamPlan, layers: readonly ExpertLayer[]): number {
  return plan.pools.reduce(
    (sum, { slots, layers: [first = 0] }) => sum + slots * (layers[first]?.expertBytes ?? 0),
    0,
  );
}
