/** Laws of every replay, on random traces. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Access,
  accessInParts,
  createPolicy,
  policyEntry,
  policyNames,
} from "../../../src/policy/index.ts";
import { type Accounting, RoutingTraceBuilder, replay } from "../../../src/trace/index.ts";
import { anyTrace, type SomeTrace } from "../anyTrace.ts";

const policies = policyNames.map((name) => (policyEntry(name).takesInner ? `${name}(lru)` : name));
const anyPolicy = fc.constantFrom(...policies);
const anySlots = fc.integer({ min: 1, max: 24 });
const smallTraces = anyTrace({ orderly: true }).filter(
  ({ header }) => header.expertsPerLayer < 100,
);
const anyAccounting = fc.constantFrom<Accounting>("batch", "per-access");

function builtOf({ header, records }: SomeTrace) {
  const builder = new RoutingTraceBuilder(header);
  for (const record of records) builder.add(record);
  return builder.build();
}

test("what is asked for is hit, inserted or bypassed, and bytes add up", () => {
  fc.assert(
    fc.property(
      smallTraces,
      anyPolicy,
      anySlots,
      anyAccounting,
      (some, policy, slots, accounting) => {
        const trace = builtOf(some);
        const { counts, hitRate } = replay(trace, { policy, capacity: { slots }, accounting });
        for (const phase of [counts.prefill, counts.decode]) {
          expect(phase.uses).toBe(phase.hits + phase.admitted + phase.bypassed);
          expect(phase.usedBytes).toBe(phase.hitBytes + phase.movedBytes);
          expect(phase.evictions).toBeLessThanOrEqual(phase.admitted);
        }
        for (const rate of Object.values(hitRate)) {
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(1);
        }
      },
    ),
  );
});

test("a batch replay hits what a plain loop over the policy hits", () => {
  fc.assert(
    fc.property(smallTraces, anyPolicy, anySlots, (some, policy, slots) => {
      const { counts } = replay(builtOf(some), { policy, capacity: { slots } });
      expect(counts.decode.hits).toBe(decodeHits(some, policy, slots));
    }),
  );
});

/** The engine's rule in a dozen lines: batches, a clock that counts tokens. */
function decodeHits({ header, records }: SomeTrace, spec: string, slots: number): number {
  const { layerCount, expertsPerLayer, expertBytes } = header;
  let step = 0;
  const accesses = records.map(({ layer, tokens, experts }): Access => {
    const ids = Array.from(new Set(experts), (expert) => layer * expertsPerLayer + expert);
    const access = { step, layer, experts: ids, tokenCount: tokens };
    if (layer === layerCount - 1) step += tokens;
    return access;
  });
  const policy = createPolicy(spec, {
    ...{ layerCount, expertsPerLayer, capacity: slots, future: accesses },
    ...(expertBytes.length > 0 && { expertBytes }),
  });
  let hits = 0;
  for (const [index, access] of accesses.entries()) {
    for (const part of accessInParts(policy, access)) {
      if (records[index]!.phase === "decode") hits += part.hits.length;
    }
  }
  return hits;
}

test("expert by expert, nobody without a bypass or foresight beats belady", () => {
  const placing = policies.filter((policy) => policy !== "belady-bypass");
  fc.assert(
    fc.property(smallTraces, fc.constantFrom(...placing), anySlots, (some, policy, slots) => {
      // A rule that adds slots of its own is not compared with one that has fewer.
      fc.pre(policy !== "sharpinference-slru" || slots > 1);
      const decodeOnly = { ...some, records: some.records.filter((r) => r.phase === "decode") };
      const options = { policy, capacity: { slots }, accounting: "per-access" } as const;
      expect(replay(builtOf(decodeOnly), options).regret).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("a cache that holds everything misses each expert once", () => {
  fc.assert(
    fc.property(smallTraces, (some) => {
      const { layerCount, expertsPerLayer } = some.header;
      const slots = layerCount * expertsPerLayer;
      const { counts } = replay(builtOf(some), { policy: "lru", capacity: { slots } });
      const distinct = new Set(
        some.records.flatMap(({ layer, experts }) =>
          Array.from(experts, (expert) => layer * expertsPerLayer + expert),
        ),
      );
      expect(counts.prefill.admitted + counts.decode.admitted).toBe(distinct.size);
    }),
  );
});
