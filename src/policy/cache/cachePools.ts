/** The slots of a cache, in pools: which policy rules over which layers. */
import { OptionError } from "../../support/errors.ts";
import type { Access, EvictionPolicy } from "../evictionPolicy.ts";
import { type ExpertGrid, type ExpertId, layerOf } from "../expertId.ts";
import { createPolicy } from "../registry.ts";

/** Slots of equal size, and the layers whose experts they hold. */
export interface CachePool {
  readonly layers: readonly number[];
  readonly slots: number;
}

export interface CachePoolsOptions extends ExpertGrid {
  /** As for {@link createPolicy}. */
  readonly policy: string;
  /** Every layer belongs to exactly one. */
  readonly pools: readonly CachePool[];
  /** Bytes of one expert, by layer. @default 1 each: then bytes count experts */
  readonly expertBytes?: readonly number[];
  /** All accesses to come, for clairvoyant policies. */
  readonly future?: readonly Access[];
}

interface Pool {
  readonly layers: readonly number[];
  readonly policy: EvictionPolicy;
}

export class CachePools {
  readonly #grid: ExpertGrid;
  readonly #pools: readonly Pool[];
  readonly #poolOfLayer: readonly Pool[];

  /** @throws OptionError for an unknown policy, pools that do not cover the layers, no slots */
  constructor(options: CachePoolsOptions) {
    this.#grid = options;
    this.#pools = options.pools.map((pool) => createPool(pool, options));
    this.#poolOfLayer = Array.from({ length: options.layerCount }, (_, layer) => {
      const pools = this.#pools.filter(({ layers }) => layers.includes(layer));
      if (pools.length === 1) return pools[0]!;
      throw new OptionError(`layer ${layer} must be in one pool, not in ${pools.length}`);
    });
  }

  /** Slots of each pool, in the order of the options: policies may round what they were given. */
  get slots(): readonly number[] {
    return this.#pools.map(({ policy }) => policy.capacity);
  }

  /** Experts that have a slot now. */
  get residentCount(): number {
    return this.#pools.reduce((sum, { policy }) => sum + policy.size, 0);
  }

  /** The pool of a layer. @throws OptionError if there is no such layer */
  at(layer: number): Pool {
    const pool = this.#poolOfLayer[layer];
    if (pool === undefined) {
      const last = this.#grid.layerCount - 1;
      throw new OptionError(`there is no layer ${layer}: layers go to ${last}`);
    }
    return pool;
  }

  /** Who decides about an expert. */
  policyOf(expert: ExpertId): EvictionPolicy {
    return this.at(layerOf(this.#grid, expert)).policy;
  }
}

/** A policy for the slots of one pool; a clairvoyant one is told what is to come in this pool. */
function createPool({ layers, slots }: CachePool, options: CachePoolsOptions): Pool {
  const { layerCount, expertsPerLayer, expertBytes, future } = options;
  const policy = createPolicy(options.policy, {
    layerCount,
    expertsPerLayer,
    capacity: slots,
    layers,
    ...(expertBytes === undefined ? {} : { expertBytes }),
    ...(future === undefined ? {} : { future: future.filter((a) => layers.includes(a.layer)) }),
  });
  return { layers, policy };
}
