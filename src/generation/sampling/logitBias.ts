/** Likelihoods of single tokens, set by hand. */
import { OptionError } from "../../support/errors.ts";
import type { Stage } from "./candidates.ts";

/**
 * Adds to the logits of single tokens; -Infinity forbids one. Must come before any other stage.
 *
 * @throws OptionError, when used, if it forbids everything there is
 */
export function logitBias(biases: ReadonlyMap<number, number>): Stage {
  const forbidsAny = biases.values().some((bias) => bias === -Infinity);
  return (candidates) => {
    const { tokens, logits, size } = candidates;
    for (const [token, bias] of biases) {
      const position = positionOf(token, tokens.subarray(0, size));
      if (position !== undefined) logits[position]! += bias;
    }
    if (!forbidsAny) return;
    candidates.keepAtLeast(-Number.MAX_VALUE);
    if (candidates.size === 0) throw new OptionError("logitBias leaves no token to draw");
  };
}

/** Nothing has reordered the tokens yet, so they ascend. */
function positionOf(token: number, ascending: Uint32Array): number | undefined {
  let begin = 0;
  let end = ascending.length;
  while (begin < end) {
    const middle = (begin + end) >>> 1;
    if (ascending[middle]! < token) begin = middle + 1;
    else end = middle;
  }
  return ascending[begin] === token ? begin : undefined;
}
