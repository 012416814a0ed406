/** One thread of a comparison: plays the replays it is given. */
import { workerData } from "piscina";
import { type ErrorCode, SluiceError } from "../../support/errors.ts";
import { RoutingTrace, type TransferableTrace } from "../routingTrace.ts";
import type { PlacedCapacity } from "./capacity.ts";
import { type ReplayManner, TracePlayer } from "./replay.ts";
import type { ReplayCounts } from "./replayRule.ts";
import type { TraceAccesses } from "./traceAccesses.ts";

/** What all threads share; the columns lie in shared memory. */
export interface CompareShare {
  readonly trace: TransferableTrace;
  readonly accesses: TraceAccesses;
  readonly manner: ReplayManner;
}

export interface CompareTask {
  /** `undefined` for the optimum. */
  readonly policy: string | undefined;
  readonly capacity: PlacedCapacity;
}

/** Errors that were thrown on purpose: as values, since a thread's boundary takes their code away. */
export type CompareAnswer =
  | { readonly counts: ReplayCounts }
  | { readonly failure: { readonly code: ErrorCode; readonly message: string } };

const { trace, accesses, manner } = workerData as CompareShare;
const player = new TracePlayer(RoutingTrace.fromTransferable(trace), manner, accesses);

export default function play({ policy, capacity }: CompareTask): CompareAnswer {
  try {
    const counts =
      policy === undefined ? player.playOptimum(capacity) : player.play(policy, capacity);
    return { counts };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { failure: { code: error.code, message: error.message } };
  }
}
