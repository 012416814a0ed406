/**
 * Single experts instead of batches, for comparison with caches that know no batches:
 *
 * - accesses in order of step, layer and rank, each expert on its own;
 * - a prompt is reduced to the experts that each layer uses, layer by layer; it fills the cache and
 *   is not counted;
 * - nothing is protected for its batch, so a layer may lose one expert to the next.
 *
 * `cycle-aware` is a rule about layers' turns and keeps what its turn has asked for so far until the
 * turn is over; only when that alone fills the cache is it let go.
 *
 * Source of the rule: cache simulators for single keys, such as Caffeine's and libCacheSim.
 */
import { type MutableCounts, noCounts } from "../../policy/cache/cacheCounts.ts";
import type { AccessOutcome, EvictionPolicy } from "../../policy/evictionPolicy.ts";
import type { ExpertId } from "../../policy/expertId.ts";
import { parsePolicySpec } from "../../policy/policySpec.ts";
import { createPolicy } from "../../policy/registry.ts";
import {
  countedDecodeTokens,
  firstCounted,
  needsFuture,
  type ReplayCounts,
  type ReplayQuestion,
} from "./replayRule.ts";
import { expertsOf } from "./traceAccesses.ts";

export function replaySingly(question: ReplayQuestion): ReplayCounts {
  const { accesses, trace } = question;
  const { phase, layer, passTokens } = accesses;
  const { expertBytes } = trace.header;
  const policy = createSinglePolicy(question);
  const keepsTurn = parsePolicySpec(question.policy).name === "cycle-aware";
  const first = firstCounted(question);
  const decode = noCounts();
  const kept: ExpertId[] = [];
  let step = 0;
  let tokens = 0;
  for (let access = 0; access < layer.length; access++) {
    if (passTokens[access]! > 0) {
      step += tokens;
      tokens = passTokens[access]!;
    }
    const isCounted = access >= first && phase[access] === 1;
    const bytes = expertBytes[layer[access]!] ?? 1;
    for (const expert of expertsOf(accesses, access)) {
      if (kept.length >= policy.capacity) release(policy, kept);
      const outcome = policy.access({ step, layer: layer[access]!, experts: [expert] });
      if (isCounted) count(decode, outcome, bytes);
      kept.push(...outcome.leased);
      if (!keepsTurn) release(policy, kept);
    }
    release(policy, kept);
  }
  return { prefill: noCounts(), decode, decodeTokens: countedDecodeTokens(question) };
}

function createSinglePolicy({ policy, capacity, trace, future }: ReplayQuestion): EvictionPolicy {
  const { layerCount, expertsPerLayer, expertBytes } = trace.header;
  const single = () =>
    future().flatMap(({ experts, ...access }) =>
      experts.map((expert) => ({ ...access, experts: [expert] })),
    );
  return createPolicy(policy, {
    layerCount,
    expertsPerLayer,
    capacity: capacity.slots,
    ...(expertBytes.length > 0 && { expertBytes }),
    ...(needsFuture(policy) && { future: single() }),
  });
}

function release(policy: EvictionPolicy, kept: ExpertId[]): void {
  policy.release(kept);
  kept.length = 0;
}

/** Adds what became of one expert. */
function count(counts: MutableCounts, outcome: AccessOutcome, bytes: number): void {
  const { hits, admitted, bypassed } = outcome;
  counts.uses++;
  counts.hits += hits.length;
  counts.admitted += admitted.length;
  counts.bypassed += bypassed.length;
  if (admitted[0]?.victim !== undefined) counts.evictions++;
  counts.usedBytes += bytes;
  if (hits.length > 0) counts.hitBytes += bytes;
  else counts.movedBytes += bytes;
}
