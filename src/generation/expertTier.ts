/**
 * The experts' part of an open model: as many slots as the budget pays for, a cache that decides who
 * has one, a loader that fills them.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { ExpertLoader } from "../experts/expertLoader.ts";
import { SlotTable } from "../experts/slotTable.ts";
import type { TieredExperts } from "../experts/tieredExperts.ts";
import type { GgufFile } from "../gguf/ggufFile.ts";
import { SlotArena } from "../memory/slotArena.ts";
import type { CacheCounts, Phase } from "../policy/cache/cacheCounts.ts";
import { ExpertCache } from "../policy/cache/expertCache.ts";
import {
  type ExpertGrid,
  type ExpertId,
  expertCount,
  expertId,
  expertInLayer,
  layerOf,
} from "../policy/expertId.ts";
import { createPredictor, predictorEntry } from "../policy/predictors/predictorRegistry.ts";
import type { PrefetchTotals } from "../policy/prefetch/prefetchLedger.ts";
import { type AccessProfile, accessCount } from "../policy/profile.ts";
import type { ExpertLayer as SizedLayer } from "../policy/sizing/tokenCycle.ts";
import { tokenCycleBytes, tokenCycleSlots } from "../policy/sizing/tokenCycle.ts";
import { SluiceError } from "../support/errors.ts";
import { publish } from "../support/events.ts";
import { planRam, type RamPlan } from "./ramPlan.ts";
import type { WeightStore } from "./weightStore.ts";

/** How experts are kept; what is left out is chosen by what was measured, see docs/policies.md. */
export interface ExpertOptions {
  /**
   * Bytes of RAM for hot tensors, keys and values of one sequence, activations and experts. With
   * less than the model's size, experts are read when the router asks for them.
   * @default "auto": what is free, less a reserve
   */
  readonly ramBytes?: number | "auto";
  /**
   * `eager` reads all that fits before the first token; `lazy` reads what is needed, and the rest
   * in the background.
   * @default "lazy" if there is more than 1 GiB to read
   */
  readonly load?: "eager" | "lazy";
  /** Who is kept, as `createPolicy` of `sluice/policy` takes it. @default "cycle-aware" */
  readonly policy?: string;
  /** Who is read ahead, or "off". @default "transitions" */
  readonly predictor?: string;
  /** Bytes that may be read ahead per token; 0 turns it off. @default one token cycle / 4 */
  readonly prefetchBytes?: number;
  /** Misses that may displace somebody in one pass. @default all */
  readonly insertCap?: number;
  /** Experts per layer to pin once it is known which are hot. @default 0 */
  readonly warmPins?: number;
  /** How many experts must have been asked for by then. @default 512 */
  readonly warmPinsAfter?: number;
  /** Uses of earlier runs: what was hot then is read first. Counts of this run are added to it. */
  readonly profile?: AccessProfile;
  /** Milliseconds after which a read that does not come fails. @default 30000 */
  readonly readTimeoutMs?: number;
}

export const expertDefaults: {
  readonly policy: string;
  readonly predictor: string;
  readonly layersAhead: number;
  readonly eagerBytes: number;
  readonly readTimeoutMs: number;
} = {
  policy: "cycle-aware",
  predictor: "transitions",
  layersAhead: 1,
  eagerBytes: 2 ** 30,
  readTimeoutMs: 30_000,
};

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
  readonly signal?: AbortSignal | undefined;
}

/** Whether the options ask for early router logits; known before the batch is measured. */
export function looksAhead({ predictor, prefetchBytes }: ExpertOptions): boolean {
  const name = predictor ?? expertDefaults.predictor;
  return name !== "off" && prefetchBytes !== 0 && (predictorEntry(name).needsLookahead ?? false);
}

export class ExpertTier implements AsyncDisposable {
  readonly plan: RamPlan;
  readonly cache: ExpertCache;
  readonly #layers: readonly SizedLayer[];
  readonly #loader: ExpertLoader;
  readonly #experts: TieredExperts;
  readonly #policy: string;
  readonly #predictor: string | undefined;
  /** By ordinal of the layer. */
  readonly #slots: readonly SlotTable[];

  /**
   * Plans the budget, takes the memory, reads the hot tensors; experts as the options say.
   *
   * @throws SluiceError `out-of-memory` if the budget does not suffice, and what reading throws
   */
  static async open(parts: ExpertTierParts, options: ExpertOptions): Promise<ExpertTier> {
    const { backend, store, laterBytes, signal } = parts;
    const layers = store.expertSources.map(({ layer }) => ({
      expertCount: layer.expertCount,
      expertsPerToken: parts.expertsPerToken,
      expertBytes: layer.slotBytes,
    }));
    const plan = planRam({
      budget: options.ramBytes ?? "auto",
      fixedBytes: store.hotBytes + laterBytes + backend.workingBytes,
      layers,
    });
    await store.loadHot(backend, plan.slotBytes + laterBytes, signal);
    const tier = new ExpertTier(parts, options, { plan, layers });
    const isLarge = plan.slotBytes > expertDefaults.eagerBytes;
    await tier.#fill(options.load ?? (isLarge ? "lazy" : "eager"), options.profile, signal);
    return tier;
  }

  private constructor(
    { backend, store, file, experts, expertsPerToken, laterBytes }: ExpertTierParts,
    options: ExpertOptions,
    { plan, layers }: { readonly plan: RamPlan; readonly layers: readonly SizedLayer[] },
  ) {
    this.plan = plan;
    this.#layers = layers;
    this.#experts = experts;
    this.#policy = options.policy ?? expertDefaults.policy;
    const predictor = options.predictor ?? expertDefaults.predictor;
    const bytesPerPass = options.prefetchBytes ?? tokenCycleBytes(layers) / 4;
    this.#predictor =
      predictor === "off" || bytesPerPass === 0 || plan.holdsAll ? undefined : predictor;
    const sources = store.expertSources;
    const grid = gridOf(sources.map(({ layer }) => layer));
    this.cache = new ExpertCache({
      ...grid,
      policy: this.#policy,
      pools: plan.pools,
      expertBytes: sources.map(({ layer }) => layer.expertBytes),
      ...(this.#predictor === undefined
        ? {}
        : {
            predictor: createPredictor(this.#predictor, { ...grid, expertsPerToken }),
            prefetch: {
              bytesPerPass,
              layersAhead: expertDefaults.layersAhead,
              expertsPerLayer: expertsPerToken,
            },
          }),
      ...(options.insertCap === undefined ? {} : { insertsPerPass: options.insertCap }),
      ...warmPinsOf(options),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      onDecision: (decision) =>
        publish("sluice:cache", () => ({ model: backend.identity, ...decision })),
    });
    this.#loader = new ExpertLoader({
      file,
      sources,
      expertsPerLayer: grid.expertsPerLayer,
      totalBytes: plan.slotBytes,
    });
    let expected = plan.slotBytes + laterBytes;
    const tables = plan.pools.map((pool, index) => {
      const slots = this.cache.poolSlots[index]!;
      const arena = new SlotArena(backend.arenas, pool.slotBytes, slots, expected);
      expected -= slots * pool.slotBytes;
      const scratch = new SlotArena(backend.arenas, pool.slotBytes, pool.scratchSlots, expected);
      expected -= pool.scratchSlots * pool.slotBytes;
      return { pool, slots: new SlotTable(arena), scratch: new SlotTable(scratch) };
    });
    const byLayer = sources.map(
      (_, layer) => tables.find(({ pool }) => pool.layers.includes(layer))!,
    );
    this.#slots = byLayer.map(({ slots }) => slots);
    experts.settle({
      cache: this.cache,
      loader: this.#loader,
      ordinals: new Map(sources.map(({ layer }, ordinal) => [layer.layer, ordinal])),
      slots: this.#slots,
      scratch: byLayer.map(({ scratch }) => scratch),
      readTimeoutMs: options.readTimeoutMs ?? expertDefaults.readTimeoutMs,
    });
  }

  /** Where the experts are, and how that went so far. */
  report(): ExpertReport {
    return {
      policy: this.#policy,
      predictor: this.#predictor,
      slots: this.cache.slotCount,
      experts: expertCount(this.cache),
      slotBytes: this.plan.slotBytes,
      tokenCycleSlots: tokenCycleSlots(this.#layers),
      counts: { prefill: this.cache.counts("prefill"), decode: this.cache.counts("decode") },
      prefetch: this.cache.prefetchTotals(),
      bytesRead: this.#loader.bytesRead,
      stallMs: this.#experts.stalls.stallMs,
      pending: this.#loader.pendingCount,
      profile: this.cache.profile,
    };
  }

  /** Gives up what is still to be read, and waits for the reads under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loader[Symbol.asyncDispose]();
  }

  /** Hands out the slots, the hottest experts first, and begins to fill them. */
  async #fill(
    load: "eager" | "lazy",
    profile: AccessProfile | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const filled = this.cache.fill(fillOrder(this.cache, profile));
    for (const expert of filled) {
      const slots = this.#slots[layerOf(this.cache, expert)]!;
      this.#loader.load(expert, slots.admit(expert, undefined), "background");
    }
    if (load === "lazy") return;
    try {
      await this.#loader.settled(signal);
    } catch (error) {
      await this.#loader[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** Layers without equal numbers of experts do not exist in any family so far. */
function gridOf(layers: readonly { readonly expertCount: number }[]): ExpertGrid {
  const counts = new Set(layers.map(({ expertCount }) => expertCount));
  const [expertsPerLayer, ...others] = counts;
  if (expertsPerLayer === undefined || others.length > 0) {
    throw new SluiceError("unsupported-architecture", "layers with different numbers of experts");
  }
  return { layerCount: layers.length, expertsPerLayer };
}

function warmPinsOf({ warmPins, warmPinsAfter }: ExpertOptions) {
  if (warmPins === undefined || warmPins === 0) return {};
  const after = warmPinsAfter === undefined ? {} : { afterAccesses: warmPinsAfter };
  return { warmPins: { perLayer: warmPins, ...after } };
}

/**
 * Who gets a slot before anybody has asked: by the heat of earlier runs, then one expert of each
 * layer after the other, since the first token needs all layers.
 */
function fillOrder(grid: ExpertGrid, profile: AccessProfile | undefined): ExpertId[] {
  const order = Array.from({ length: expertCount(grid) }, (_, index) =>
    expertId(grid, index % grid.layerCount, Math.floor(index / grid.layerCount)),
  );
  if (profile === undefined) return order;
  const heat = order.map((id) =>
    accessCount(profile.expert(layerOf(grid, id), expertInLayer(grid, id))),
  );
  const rank = [...order.keys()].sort((a, b) => heat[b]! - heat[a]! || a - b);
  return rank.map((index) => order[index]!);
}
