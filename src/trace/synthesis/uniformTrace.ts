/**
 * Routers without any preference: every token takes any k experts of a layer with equal chance.
 *
 * Known answers, for N experts in all and a cache of C slots that is full:
 *
 * - Flat (one layer, k = 1): whatever has gone before, the next expert is resident with chance C / N.
 *   Every policy that does not know the future hits exactly that share.
 * - Layer-cyclic (several layers): the cache serves layers in turn, and what a layer left behind is
 *   being overwritten by the others. LRU and FIFO hit nothing below `cliffSlots`, no policy without
 *   foresight does better than C / N, and Belady is far above.
 * - Any predictor finds k / expertsPerLayer of the experts, and so does `random`.
 *
 * Source: the independent reference model of E. Coffman and P. Denning, "Operating Systems Theory",
 * Prentice-Hall 1973; the cliff: `src/policy/sizing/tokenCycle.ts`.
 */
import type { RandomNumbers } from "../../policy/ruleNumbers.ts";
import {
  type LayerRouter,
  routedTrace,
  type SyntheticShape,
  type SyntheticTrace,
} from "./syntheticTrace.ts";

/** Layers in turn, experts without replacement. */
export function cyclicTrace(shape: SyntheticShape): SyntheticTrace {
  return routedTrace("cyclic", shape, (random) => uniformRouter(random, shape.expertsPerLayer));
}

/** A stream of single experts: one layer, k = 1. */
export function flatTrace(
  shape: Omit<SyntheticShape, "layerCount" | "expertsPerToken">,
): SyntheticTrace {
  return routedTrace("flat", { ...shape, layerCount: 1, expertsPerToken: 1 }, (random) =>
    uniformRouter(random, shape.expertsPerLayer),
  );
}

/** The first places of a shuffled deck that is never put back in order: each draw is as random. */
function uniformRouter(random: RandomNumbers, expertsPerLayer: number): LayerRouter {
  const deck = Uint16Array.from({ length: expertsPerLayer }, (_, expert) => expert);
  return (experts) => {
    for (let place = 0; place < experts.length; place++) {
      const drawn = place + random.below(expertsPerLayer - place);
      const expert = deck[drawn]!;
      deck[drawn] = deck[place]!;
      deck[place] = expert;
      experts[place] = expert;
    }
  };
}
