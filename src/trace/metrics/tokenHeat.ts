/**
 * Token heat: how much of what a token asks of a layer was asked for shortly before.
 *
 *   heat(token, layer) = experts of the token that the layer used within its last `window` tokens / k
 *
 * Tokens of one sequence follow each other, whatever lies between them. Cold columns are turns of the
 * text, a first token is always cold.
 */
import { OptionError } from "../../support/errors.ts";
import { expertsOfToken, type LayerTokens, tokensOfSequences } from "./layerTokens.ts";

/** `[tokenCount]` of one layer, each in [0, 1]. */
export function tokenHeat(
  layer: LayerTokens,
  expertsPerLayer: number,
  window: number,
): Float64Array {
  if (!Number.isSafeInteger(window) || window < 1) {
    throw new OptionError(`the window must have one token or more, not ${window}`);
  }
  const heat = new Float64Array(layer.tokenCount);
  for (const tokens of tokensOfSequences(layer)) {
    const lastTurn = new Float64Array(expertsPerLayer).fill(-Infinity);
    tokens.forEach((token, turn) => {
      const experts = expertsOfToken(layer, token);
      let warm = 0;
      for (const expert of experts) if (turn - lastTurn[expert]! <= window) warm++;
      heat[token] = warm / experts.length;
      for (const expert of experts) lastTurn[expert] = turn;
    });
  }
  return heat;
}
