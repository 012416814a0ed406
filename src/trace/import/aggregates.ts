/**
 * Statistics that look like traces and are none: counts per expert without their order. No replay
 * can be made of them, since what a cache holds depends on what came before what.
 *
 * Source: SharpInference's `ExpertAccessProfiler.PrintStats` (`--expert-stats FILE`), and our own
 * access profiles.
 */
const reason =
  "sums over a whole run; no cache can be replayed without the order in which experts were asked for";

/** Why a file with this beginning cannot be used, or `undefined` if it is something else. */
export function aggregateReason(start: string): string | undefined {
  if (start.includes("[ExpertAccessProfiler]")) {
    return `these are SharpInference's expert statistics, ${reason}`;
  }
  if (
    /^\s*\{/.test(start) &&
    /"(sluice-access-profile|OverallHitRate|overallHitRate)"/.test(start)
  ) {
    return `this is a profile of accesses, ${reason}`;
  }
  return undefined;
}
