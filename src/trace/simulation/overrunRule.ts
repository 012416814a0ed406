/**
 * The rule behind the published curves of BigMoeOnEdge, kept to reproduce them: a cache of bytes whose
 * layers may overrun it. All experts of a batch come in first; then, while the cache holds more bytes
 * than its budget, one that the batch does not use leaves. So a single layer always has room, and the
 * cliff at one token cycle is softer than with slots.
 *
 * - Recency within a batch: of tokens that use the same expert, the last one counts.
 * - lfu: one use per batch; counts outlive eviction; ties to the one used longest ago.
 * - belady: by the number of the next batch that uses the expert.
 *
 * Source: github.com/Helldez/BigMoeOnEdge, docs/bench-data/2026-07-20-cache-replay.
 */
import { noCounts } from "../../policy/cache/cacheCounts.ts";
import { type ExpertId, expertCount, layerOf } from "../../policy/expertId.ts";
import { ExpertRanking } from "../../policy/expertRanking.ts";
import { NOBODY } from "../../policy/replacementRule.ts";
import { OptionError } from "../../support/errors.ts";
import {
  countedDecodeTokens,
  firstCounted,
  type ReplayCounts,
  type ReplayQuestion,
} from "./replayRule.ts";
import { expertsOf } from "./traceAccesses.ts";

/** How each policy ranks an expert at its use; the lowest leaves first. */
const rankings: Readonly<Record<string, (question: ReplayQuestion) => Ranking>> = {
  lru: () => (_, batch) => batch,
  lfu: ({ trace }) => {
    const uses = new Float64Array(expertCount(trace.header));
    return (expert) => {
      uses[expert]!++;
      return uses[expert]!;
    };
  },
  belady: ({ trace, accesses }) => {
    const next = nextUses(accesses.experts, accesses.begin, expertCount(trace.header));
    return (_, __, at) => -next[at]!;
  },
};
type Ranking = (expert: ExpertId, batch: number, at: number) => number;

/** @throws OptionError for policies other than lru, lfu and belady, and without sizes */
export function replayOverrunning(question: ReplayQuestion): ReplayCounts {
  const { accesses, capacity, trace, policy } = question;
  const makeRanking = Object.hasOwn(rankings, policy) ? rankings[policy] : undefined;
  if (makeRanking === undefined) {
    const known = Object.keys(rankings).join(", ");
    throw new OptionError(`the overrun accounting knows ${known}, but not "${policy}"`);
  }
  if (capacity.bytes === undefined) {
    throw new OptionError(
      "the overrun accounting needs to know how large experts are; the trace does not say it",
    );
  }
  const rank = makeRanking(question);
  const residents = new ExpertRanking(expertCount(trace.header));
  const bytesOf = (expert: ExpertId) => trace.header.expertBytes[layerOf(trace.header, expert)]!;
  const counts = { prefill: noCounts(), decode: noCounts() };
  const first = firstCounted(question);
  let residentBytes = 0;
  for (let access = 0; access < accesses.layer.length; access++) {
    const own =
      access < first ? noCounts() : counts[accesses.phase[access] === 0 ? "prefill" : "decode"];
    const experts = expertsOf(accesses, access);
    for (const [index, expert] of experts.entries()) {
      const bytes = bytesOf(expert);
      own.uses++;
      own.usedBytes += bytes;
      if (residents.has(expert)) {
        own.hits++;
        own.hitBytes += bytes;
      } else {
        own.admitted++;
        own.movedBytes += bytes;
        residentBytes += bytes;
      }
      residents.set(expert, rank(expert, access, accesses.begin[access]! + index));
    }
    const batch = new Set(experts);
    while (residentBytes > capacity.bytes) {
      const victim = residents.lowestWhere((expert) => !batch.has(expert));
      if (victim === NOBODY) break;
      residents.remove(victim);
      residentBytes -= bytesOf(victim);
      own.evictions++;
    }
  }
  return { ...counts, decodeTokens: countedDecodeTokens(question) };
}

/** `[uses]`: the number of the next access that uses the same expert; infinite for none. */
function nextUses(experts: Uint32Array, begin: Uint32Array, universe: number): Float64Array {
  const nextOf = new Float64Array(universe).fill(Number.POSITIVE_INFINITY);
  const next = new Float64Array(experts.length);
  for (let access = begin.length - 2; access >= 0; access--) {
    for (let at = begin[access]!; at < begin[access + 1]!; at++) {
      next[at] = nextOf[experts[at]!]!;
      nextOf[experts[at]!] = access;
    }
  }
  return next;
}
