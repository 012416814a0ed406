/** The decisions of a tier, made as the options ask for them. */
import type { ExpertLayer } from "../experts/experts.ts";
import type { CacheDecision } from "../policy/cache/decisions.ts";
import { ExpertCache } from "../policy/cache/expertCache.ts";
import type { ExpertGrid } from "../policy/expertId.ts";
import { createPredictor } from "../policy/predictors/predictorRegistry.ts";
import { type ExpertOptions, expertDefaults, predictorOf } from "./expertOptions.ts";
import type { RamPlan } from "./ramPlan.ts";

export interface TierCacheParts {
  readonly grid: ExpertGrid;
  /** In the order of the forward pass. */
  readonly layers: readonly ExpertLayer[];
  readonly expertsPerToken: number;
  readonly plan: RamPlan;
  readonly onDecision: (decision: CacheDecision) => void;
}

/** @param options checked by `checkExpertOptions` */
export function createTierCache(parts: TierCacheParts, options: ExpertOptions): ExpertCache {
  const { grid, layers, plan, onDecision } = parts;
  const { insertCap, warmPins, warmPinsAfter, profile } = options;
  return new ExpertCache({
    ...grid,
    // Where everybody has a slot nobody is chosen. Some policies would keep slots empty even then.
    policy: plan.holdsAll ? "lru" : (options.policy ?? expertDefaults.policy),
    // Without a layer that has experts nobody will ask, but a cache has a slot.
    pools: layers.length === 0 ? [{ layers: [0], slots: 1 }] : plan.pools,
    expertBytes: layers.length === 0 ? [1] : layers.map(({ expertBytes }) => expertBytes),
    ...prefetching(parts, options),
    ...(insertCap === undefined ? {} : { insertsPerPass: insertCap }),
    ...(warmPins === undefined || warmPins === 0 || plan.holdsAll
      ? {}
      : {
          warmPins: {
            perLayer: warmPins,
            ...(warmPinsAfter === undefined ? {} : { afterAccesses: warmPinsAfter }),
          },
        }),
    ...(profile === undefined ? {} : { profile }),
    onDecision,
  });
}

/** Who guesses what, if anybody has to come early at all. */
function prefetching(
  { grid, layers, expertsPerToken, plan }: TierCacheParts,
  options: ExpertOptions,
): Pick<ConstructorParameters<typeof ExpertCache>[0], "predictor" | "prefetch"> {
  const predictor = predictorOf(options);
  if (predictor === undefined || plan.holdsAll) return {};
  const tokenBytes = layers.reduce(
    (sum, { expertBytes }) => sum + expertsPerToken * expertBytes,
    0,
  );
  return {
    predictor: createPredictor(predictor, { ...grid, expertsPerToken }),
    prefetch: {
      bytesPerPass: options.prefetchBytes ?? Math.floor(tokenBytes / 4),
      layersAhead: expertDefaults.layersAhead,
      expertsPerLayer: expertsPerToken,
    },
  };
}
