/**
 * Sequential flooding: N experts asked for one after another, again and again (one layer, k = 1).
 * With `popular` experts, every other token goes round those instead, and the flood goes round the
 * rest.
 *
 * Known answers, once every expert has been seen:
 *
 * - Without popular ones, C < N slots: recency (`lru`, `fifo`) hits nothing, and neither do counts
 *   (`lfu`: all alike). `belady` hits (C - 1) / (N - 1), `belady-bypass` C / N. From N slots on all hit.
 * - With h popular ones, C > h slots: `lfu` keeps them and hits 1/2, if the flood (N - h) is longer
 *   than the slots left. `lru` hits them from 2h slots on, below that nothing.
 *
 * Source: sequential flooding: H.-T. Chou and D. DeWitt, "An Evaluation of Buffer Management Strategies
 * for Relational Database Systems", VLDB 1985.
 */
import { OptionError } from "../../support/errors.ts";
import {
  type LayerRouter,
  routedTrace,
  type SyntheticShape,
  type SyntheticTrace,
} from "./syntheticTrace.ts";

export interface FloodShape
  extends Omit<SyntheticShape, "layerCount" | "expertsPerToken" | "seed"> {
  /** How many of the experts are popular; at most all but one. @default 0 */
  readonly popular?: number;
}

export function floodTrace({ popular = 0, ...shape }: FloodShape): SyntheticTrace {
  const { expertsPerLayer } = shape;
  if (!Number.isSafeInteger(popular) || popular < 0 || popular >= expertsPerLayer) {
    throw new OptionError(`popular must be from 0 to ${expertsPerLayer - 1}, not ${popular}`);
  }
  return routedTrace("flood", { ...shape, layerCount: 1, expertsPerToken: 1 }, () =>
    floodRouter(expertsPerLayer, popular),
  );
}

function floodRouter(expertsPerLayer: number, popular: number): LayerRouter {
  let [turn, popularTurns, floodTurns] = [0, 0, 0];
  return (experts) => {
    const isPopular = popular > 0 && turn++ % 2 === 0;
    experts[0] = isPopular
      ? popularTurns++ % popular
      : popular + (floodTurns++ % (expertsPerLayer - popular));
  };
}
