/**
 * Routers that stay with their choice: from token to token each of a layer's k places keeps its expert
 * with chance `stickiness`; otherwise it takes one, all alike, of those the token before did not use.
 *
 * Known answers, in expectation and from the second token on:
 *
 * - The previous token's experts predict `stickiness` of the next ones.
 * - `per-layer(lru)` with k slots per layer holds just those, and hits that share.
 * - The share of reuse distances of one token is `stickiness` too.
 *
 * Source: a first-order Markov chain; that routing is locally consistent: arXiv:2505.16056.
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

export interface StickyShape extends SyntheticShape {
  /** Chance of staying, from 0 to 1. @default 0.5 */
  readonly stickiness?: number;
}

/** @throws OptionError unless a token can avoid all experts of the one before */
export function stickyTrace({ stickiness = 0.5, ...shape }: StickyShape): SyntheticTrace {
  const { expertsPerLayer, expertsPerToken } = shape;
  if (!(stickiness >= 0 && stickiness <= 1)) {
    throw new OptionError(`stickiness must be from 0 to 1, not ${stickiness}`);
  }
  if (expertsPerLayer < 2 * expertsPerToken) {
    throw new OptionError(
      `a sticky trace of top-${expertsPerToken} needs ${2 * expertsPerToken} experts, not ${expertsPerLayer}`,
    );
  }
  return routedTrace("sticky", shape, (random) =>
    stickyRouter(random, expertsPerLayer, stickiness),
  );
}

function stickyRouter(
  random: RandomNumbers,
  expertsPerLayer: number,
  stickiness: number,
): LayerRouter {
  /** The token's experts come first. */
  const deck = Uint16Array.from({ length: expertsPerLayer }, (_, expert) => expert);
  const swap = (one: number, other: number) => {
    const moved = deck[one]!;
    deck[one] = deck[other]!;
    deck[other] = moved;
  };
  let isFirst = true;
  return (experts) => {
    let others = expertsPerLayer - experts.length;
    for (let place = 0; place < experts.length; place++) {
      if (isFirst) {
        swap(place, place + random.below(expertsPerLayer - place));
      } else if (uniformShare(random) >= stickiness) {
        const drawn = experts.length + random.below(others);
        swap(place, drawn);
        others--;
        // Who has just left must not be drawn again for this token.
        swap(drawn, experts.length + others);
      }
      experts[place] = deck[place]!;
    }
    isFirst = false;
  };
}
