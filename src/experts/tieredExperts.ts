/**
 * Experts in tiers: slots in RAM over the file on disk. Of each batch the resident experts are
 * computed while the others are being read; who is kept, and what is read ahead, is the cache's
 * decision. Nothing here changes a result, only when it is there.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuHidden, cpu } from "../compute/cpu/cpuTensors.ts";
import type { Ops } from "../compute/ops.ts";
import type { CachePart } from "../policy/cache/decisions.ts";
import type { ExpertCache } from "../policy/cache/expertCache.ts";
import type { Admission } from "../policy/evictionPolicy.ts";
import { type ExpertId, expertId, expertInLayer, layerOf } from "../policy/expertId.ts";
import { CpuExpertLayer } from "./cpuExpertLayer.ts";
import { CpuMixture } from "./cpuMixture.ts";
import type { ExpertLoader, Urgency } from "./expertLoader.ts";
import type { ExpertRoom, ForwardPass } from "./expertRoom.ts";
import type { Experts } from "./experts.ts";
import type { ExpertGroup } from "./mixture.ts";
import { Router, type RouterOptions } from "./router.ts";
import type { SlotTable } from "./slotTable.ts";

/** Where the experts of one layer live. */
export interface LayerSlots {
  /** Shared with the other layers of the pool. */
  readonly kept: SlotTable;
  /** For experts that are computed and not kept: empty between batches. */
  readonly scratch: SlotTable;
}

/** What there is once the memory is settled. */
export interface TierParts {
  readonly cache: ExpertCache;
  readonly loader: ExpertLoader;
  /** Ordinal of each layer that has experts: the cache numbers those alone. */
  readonly ordinals: ReadonlyMap<number, number>;
  /** By ordinal. */
  readonly slots: readonly LayerSlots[];
}

/** The experts that one layer is to compute for a batch. */
interface LayerWork {
  readonly mixture: CpuMixture;
  /** The cache's number of an expert of this layer. */
  readonly idOf: (expert: number) => ExpertId;
  readonly groups: ReadonlyMap<ExpertId, ExpertGroup>;
  readonly slots: LayerSlots;
}

export class TieredExperts implements ExpertRoom {
  readonly #backend: CpuBackend;
  readonly #ops: Ops;
  readonly #router: Router;
  #parts: TierParts | undefined;
  #stallMs = 0;
  /** The pass of which no layer has computed yet. */
  #newPass: ForwardPass | undefined;

  constructor(backend: CpuBackend, ops: Ops, options: RouterOptions = {}) {
    this.#backend = backend;
    this.#ops = ops;
    this.#router = new Router(backend, ops, options);
  }

  /** Slots and file are there; only measured batches come before. */
  settle(parts: TierParts): void {
    this.#parts = parts;
  }

  /** Milliseconds so far in which nothing could be computed because weights were on their way. */
  get stallMs(): number {
    return this.#stallMs;
  }

  readonly beginPass = (pass: ForwardPass): void => {
    this.#router.beginPass(pass);
    this.#newPass = pass;
  };

  readonly route: Experts["route"] = (...call) => this.#router.route(...call);

  readonly mix: Experts["mix"] = async (door, input, routing) => {
    const layer = cpu(door, CpuExpertLayer);
    const x = cpu(input, CpuHidden);
    const mixture = new CpuMixture(this.#backend, this.#ops, { layer, x, routing });
    if (this.#parts === undefined) mixture.compute(mixture.groups, () => undefined);
    else await this.#computeAll(mixture, layer.layer, this.#parts);
    return mixture.finish();
  };

  async #computeAll(mixture: CpuMixture, layer: number, parts: TierParts): Promise<void> {
    const { cache, loader, ordinals } = parts;
    const ordinal = required(ordinals.get(layer));
    // What has come while the last layer was computed is noticed now, and more reads begin.
    if (loader.pendingCount > 0) await nextTurn();
    // The cache hears of a pass with its first routing, as one who reads a recorded trace does.
    if (this.#newPass !== undefined) cache.beginPass(this.#newPass);
    this.#newPass = undefined;
    const idOf = (expert: number) => expertId(cache, ordinal, expert);
    const groups = new Map(mixture.groups.map((group) => [idOf(group.expert), group]));
    const work = { mixture, idOf, groups, slots: required(parts.slots[ordinal]) };
    for (const part of cache.access(ordinal, [...groups.keys()], this.#router.lookahead)) {
      this.#startLoads(part, ordinal, parts);
      await this.#computePart(part, work, parts);
    }
  }

  /** Puts the cache's decisions into deeds: slots change hands, reads begin. */
  #startLoads(part: CachePart, ordinal: number, { loader, cache, slots }: TierParts): void {
    const admit = ({ expert, victim }: Admission, urgency: Urgency) => {
      const { kept } = required(slots[layerOf(cache, expert)]);
      if (victim !== undefined) loader.discard(victim);
      loader.load(expert, kept.admit(expert, victim), urgency);
    };
    for (const admission of part.admitted) admit(admission, "needed");
    for (const expert of part.hits) loader.need(expert);
    for (const prefetch of part.prefetches) {
      const isAhead = layerOf(cache, prefetch.expert) > ordinal;
      admit(prefetch, isAhead ? "next layer" : "next token");
    }
  }

  /**
   * Computes the experts of a part in the order in which their weights come.
   *
   * @throws what reading them threw; SluiceError `disk-stalled`, `aborted`, `thread-failed`
   */
  async #computePart(part: CachePart, work: LayerWork, parts: TierParts): Promise<void> {
    const { loader } = parts;
    const { scratch } = work.slots;
    /** Not loaded yet: the last first. */
    const unkept = part.bypassed.toReversed();
    const awaited = new Set([...part.hits, ...part.admitted.map(({ expert }) => expert)]);
    const borrowing = new Set<ExpertId>();
    const giveBack = (expert: ExpertId) => {
      if (!borrowing.delete(expert)) return;
      loader.discard(expert);
      scratch.release(expert);
    };
    try {
      while (awaited.size > 0 || unkept.length > 0) {
        while (scratch.hasRoom && unkept.length > 0) {
          const expert = required(unkept.pop());
          loader.load(expert, scratch.admit(expert, undefined), "needed");
          borrowing.add(expert);
          awaited.add(expert);
        }
        const ready = [...awaited].filter((expert) => loader.isReady(expert));
        const computed = ready.length > 0 ? ready : await this.#stallFor(awaited, parts);
        this.#compute(computed, work);
        for (const expert of computed) {
          awaited.delete(expert);
          giveBack(expert);
        }
      }
    } finally {
      for (const expert of [...borrowing]) giveBack(expert);
    }
  }

  #compute(experts: readonly ExpertId[], { mixture, idOf, groups, slots }: LayerWork): void {
    const ready = experts.map((expert) => required(groups.get(expert)));
    const slotOf = (id: ExpertId) => slots.kept.find(id) ?? slots.scratch.find(id);
    mixture.compute(ready, (expert) => slotOf(idOf(expert)));
  }

  /** Waits until some expert is there, and books the time on it: on the first of those that came. */
  async #stallFor(awaited: ReadonlySet<ExpertId>, parts: TierParts): Promise<readonly ExpertId[]> {
    const { loader, cache } = parts;
    const begin = performance.now();
    let came: readonly ExpertId[] = [];
    try {
      came = await loader.firstOf(awaited, () => this.#backend.breathe());
      return came;
    } finally {
      const stallMs = performance.now() - begin;
      this.#stallMs += stallMs;
      for (const expert of came.slice(0, 1)) {
        cache.profile.recordStall(layerOf(cache, expert), expertInLayer(cache, expert), stallMs);
      }
    }
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a layer's slots or groups are missing");
  return value;
}
