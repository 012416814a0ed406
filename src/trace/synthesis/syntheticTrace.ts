/**
 * Made-up traces with known answers: what a policy, predictor or metric must say about them can be
 * worked out on paper, so they test the instruments and not the model.
 */

import { RandomNumbers } from "../../policy/ruleNumbers.ts";
import { OptionError } from "../../support/errors.ts";
import { type RoutingTrace, RoutingTraceBuilder } from "../routingTrace.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { Phase, TraceRecord } from "../traceRecord.ts";

/** The same seed gives the same records everywhere. */
export interface SyntheticShape {
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  readonly expertsPerToken: number;
  /** Tokens computed one by one. */
  readonly tokens: number;
  /** Tokens of the prompt before them, one pass. @default 0 */
  readonly promptTokens?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** A header, and records that are made anew, and equal, each time they are iterated over. */
export interface SyntheticTrace {
  readonly header: TraceHeader;
  readonly records: Iterable<TraceRecord>;
}

/** What one layer's router chooses: fills `experts` (top-k) for its next token. */
export type LayerRouter = (experts: Uint16Array) => void;

/**
 * One conversation through layers that route for themselves: each has its own random numbers, so what
 * it chooses does not depend on how many tokens a pass has.
 *
 * @throws OptionError for a shape that no model has
 */
export function routedTrace(
  name: string,
  shape: SyntheticShape,
  makeRouter: (random: RandomNumbers, layer: number) => LayerRouter,
): SyntheticTrace {
  const { layerCount, expertsPerLayer, expertsPerToken, tokens, promptTokens = 0 } = shape;
  for (const [key, value, least] of [
    ["layerCount", layerCount, 1],
    ["expertsPerLayer", expertsPerLayer, 1],
    ["expertsPerToken", expertsPerToken, 1],
    ["tokens", tokens, 0],
    ["promptTokens", promptTokens, 0],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new OptionError(`${key} must be a whole number from ${least} up, not ${value}`);
    }
  }
  if (expertsPerToken > expertsPerLayer) {
    throw new OptionError(`top-${expertsPerToken} of ${expertsPerLayer} experts: k is too large`);
  }

  function* records(): Generator<TraceRecord> {
    const seeds = new RandomNumbers(shape.seed ?? 1);
    const routers = Array.from({ length: layerCount }, (_, layer) =>
      makeRouter(new RandomNumbers(seeds.below(2 ** 32)), layer),
    );
    function* pass(phase: Phase, position: number, tokens: number): Generator<TraceRecord> {
      for (const [layer, route] of routers.entries()) {
        const experts = new Uint16Array(tokens * expertsPerToken);
        for (let begin = 0; begin < experts.length; begin += expertsPerToken) {
          route(experts.subarray(begin, begin + expertsPerToken));
        }
        yield { sequence: 0, phase, position, layer, tokens, experts };
      }
    }
    if (promptTokens > 0) yield* pass("prefill", 0, promptTokens);
    for (let token = 0; token < tokens; token++) yield* pass("decode", promptTokens + token, 1);
  }

  return {
    header: {
      model: `synthetic ${name}`,
      architecture: "synthetic",
      layerCount,
      expertsPerLayer,
      expertsPerToken,
      expertBytes: [],
      origin: `sluice trace synth ${name}`,
      hasWeights: false,
      hasLogits: false,
    },
    records: { [Symbol.iterator]: records },
  };
}

/** The whole trace in memory. */
export function buildSyntheticTrace({ header, records }: SyntheticTrace): RoutingTrace {
  const builder = new RoutingTraceBuilder(header);
  for (const record of records) builder.add(record);
  return builder.build();
}

/** Uniform in (0, 1), never one of its ends. */
export function uniformShare(random: RandomNumbers): number {
  return (random.below(2 ** 32) + 0.5) / 2 ** 32;
}
