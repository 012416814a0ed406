/**
 * Experts in tiers: slots in RAM over the file on disk. Of each batch the resident experts are
 * computed while the others are being read; who is kept, and what is read ahead, is the cache's
 * decision. Nothing here changes a result, only when it is there.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuHidden, cpu } from "../compute/cpu/cpuTensors.ts";
import type { Ops } from "../compute/ops.ts";
import type { CachePart, ExpertCache } from "../policy/cache/expertCache.ts";
import type { Admission } from "../policy/evictionPolicy.ts";
import { type ExpertId, expertId, expertInLayer, layerOf } from "../policy/expertId.ts";
import { SluiceError } from "../support/errors.ts";
import { CpuExpertLayer } from "./cpuExpertLayer.ts";
import { CpuMixture } from "./cpuMixture.ts";
import type { ExpertLoader, Urgency } from "./expertLoader.ts";
import type { ExpertRoom, ForwardPass } from "./expertRoom.ts";
import type { Experts } from "./experts.ts";
import type { ExpertGroup } from "./mixture.ts";
import { Router, type RouterOptions } from "./router.ts";
import type { SlotTable } from "./slotTable.ts";

/** What there is once the memory is settled. */
export interface TierParts {
  readonly cache: ExpertCache;
  readonly loader: ExpertLoader;
  /** Ordinal of each layer that has experts: the cache numbers those alone. */
  readonly ordinals: ReadonlyMap<number, number>;
  /** By ordinal: the pool in which the layer's experts live. */
  readonly slots: readonly SlotTable[];
  /** By ordinal: slots for experts that are not kept. */
  readonly scratch: readonly SlotTable[];
  /** Milliseconds that a read may take before the disk counts as lost. */
  readonly readTimeoutMs: number;
}

/** What waiting cost, since the model was opened. */
export interface StallCounts {
  /** Milliseconds in which nothing could be computed because weights were on their way. */
  readonly stallMs: number;
  /** Experts that had a slot but whose bytes had not come yet. */
  readonly waits: number;
}

/** How often a waiting computation looks whether it was cancelled. */
const lookMs = 50;

export class TieredExperts implements ExpertRoom {
  readonly #backend: CpuBackend;
  readonly #ops: Ops;
  readonly #router: Router;
  #parts: TierParts | undefined;
  #stallMs = 0;
  #waits = 0;

  constructor(backend: CpuBackend, ops: Ops, options: RouterOptions = {}) {
    this.#backend = backend;
    this.#ops = ops;
    this.#router = new Router(backend, ops, options);
  }

  /** Slots and file are there; only measured batches come before. */
  settle(parts: TierParts): void {
    this.#parts = parts;
  }

  get stalls(): StallCounts {
    return { stallMs: this.#stallMs, waits: this.#waits };
  }

  readonly beginPass = (pass: ForwardPass): void => {
    this.#router.beginPass(pass);
    this.#parts?.cache.beginPass(pass);
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
    const { cache, ordinals } = parts;
    const ordinal = ordinals.get(layer);
    if (ordinal === undefined) throw new Error(`layer ${layer} has no experts`);
    const groups = new Map(
      mixture.groups.map((group) => [expertId(cache, ordinal, group.expert), group]),
    );
    for (const part of cache.access(ordinal, [...groups.keys()], this.#router.lookahead)) {
      this.#startLoads(part, ordinal, parts);
      await this.#computePart(part, { ordinal, mixture, groups, parts });
    }
  }

  /** Puts the cache's decisions into deeds: slots change hands, reads begin. */
  #startLoads(part: CachePart, ordinal: number, parts: TierParts): void {
    const { loader, cache } = parts;
    const admit = ({ expert, victim }: Admission, urgency: Urgency) => {
      if (victim !== undefined) loader.discard(victim);
      const slots = parts.slots[layerOf(cache, expert)];
      if (slots !== undefined) loader.load(expert, slots.admit(expert, victim), urgency);
    };
    for (const admission of part.admitted) admit(admission, "needed");
    for (const expert of part.hits) if (!loader.need(expert)) this.#waits++;
    for (const prefetch of part.prefetches) {
      const isAhead = layerOf(cache, prefetch.expert) > ordinal;
      admit(prefetch, isAhead ? "next layer" : "next token");
    }
  }

  /** Computes the experts of a part in the order in which their weights come. */
  async #computePart(
    part: CachePart,
    { ordinal, mixture, groups, parts }: PartWork,
  ): Promise<void> {
    const { loader } = parts;
    const slots = required(parts.slots[ordinal]);
    const scratch = required(parts.scratch[ordinal]);
    const unkept = [...part.bypassed].reverse();
    const waiting = new Set([...part.hits, ...part.admitted.map(({ expert }) => expert)]);
    const borrowed = new Set<ExpertId>();
    const giveBack = (expert: ExpertId) => {
      if (!borrowed.delete(expert)) return;
      loader.discard(expert);
      scratch.release(expert);
    };
    try {
      while (waiting.size > 0 || unkept.length > 0) {
        while (scratch.hasRoom) {
          const expert = unkept.pop();
          if (expert === undefined) break;
          loader.load(expert, scratch.admit(expert, undefined), "needed");
          borrowed.add(expert);
          waiting.add(expert);
        }
        const ready = [...waiting].filter((expert) => loader.isReady(expert));
        if (ready.length === 0) {
          await this.#awaitArrival(waiting, parts);
          continue;
        }
        mixture.compute(
          ready.map((expert) => required(groups.get(expert))),
          (index) => {
            const expert = expertId(parts.cache, ordinal, index);
            return slots.find(expert) ?? scratch.find(expert);
          },
        );
        for (const expert of ready) {
          waiting.delete(expert);
          giveBack(expert);
        }
      }
    } finally {
      for (const expert of [...borrowed]) giveBack(expert);
    }
  }

  /**
   * Waits until one more expert is there.
   *
   * @throws what reading it threw; SluiceError `disk-stalled`, `aborted`
   */
  async #awaitArrival(waiting: ReadonlySet<ExpertId>, parts: TierParts): Promise<void> {
    const { loader, cache, readTimeoutMs } = parts;
    const begin = performance.now();
    try {
      for (;;) {
        if (await comesWithin(lookMs, loader.nextArrival)) break;
        await this.#backend.breathe();
        if (performance.now() - begin > readTimeoutMs) throw stalledDisk(waiting, readTimeoutMs);
      }
    } finally {
      const stallMs = performance.now() - begin;
      this.#stallMs += stallMs;
      const [expert] = waiting;
      if (expert !== undefined) {
        cache.profile.recordStall(layerOf(cache, expert), expertInLayer(cache, expert), stallMs);
      }
    }
    for (const expert of waiting) loader.throwIfFailed(expert);
  }
}

interface PartWork {
  readonly ordinal: number;
  readonly mixture: CpuMixture;
  readonly groups: ReadonlyMap<ExpertId, ExpertGroup>;
  readonly parts: TierParts;
}

/** Whether the event comes before so many milliseconds are over. */
async function comesWithin(ms: number, event: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  event.then(() => resolve(true));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function stalledDisk(waiting: ReadonlySet<ExpertId>, readTimeoutMs: number): SluiceError {
  return new SluiceError(
    "disk-stalled",
    `${waiting.size} experts did not come within ${readTimeoutMs / 1000} s; is the disk there? The model may be used again`,
  );
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a layer's slots or groups are missing");
  return value;
}
