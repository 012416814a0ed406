/** One trace, one policy, one capacity: what would have happened. */
import { createPolicy } from "../../policy/registry.ts";
import { OptionError } from "../../support/errors.ts";
import type { RoutingTrace } from "../routingTrace.ts";
import { type Accounting, accountingRules } from "./accounting.ts";
import { type Capacity, type PlacedCapacity, placeCapacity, type SlotPooling } from "./capacity.ts";
import { type CompareRow, compareRow } from "./compareRow.ts";
import { predictorFor } from "./predictorFor.ts";
import type { DecisionListener, ReplayCounts, ReplaySettings } from "./replayRule.ts";
import { futureOf, type TraceAccesses, traceAccesses } from "./traceAccesses.ts";

/** How a comparison counts: the same for all its policies and capacities. */
export interface ReplayManner extends ReplaySettings {
  /** @default "batch" */
  readonly accounting?: Accounting;
}

export interface ReplayOptions extends ReplayManner {
  /** As `createPolicy` of `sluice/policy` takes it. */
  readonly policy: string;
  /** Worked out by {@link placeCapacity} or an engine, or still to be. */
  readonly capacity: Capacity | PlacedCapacity;
  /** @default "one" */
  readonly pooling?: SlotPooling;
  /** Link speed in GB/s (10^9), for the stall. @default none */
  readonly linkGBps?: number;
  /** Hears of every decision, in order; by the batch accounting only. */
  readonly onDecision?: DecisionListener;
}

/**
 * Replays a trace through a policy, and through `belady` to see what was possible.
 *
 * @throws OptionError for an unknown policy or predictor, and for settings that contradict
 */
export function replay(trace: RoutingTrace, options: ReplayOptions): CompareRow {
  const { policy, capacity, pooling, linkGBps, onDecision, ...manner } = options;
  const placed = "pools" in capacity ? capacity : placeCapacity(trace.header, capacity, pooling);
  checkReplays(trace, [policy], [placed], manner);
  const player = new TracePlayer(trace, manner);
  const counts = player.play(policy, placed, onDecision);
  const optimum = player.playOptimum(placed);
  return compareRow({
    ...{ policy, capacity: placed, counts, optimum, linkGBps },
    predictor: manner.predictor,
  });
}

/** Replays one trace again and again; what the replays share is computed once. */
export class TracePlayer {
  readonly accesses: TraceAccesses;
  readonly #trace: RoutingTrace;
  readonly #manner: ReplayManner;

  /** @param accesses those of {@link accessesFor}, if they are known already */
  constructor(
    trace: RoutingTrace,
    manner: ReplayManner,
    accesses: TraceAccesses = accessesFor(trace, manner),
  ) {
    this.#trace = trace;
    this.#manner = manner;
    this.accesses = accesses;
  }

  play(policy: string, capacity: PlacedCapacity, onDecision?: DecisionListener): ReplayCounts {
    return this.#play(policy, capacity, this.#manner, onDecision);
  }

  /** What foreknowledge makes of the same slots, without prefetches and without an insert cap. */
  playOptimum(capacity: PlacedCapacity): ReplayCounts {
    const { predictor, insertsPerPass, ...bare } = this.#manner;
    return this.#play("belady", capacity, bare);
  }

  #play(
    policy: string,
    capacity: PlacedCapacity,
    { accounting = "batch", ...settings }: ReplayManner,
    onDecision?: DecisionListener,
  ): ReplayCounts {
    const { accesses } = this;
    // Made anew for each: some hundred bytes per access, which nobody else needs.
    const future = () => futureOf(accesses);
    const question = { policy, capacity, trace: this.#trace, accesses, future, settings };
    return accountingRules[accounting].replay(question, onDecision);
  }
}

export function accessesFor(
  trace: RoutingTrace,
  { accounting = "batch" }: ReplayManner,
): TraceAccesses {
  return traceAccesses(trace, accountingRules[accounting].accesses);
}

/** Throws OptionError for what no replay can do, before any begins. */
export function checkReplays(
  trace: RoutingTrace,
  policies: readonly string[],
  capacities: readonly PlacedCapacity[],
  { accounting = "batch", predictor, insertsPerPass }: ReplayManner,
): void {
  if (predictor !== undefined) predictorFor(predictor, trace);
  if (accounting !== "batch" && (predictor !== undefined || insertsPerPass !== undefined)) {
    throw new OptionError(`the ${accounting} accounting knows neither predictors nor insert caps`);
  }
  const { layerCount, expertsPerLayer, expertBytes } = trace.header;
  for (const policy of policies) {
    for (const { slots } of capacities) {
      createPolicy(policy, {
        ...{ layerCount, expertsPerLayer, capacity: slots, future: [] },
        ...(expertBytes.length > 0 && { expertBytes }),
      });
    }
  }
}
