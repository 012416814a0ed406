/**
 * Slots in RAM over the file on disk. Of the experts that a layer asks for, those whose weights are
 * there are handed over while the others are being read; who is kept, and what is read ahead, is the
 * cache's decision.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Region } from "../memory/arena.ts";
import type { CachePart } from "../policy/cache/decisions.ts";
import type { ExpertCache } from "../policy/cache/expertCache.ts";
import type { Admission } from "../policy/evictionPolicy.ts";
import { type ExpertId, expertId, expertInLayer, layerOf } from "../policy/expertId.ts";
import type { ExpertLoader, Urgency } from "./expertLoader.ts";
import type { ForwardPass } from "./expertRoom.ts";
import type { SlotTable } from "./slotTable.ts";

/** Where the experts of one layer live. */
export interface LayerSlots {
  /** Shared with the other layers of the pool. */
  readonly kept: SlotTable<Region>;
  /** For experts that are computed and not kept: empty between batches. */
  readonly scratch: SlotTable<Region>;
}

export interface RamTierParts {
  readonly cache: ExpertCache;
  readonly loader: ExpertLoader;
  /** Ordinal of each layer that has experts: the cache numbers those alone. */
  readonly ordinals: ReadonlyMap<number, number>;
  /** By ordinal. */
  readonly slots: readonly LayerSlots[];
  /** Lets the event loop run and notices that a generation was cancelled, while a read is awaited. */
  readonly breathe: () => Promise<void>;
}

/** What a layer asks for. */
export interface ExpertRequest {
  readonly layer: number;
  /** Distinct, in routing order. */
  readonly experts: readonly number[];
  /** Early logits of the next layer's router. */
  readonly lookahead?: ArrayLike<number> | undefined;
}

/** An expert whose weights are in RAM. */
export interface ReadyExpert {
  readonly expert: number;
  readonly slot: Region;
}

export class RamTier {
  readonly #parts: RamTierParts;
  #stallMs = 0;
  /** The pass of which no layer has asked yet. */
  #newPass: ForwardPass | undefined;

  constructor(parts: RamTierParts) {
    this.#parts = parts;
  }

  /** Milliseconds so far in which nothing could be computed because weights were on their way. */
  get stallMs(): number {
    return this.#stallMs;
  }

  beginPass(pass: ForwardPass): void {
    this.#newPass = pass;
  }

  /**
   * Hands every expert asked for to `use`, several at a time, in the order in which their weights
   * come. The slots are theirs until `use` returns.
   *
   * @throws what reading them threw; SluiceError `disk-stalled`, `aborted`; what `use` throws
   */
  async serve(
    { layer, experts, lookahead }: ExpertRequest,
    use: (ready: readonly ReadyExpert[]) => void,
  ): Promise<void> {
    const { cache, loader, ordinals, slots } = this.#parts;
    const ordinal = required(ordinals.get(layer));
    // What has come while the last layer was computed is noticed now, and more reads begin.
    if (loader.pendingCount > 0) await nextTurn();
    // The cache hears of a pass with its first routing, as one who reads a recorded trace does.
    if (this.#newPass !== undefined) cache.beginPass(this.#newPass);
    this.#newPass = undefined;
    const ids = experts.map((expert) => expertId(cache, ordinal, expert));
    const own = required(slots[ordinal]);
    const ready = (id: ExpertId): ReadyExpert => {
      const slot = required(own.kept.find(id) ?? own.scratch.find(id));
      return { expert: expertInLayer(cache, id), slot };
    };
    for (const part of cache.access(ordinal, ids, lookahead)) {
      this.#startLoads(part, ordinal);
      if (loader.pendingCount === 0 && part.bypassed.length === 0) {
        // Nobody is awaited: the rule once the slots are filled and the cache is warm.
        use(part.hits.map(ready));
        continue;
      }
      await this.#servePart(part, own.scratch, (arrived) => use(arrived.map(ready)));
    }
  }

  /** Puts the cache's decisions into deeds: slots change hands, reads begin. */
  #startLoads(part: CachePart, ordinal: number): void {
    const { cache, loader, slots } = this.#parts;
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

  async #servePart(
    part: CachePart,
    scratch: SlotTable<Region>,
    use: (arrived: readonly ExpertId[]) => void,
  ): Promise<void> {
    const { loader } = this.#parts;
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
        const there = [...awaited].filter((expert) => loader.isReady(expert));
        const arrived = there.length > 0 ? there : await this.#stallFor(awaited);
        use(arrived);
        for (const expert of arrived) {
          awaited.delete(expert);
          giveBack(expert);
        }
      }
    } finally {
      for (const expert of [...borrowing]) giveBack(expert);
    }
  }

  /** Waits until some expert is there, and books the time on it: on the first of those that came. */
  async #stallFor(awaited: ReadonlySet<ExpertId>): Promise<readonly ExpertId[]> {
    const { loader, cache, breathe } = this.#parts;
    const begin = performance.now();
    let came: readonly ExpertId[] = [];
    try {
      came = await loader.firstOf(awaited, breathe);
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
  if (value === undefined) throw new Error("a layer's slots are missing");
  return value;
}
