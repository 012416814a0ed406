/** Plays a trace to a policy: what the simulator does, in a dozen lines of its own. */
import type { Access } from "../../src/policy/evictionPolicy.ts";
import { accessInParts } from "../../src/policy/inParts.ts";
import { createPolicy } from "../../src/policy/registry.ts";
import type { TraceView } from "../../src/trace/metrics/layerTokens.ts";
import type { TraceRecord } from "../../src/trace/traceRecord.ts";

export interface Play {
  readonly policy: string;
  readonly slots: number;
  /** Every expert an access of its own, instead of a layer's batch. @default false */
  readonly oneByOne?: boolean;
  /** Which records count; the others fill the cache. @default decode */
  readonly counts?: (record: TraceRecord) => boolean;
}

/** Hits / accesses of the records that count. */
export function playedHitRate(trace: TraceView, play: Play): number {
  const { policy: spec, slots, oneByOne = false } = play;
  const { counts = ({ phase }) => phase === "decode" } = play;
  const { layerCount, expertsPerLayer } = trace.header;
  const accesses: { access: Access; isCounted: boolean }[] = [];
  let step = 0;
  for (const record of trace) {
    const { layer } = record;
    const ids = Array.from(new Set(record.experts), (expert) => layer * expertsPerLayer + expert);
    for (const experts of oneByOne ? ids.map((id) => [id]) : [ids]) {
      accesses.push({ access: { step, layer, experts }, isCounted: counts(record) });
    }
    if (layer === layerCount - 1) step++;
  }
  const future = accesses.map(({ access }) => access);
  const policy = createPolicy(spec, { layerCount, expertsPerLayer, capacity: slots, future });
  let [hits, uses] = [0, 0];
  for (const { access, isCounted } of accesses) {
    let own = 0;
    for (const part of accessInParts(policy, access)) own += part.hits.length;
    if (!isCounted) continue;
    hits += own;
    uses += access.experts.length;
  }
  return hits / uses;
}
