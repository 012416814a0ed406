/** Predictors by name for a trace: all that an engine can run, and the two hot lists. */
import type { ExpertPredictor } from "../../policy/predictors/predictor.ts";
import {
  createPredictor,
  predictorEntry,
  predictorNames,
} from "../../policy/predictors/predictorRegistry.ts";
import { OptionError } from "../../support/errors.ts";
import { standardPredictors } from "../metrics/predictorScores.ts";
import type { RoutingTrace } from "../routingTrace.ts";

/** Made of the trace itself: one knows the whole decode in hindsight, the other the prompts. */
const hotLists: readonly string[] = ["static-hot-list", "prompt-hot-list"];

/** The names that {@link predictorFor} knows. */
export const replayPredictorNames: readonly string[] = [...predictorNames, ...hotLists];

/** @throws OptionError for an unknown name, or if the trace lacks what the predictor lives on */
export function predictorFor(name: string, trace: RoutingTrace): ExpertPredictor {
  if (hotLists.includes(name)) {
    const hotList = standardPredictors(trace).find((standard) => standard.name === name);
    if (hotList !== undefined) return hotList.predictor;
    throw new OptionError(`${name} needs a prompt, and the trace has none`);
  }
  if (!predictorNames.includes(name)) {
    throw new OptionError(
      `there is no predictor "${name}"; there are ${replayPredictorNames.join(", ")}`,
    );
  }
  if (predictorEntry(name).needsLookahead === true && !hasLookahead(trace)) {
    throw new OptionError(
      `${name} needs early router logits (lookahead), and the trace as it was opened has none`,
    );
  }
  return createPredictor(name, trace.header);
}

function hasLookahead({ columns }: RoutingTrace): boolean {
  return columns.lookaheadRow?.some((row) => row !== -1) ?? false;
}
