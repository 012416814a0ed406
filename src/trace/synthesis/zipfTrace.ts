/**
 * Routers with favourites that never change: the expert of rank r is drawn with a chance proportional
 * to 1 / r^skew, a token's k experts without replacement. Each layer has its favourites elsewhere.
 *
 * Known answers for one layer and k = 1, where p(r) = r^-skew / sum over all ranks:
 *
 * - Keeping the C most popular experts is the best that can be done without foresight, and hits
 *   p(1) + ... + p(C). LFU gets there as its counts settle; LRU stays below.
 * - `skew` 0 is the uniform router.
 *
 * Source: G. K. Zipf, "Human Behavior and the Principle of Least Effort", 1949; that A0 (keep the most
 * probable) is optimal: A. Aho, P. Denning and J. Ullman, "Principles of optimal page replacement",
 * Journal of the ACM 18 (1), 1971. Drawing without replacement by exponential keys: P. Efraimidis and
 * P. Spirakis, "Weighted random sampling with a reservoir", Information Processing Letters 97 (5), 2006.
 */

import type { RandomNumbers } from "../../policy/ruleNumbers.ts";
import { OptionError } from "../../support/errors.ts";
import {
  type LayerRouter,
  routedTrace,
  type SyntheticShape,
  type SyntheticTrace,
  uniformShare,
} from "./syntheticTrace.ts";

export interface ZipfShape extends SyntheticShape {
  /** At least 0. @default 1 */
  readonly skew?: number;
}

export function zipfTrace({ skew = 1, ...shape }: ZipfShape): SyntheticTrace {
  if (!(skew >= 0 && skew <= 100)) throw new OptionError(`skew must be from 0 to 100, not ${skew}`);
  return routedTrace("zipf", shape, (random) => zipfRouter(random, shape.expertsPerLayer, skew));
}

function zipfRouter(random: RandomNumbers, expertsPerLayer: number, skew: number): LayerRouter {
  const expertOfRank = shuffled(random, expertsPerLayer);
  const weights = Float64Array.from(expertOfRank, (_, rank) => (rank + 1) ** -skew);
  const keys = new Float64Array(expertsPerLayer);
  return (experts) => {
    // The time at which something with this rate first happens: the k earliest are the draw.
    for (let rank = 0; rank < expertsPerLayer; rank++) {
      keys[rank] = -Math.log(uniformShare(random)) / weights[rank]!;
    }
    for (let place = 0; place < experts.length; place++) {
      const rank = indexOfLeast(keys);
      keys[rank] = Infinity;
      experts[place] = expertOfRank[rank]!;
    }
  };
}

function shuffled(random: RandomNumbers, length: number): Uint16Array {
  const deck = Uint16Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const moved = deck[last]!;
    deck[last] = deck[other]!;
    deck[other] = moved;
  }
  return deck;
}

function indexOfLeast(values: Float64Array): number {
  let least = 0;
  for (let index = 1; index < values.length; index++) {
    if (values[index]! < values[least]!) least = index;
  }
  return least;
}
