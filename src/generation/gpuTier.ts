/**
 * The experts' slots of one open GPU: what its memory has room for when everything else is placed, a
 * cache that decides who has one, and the first experts to be there.
 */
import type { ExpertSource } from "../experts/expertLoader.ts";
import { GpuSlotArena, GpuSlots } from "../experts/gpuSlots.ts";
import type { GgufFile } from "../gguf/ggufFile.ts";
import { planSlots, type SlotArenaPlan } from "../placement/slotPlan.ts";
import { noCounts } from "../policy/cache/cacheCounts.ts";
import type { CacheDecision } from "../policy/cache/decisions.ts";
import { ExpertCache } from "../policy/cache/expertCache.ts";
import { fillOrder } from "../policy/cache/fillOrder.ts";
import { CostModel } from "../policy/costModel.ts";
import { type ExpertId, expertInLayer, layerOf } from "../policy/expertId.ts";
import { AccessProfile } from "../policy/profile.ts";
import { type CacheEvent, publish } from "../support/events.ts";
import type { GpuUnit } from "./devices.ts";
import { expertDefaults } from "./expertOptions.ts";
import { gpuInsertBytes } from "./gpuOptions.ts";
import type { GpuReport } from "./gpuReport.ts";
import { refuseIfCancelled } from "./loadSignal.ts";

export interface GpuTierOptions {
  readonly policy: string;
  readonly insertCap: number | undefined;
  readonly profile: AccessProfile | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface GpuTierParts {
  readonly unit: GpuUnit;
  readonly file: GgufFile;
  /** Layers of this GPU whose experts it can compute, in order. */
  readonly sources: readonly ExpertSource[];
  readonly expertsPerToken: number;
  /** Counts the model's layers that have experts from 0, as profiles do. */
  readonly ordinalOf: (layer: number) => number;
  /** Bytes left when everything but slots has its place, and how many of them slots may take. */
  readonly leftBytes: number;
  readonly spareBytes: number;
  readonly budgetBytes: number;
}

/** Whether an expert's result is the same bits here and on the processor. */
export type SameBits = (slots: GpuSlots, tier: GpuTier) => Promise<boolean>;

export class GpuTier {
  readonly plan: readonly SlotArenaPlan[];
  /** Layers all of whose experts have a slot here. */
  readonly resident: ReadonlySet<number>;
  readonly #parts: GpuTierParts;
  readonly #options: GpuTierOptions;
  #cache: ExpertCache | undefined;
  #slots: GpuSlots | undefined;
  #movesExperts = true;

  /** Plans; nothing is taken yet. */
  constructor(parts: GpuTierParts, options: GpuTierOptions) {
    const { unit, sources, expertsPerToken, spareBytes } = parts;
    this.#parts = parts;
    this.#options = options;
    this.plan = planSlots({
      spareBytes,
      bindingBytes: unit.backend.bindingBytes,
      layers: sources.map(({ layer }) => {
        const { expertCount, slotBytes } = layer;
        return { layer: layer.layer, expertCount, expertsPerToken, slotBytes };
      }),
    });
    const full = this.plan.filter(({ holdsAll }) => holdsAll);
    this.resident = new Set(full.flatMap(({ layers }) => layers));
  }

  /** Every expert of this GPU's layers has a slot here. */
  get holdsAll(): boolean {
    return this.resident.size === this.#parts.unit.layers.length;
  }

  /** Experts come and go; else those that came first stay. */
  get movesExperts(): boolean {
    return this.#movesExperts;
  }

  /**
   * Takes memory for slots and sends the first experts.
   *
   * @param sameBits asked if there are more experts than slots: where it says no, who has a slot is
   *   settled once, so that no decision of the cache can change a result
   * @throws GpuFailureError `gpu-out-of-memory`; what reading the file throws; SluiceError `aborted`
   */
  async open(sameBits: SameBits): Promise<void> {
    const { unit, sources } = this.#parts;
    const { backend, experts } = unit;
    const layers = this.plan.flatMap((arena) => arena.layers.map((layer) => ({ layer, arena })));
    if (layers.length === 0) return;
    const arenas = new Map<SlotArenaPlan, GpuSlotArena>();
    for (const arena of this.plan) arenas.set(arena, await GpuSlotArena.create(backend, arena));
    const expertsPerLayer = sources[0]!.layer.expertCount;
    const places = layers.map(({ arena }) => arenas.get(arena)!);
    const slots = new GpuSlots(backend, places, expertsPerLayer);
    this.#slots = slots;
    this.#movesExperts = this.holdsAll || (await sameBits(slots, this));
    const ordinals = new Map(layers.map(({ layer }, ordinal) => [layer, ordinal]));
    const cache = this.#createCache(ordinals);
    this.#cache = cache;
    const byLayer = new Map(sources.map((source) => [source.layer.layer, source]));
    const filled = layers.map(({ layer }) => byLayer.get(layer)!);
    const linkMsPerByte = await this.#fill(cache, slots, filled);
    const costs = new CostModel({ linkMsPerByte });
    experts.settle({
      cache,
      slots,
      ordinals,
      holdsAll: this.holdsAll,
      costs,
      movesFirst: (bytes, tokens) => costs.decideMiss({ bytes, tokens }).action === "move",
    });
  }

  report(hasOutput: boolean): GpuReport {
    const { unit, sources, leftBytes, budgetBytes } = this.#parts;
    const slotBytes = this.plan.reduce((sum, arena) => sum + arena.slots * arena.slotBytes, 0);
    return {
      device: unit.backend.device.label,
      policy: this.#options.policy,
      layers: unit.layers,
      residentLayers: [...this.resident],
      hasOutput,
      slots: this.plan.reduce((sum, { slots }) => sum + slots, 0),
      experts: sources.reduce((sum, { layer }) => sum + layer.expertCount, 0),
      slotBytes,
      fixedBytes: budgetBytes - leftBytes,
      budgetBytes,
      counts: {
        prefill: this.#cache?.counts("prefill") ?? noCounts(),
        decode: this.#cache?.counts("decode") ?? noCounts(),
      },
      uploadedBytes: this.#slots?.uploadedBytes ?? 0,
      movesExperts: this.#movesExperts,
      slotLayers: this.#slotLayers,
      profile: this.#cache?.profile ?? new AccessProfile({ layerCount: 1, expertsPerLayer: 1 }),
    };
  }

  /** Sends as many experts as there are slots, the hottest first. Returns what the link took. */
  async #fill(
    cache: ExpertCache,
    slots: GpuSlots,
    sources: readonly ExpertSource[],
  ): Promise<number> {
    const { file, unit } = this.#parts;
    const { signal } = this.#options;
    let linkMs = 0;
    for (const id of cache.fill(fillOrder(cache, cache.profile))) {
      refuseIfCancelled(signal);
      const source = sources[layerOf(cache, id)]!;
      const weights = await readExpert(file, source, expertInLayer(cache, id));
      const begin = performance.now();
      slots.admit(id, undefined, weights);
      await unit.backend.device.settle();
      linkMs += performance.now() - begin;
    }
    return linkMs / Math.max(1, slots.uploadedBytes);
  }

  /** The cache numbers the layers that have slots here; others know them by their place in the model. */
  #asEvent(
    { layer, expert, victim, ...decision }: CacheDecision,
    layers: readonly number[],
  ): CacheEvent {
    const { unit, sources, ordinalOf } = this.#parts;
    const { identity, device } = unit.backend;
    const { expertCount } = sources[0]!.layer;
    const numberOf = (id: ExpertId) =>
      ordinalOf(layers[Math.floor(id / expertCount)]!) * expertCount + (id % expertCount);
    return {
      model: identity,
      tier: "gpu",
      device: device.label,
      ...decision,
      layer: ordinalOf(layers[layer]!),
      expert: numberOf(expert),
      victim: victim === undefined ? undefined : numberOf(victim),
    };
  }

  /** Uses of earlier runs, of the layers that have slots here. */
  #earlierUses(layers: readonly number[]): AccessProfile {
    const { sources, ordinalOf } = this.#parts;
    const { profile: all } = this.#options;
    const { expertCount } = sources[0]!.layer;
    const own = new AccessProfile({ layerCount: layers.length, expertsPerLayer: expertCount });
    for (const [index, layer] of layers.entries()) {
      const ordinal = ordinalOf(layer);
      for (let expert = 0; all !== undefined && expert < expertCount; expert++) {
        own.add(index, expert, all.expert(ordinal, expert));
      }
    }
    return own;
  }

  get #slotLayers(): readonly number[] {
    return this.plan.flatMap((arena) => arena.layers);
  }

  #createCache(ordinals: ReadonlyMap<number, number>): ExpertCache {
    const { sources, expertsPerToken } = this.#parts;
    const { policy, insertCap } = this.#options;
    const layers = [...ordinals.keys()];
    const largest = Math.max(...this.plan.map(({ slotBytes }) => slotBytes));
    const cap = insertCap ?? Math.max(expertsPerToken, Math.floor(gpuInsertBytes / largest));
    const byLayer = new Map(sources.map(({ layer }) => [layer.layer, layer.expertBytes]));
    return new ExpertCache({
      layerCount: layers.length,
      expertsPerLayer: sources[0]!.layer.expertCount,
      policy: this.holdsAll ? "lru" : policy,
      pools: this.plan.map((arena) => {
        return { layers: arena.layers.map((layer) => ordinals.get(layer)!), slots: arena.slots };
      }),
      expertBytes: layers.map((layer) => byLayer.get(layer)!),
      profile: this.#earlierUses(layers),
      insertsPerPass: this.#movesExperts ? cap : 0,
      onDecision: (decision) => publish("sluice:cache", () => this.#asEvent(decision, layers)),
    });
  }
}

/** An expert's weights as they lie in a slot. */
export async function readExpert(
  file: GgufFile,
  { layer, parts }: ExpertSource,
  expert: number,
): Promise<Uint8Array> {
  const slot = new Uint8Array(layer.slotBytes);
  for (const [part, { tensor, firstByte, strideBytes }] of parts) {
    const { slotOffset, matrix } = part;
    const target = slot.subarray(slotOffset, slotOffset + matrix.byteLength);
    await file.read(tensor, firstByte + expert * strideBytes, target);
  }
  return slot;
}

/** The policy for GPU slots unless asked otherwise. */
export function gpuPolicyOf(options: { gpuPolicy?: string; policy?: string }): string {
  return options.gpuPolicy ?? options.policy ?? expertDefaults.policy;
}
