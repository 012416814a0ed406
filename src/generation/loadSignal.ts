/** Loading may be cancelled between any two pieces of it. */
import { SluiceError } from "../support/errors.ts";

/** @throws SluiceError `aborted` once `signal` says so */
export function refuseIfCancelled(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new SluiceError("aborted", "loading was cancelled", { cause: signal.reason });
}
