/**
 * One layer's experts for a batch, on a GPU and the processor at once: what the cache decides is put
 * into deeds, part by part. Every (token, expert) pair has a row, whoever computes it.
 */
import type { CpuHidden } from "../compute/cpu/cpuTensors.ts";
import type { GpuMixer, GpuRows } from "../compute/gpu/gpuMixer.ts";
import { type Region, regionBytes } from "../memory/arena.ts";
import type { CachePart } from "../policy/cache/decisions.ts";
import type { ExpertCache } from "../policy/cache/expertCache.ts";
import type { CostModel } from "../policy/costModel.ts";
import { type ExpertId, expertId, expertInLayer } from "../policy/expertId.ts";
import type { CpuExpertLayer } from "./cpuExpertLayer.ts";
import type { CpuMixture } from "./cpuMixture.ts";
import type { Routing } from "./experts.ts";
import { type GpuSlots, noSlot } from "./gpuSlots.ts";
import { type ExpertGroup, groupByExpert } from "./mixture.ts";
import type { TieredExperts } from "./tieredExperts.ts";

/** A GPU's slots, and who decides about them. */
export interface GpuTierParts {
  readonly cache: ExpertCache;
  readonly slots: GpuSlots;
  /** The cache's number of each layer whose experts may have slots here. */
  readonly ordinals: ReadonlyMap<number, number>;
  /** Every expert has a slot. */
  readonly holdsAll: boolean;
  /** Hears how long the processor took. */
  readonly costs: CostModel;
  /** Whether a miss that gets a slot is better sent first and computed on the GPU. */
  readonly movesFirst: (bytes: number, tokens: number) => boolean;
}

export interface LayerWorkParts {
  readonly tier: GpuTierParts;
  readonly mixer: GpuMixer;
  /** The tier below: computes and feeds what has no slot here. */
  readonly below: TieredExperts;
  readonly door: CpuExpertLayer;
  readonly rows: GpuRows;
  readonly routing: Routing;
  /** The layer's activations in the processor's memory, asked for if it has something to compute. */
  readonly onProcessor: () => CpuHidden;
}

/** Experts that the tier below is to bring. */
interface ServiceOrder {
  /** To be computed by the processor. */
  readonly here: readonly ExpertId[];
  /** To be sent first, and computed by the GPU. */
  readonly moved: readonly ExpertId[];
  /** Those that get a slot, and who leaves for them; emptied as they are sent. */
  readonly admitted: Map<ExpertId, ExpertId | undefined>;
}

export class GpuLayerWork {
  readonly #parts: LayerWorkParts;
  readonly #ordinal: number;
  readonly #groups: ReadonlyMap<number, ExpertGroup>;
  #mixture: CpuMixture | undefined;

  constructor(parts: LayerWorkParts) {
    this.#parts = parts;
    this.#ordinal = parts.tier.ordinals.get(parts.door.layer)!;
    const { groups } = groupByExpert(parts.routing);
    this.#groups = new Map(groups.map((group) => [group.expert, group]));
  }

  /**
   * A single token whose experts the GPU is at work on already: the processor computes those that it
   * had not.
   */
  async computeAbsent(present: ReadonlySet<number>): Promise<void> {
    await this.#eachPart(async (part, admitted) => {
      const asked = [...part.hits, ...admitted.keys(), ...part.bypassed];
      const here = asked.filter((id) => !present.has(this.#inLayer(id)));
      await this.#serve({ here, moved: [], admitted });
    });
  }

  /** A batch: each part's residents are computed on the GPU while the processor is at the others. */
  async computeAll(submit: () => void): Promise<void> {
    const { tier, door } = this.#parts;
    await this.#eachPart(async (part, admitted) => {
      this.#computeOnGpu(part.hits);
      submit();
      const moved = [...admitted.keys()].filter((id) =>
        tier.movesFirst(door.expertBytes, this.#groupOf(id).tokens.length),
      );
      const asked = [...admitted.keys(), ...part.bypassed];
      const here = asked.filter((id) => !moved.includes(id));
      await this.#serve({ here, moved, admitted });
      this.#computeOnGpu(moved);
    });
  }

  /** @param serve takes the experts from `admitted` that it has sent to their slots */
  async #eachPart(
    serve: (part: CachePart, admitted: Map<ExpertId, ExpertId | undefined>) => Promise<void>,
  ): Promise<void> {
    const { cache, slots } = this.#parts.tier;
    const ids = [...this.#groups.keys()].map((expert) => expertId(cache, this.#ordinal, expert));
    let unsent = new Map<ExpertId, ExpertId | undefined>();
    try {
      for (const part of cache.access(this.#ordinal, ids)) {
        unsent = new Map(part.admitted.map(({ expert, victim }) => [expert, victim]));
        await serve(part, unsent);
      }
    } finally {
      // Only after a failure, now that no part is leased any more: what was given a slot has not come.
      for (const [expert, victim] of unsent) {
        if (victim !== undefined) slots.release(victim);
        cache.forget(expert);
      }
    }
  }

  /** Computes experts as their weights come into RAM, and sends those that were admitted. */
  async #serve({ here, moved, admitted }: ServiceOrder): Promise<void> {
    const { tier, below, door } = this.#parts;
    const wanted = new Set([...here, ...moved, ...admitted.keys()]);
    if (wanted.size === 0) return;
    const computed = new Set(here);
    const idOf = (expert: number) => expertId(tier.cache, this.#ordinal, expert);
    const experts = [...wanted].map((id) => this.#inLayer(id));
    await below.serve({ layer: door.layer, experts }, (ready) => {
      const own = ready.filter(({ expert }) => computed.has(idOf(expert)));
      this.#computeHere(new Map(own.map(({ expert, slot }) => [expert, slot])));
      for (const { expert, slot } of ready) {
        const id = idOf(expert);
        if (!admitted.has(id)) continue;
        tier.slots.admit(id, admitted.get(id), regionBytes(slot));
        admitted.delete(id);
      }
    });
  }

  #computeHere(slotOf: ReadonlyMap<number, Region>): void {
    if (slotOf.size === 0) return;
    const { below, door, routing, onProcessor, tier, mixer, rows } = this.#parts;
    this.#mixture ??= below.mixture(door, onProcessor(), routing);
    const mixture = this.#mixture;
    const groups = [...slotOf.keys()].map((expert) => this.#groups.get(expert)!);
    const begin = performance.now();
    mixture.compute(groups, (expert) => slotOf.get(expert));
    // A view of the rows is there once they are: so the time is taken behind the first one.
    for (const group of groups) mixer.writeRows(rows, group.firstRow, mixture.rowsOf(group));
    const tokens = groups.reduce((sum, group) => sum + group.tokens.length, 0);
    const took = performance.now() - begin;
    tier.costs.measuredRunHere({ bytes: door.expertBytes, tokens }, took);
  }

  #computeOnGpu(experts: readonly ExpertId[]): void {
    if (experts.length === 0) return;
    const { tier, mixer, rows } = this.#parts;
    const words = new Uint32Array(experts.length * 4);
    for (const [index, id] of experts.entries()) {
      const { firstRow, tokens } = this.#groupOf(id);
      words.set([tier.slots.find(id) ?? noSlot, firstRow, tokens.length, 0], index * 4);
    }
    const { buffer } = tier.slots.arena(this.#ordinal);
    mixer.compute(rows, buffer, mixer.uploadWords(words), experts.length);
  }

  #groupOf(id: ExpertId): ExpertGroup {
    return this.#groups.get(this.#inLayer(id))!;
  }

  #inLayer(id: ExpertId): number {
    return expertInLayer(this.#parts.tier.cache, id);
  }
}
