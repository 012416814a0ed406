/** Access to a batch of any size: as often as its experts fit in slots. */
import type { Access, AccessOutcome, EvictionPolicy } from "./evictionPolicy.ts";

/**
 * Asks for a whole batch. Each part is yielded with its experts leased: compute them, then take the
 * next part, which releases this one. A loop left early releases the part it holds.
 */
export function* accessInParts(policy: EvictionPolicy, access: Access): Generator<AccessOutcome> {
  let remaining = access;
  do {
    const outcome = policy.access(remaining);
    try {
      yield outcome;
    } finally {
      policy.release(outcome.leased);
    }
    remaining = { ...access, experts: outcome.deferred };
  } while (remaining.experts.length > 0);
}
