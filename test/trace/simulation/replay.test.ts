/** One replay, on traces small enough to count by hand. */
import { expect, test } from "vitest";
import type { CacheDecision } from "../../../src/policy/index.ts";
import {
  openTrace,
  placeCapacity,
  type RoutingTrace,
  RoutingTraceBuilder,
  replay,
  type TraceHeader,
  type TraceRecord,
} from "../../../src/trace/index.ts";
import { futureOf, traceAccesses } from "../../../src/trace/simulation/traceAccesses.ts";
import { gptOss, smallHeader } from "../traceSamples.ts";

const header: TraceHeader = { ...smallHeader, hasWeights: false };

type Ask = Partial<TraceRecord> & { readonly layer: number; readonly experts: Uint16Array };

function traceOf(asks: readonly Ask[], changes: Partial<TraceHeader> = {}): RoutingTrace {
  const builder = new RoutingTraceBuilder({ ...header, ...changes });
  for (const ask of asks) {
    const tokens = ask.experts.length / header.expertsPerToken;
    builder.add({ sequence: 0, phase: "decode", position: 0, tokens, ...ask });
  }
  return builder.build();
}

const ask = (layer: number, ...experts: number[]): Ask => {
  return { layer, experts: Uint16Array.from(experts) };
};
const prompt = (layer: number, ...experts: number[]): Ask => {
  return { ...ask(layer, ...experts), phase: "prefill" };
};

/** Layer 0 alternates between two pairs, layer 1 stays; a prompt comes before. Ids of layer 1 from 8. */
const alternating = traceOf([
  prompt(0, 0, 1, 1, 2),
  prompt(1, 3, 4, 4, 3),
  ask(0, 0, 1),
  ask(1, 3, 4),
  ask(0, 2, 5),
  ask(1, 3, 4),
  ask(0, 0, 1),
  ask(1, 3, 4),
]);

test("each record asks for the distinct experts of its layer, in the order of their first naming", () => {
  const asked = futureOf(traceAccesses(alternating)).map(({ layer, experts }) => [layer, experts]);
  expect(asked.slice(0, 3)).toEqual([
    [0, [0, 1, 2]],
    [1, [11, 12]],
    [0, [0, 1]],
  ]);
  const last = futureOf(traceAccesses(alternating, { order: "last" }))[1]!;
  expect(last.experts).toEqual([12, 11]);
});

test("a prompt in several passes can be taken together, layer by layer", () => {
  const trace = traceOf([prompt(0, 0, 1), prompt(1, 3, 4), prompt(0, 1, 2), prompt(1, 4, 5)]);
  const merged = traceAccesses(trace, { mergesPrompts: true });
  expect(futureOf(merged).map(({ experts }) => experts)).toEqual([
    [0, 1, 2],
    [11, 12, 13],
  ]);
  expect([...merged.passTokens]).toEqual([2, 0]);
});

test("a pass begins where layers start again, not where a layer computes fewer tokens", () => {
  const trace = traceOf([prompt(0, 0, 1, 1, 2), prompt(1, 3, 4), ask(0, 0, 1), ask(1, 3, 4)]);
  expect([...traceAccesses(trace).passTokens]).toEqual([2, 0, 1, 0]);
  const passes = (asks: readonly Ask[]) => [...traceAccesses(traceOf(asks)).passTokens];
  expect(passes([ask(0, 0, 1), ask(0, 2, 3)])).toEqual([1, 1]);
  expect(passes([prompt(0, 0, 1), ask(1, 2, 3)])).toEqual([1, 1]);
  expect(passes([ask(0, 0, 1), { ...ask(1, 2, 3), sequence: 1 }])).toEqual([1, 1]);
});

test("hits, misses and bytes of an LRU of four slots, by phase", () => {
  const { counts, hitRate } = replay(alternating, { policy: "lru", capacity: { slots: 4 } });
  // The prompt fills four slots with 1 2 11 12; then 0 1 | 11 12 | 2 5 | 11 12 | 0 1 | 11 12.
  expect(counts.prefill).toMatchObject({ uses: 5, hits: 0, admitted: 5, evictions: 1 });
  expect(counts.decode).toMatchObject({ uses: 12, hits: 7, admitted: 5, evictions: 5 });
  expect(counts.decode).toMatchObject({ usedBytes: 18_000, hitBytes: 13_000, movedBytes: 5000 });
  expect(hitRate).toEqual({ decode: 7 / 12, prefill: 0, total: 7 / 17 });
});

test("what no decode record asks for is not missed by the rates: they are 0, regret too", () => {
  const row = replay(traceOf([]), { policy: "lru", capacity: { slots: 4 } });
  expect(row.hitRate).toEqual({ decode: 0, prefill: 0, total: 0 });
  expect(row).toMatchObject({ regret: 0, ratioToBelady: 1, bytesMoved: 0 });
});

test("regret is what belady hits and the policy does not, of what belady hits", () => {
  const capacity = { slots: 4 };
  const lru = replay(alternating, { policy: "lru", capacity });
  const best = replay(alternating, { policy: "belady", capacity });
  expect(best).toMatchObject({ regret: 0, ratioToBelady: 1 });
  expect(best.counts.decode.hits).toBeGreaterThan(lru.counts.decode.hits);
  expect(lru.ratioToBelady).toBe(lru.counts.decode.hits / best.counts.decode.hits);
  expect(lru.regret).toBeCloseTo(1 - lru.ratioToBelady, 12);
});

test("the stall is the time that the link needs for the misses of a decoded token", () => {
  const options = { policy: "lru", capacity: { slots: 4 } };
  // 5000 bytes in three tokens; 1 GB/s is a million bytes in a millisecond.
  const stalled = replay(alternating, { ...options, linkGBps: 1 });
  expect(stalled.stallMsPerToken).toBeCloseTo(5000 / 1e6 / 3, 12);
  expect(replay(alternating, options).stallMsPerToken).toBeUndefined();
});

test("without sizes there are no bytes, and experts count alike", () => {
  const trace = traceOf([ask(0, 0, 1), ask(1, 3, 4), ask(0, 0, 1)], { expertBytes: [] });
  const row = replay(trace, { policy: "lru", capacity: { slots: 4 }, linkGBps: 1 });
  expect(row).toMatchObject({ byteHitRate: 1 / 3, hitRate: { total: 1 / 3 } });
  expect([row.bytes, row.bytesMoved, row.stallMsPerToken]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(() => replay(trace, { policy: "lru", capacity: { bytes: 9000 } })).toThrow(
    "give slots or token cycles, not bytes",
  );
});

test("an insert cap turns the misses above it away", () => {
  const capped = { policy: "lru", capacity: { slots: 4 }, insertsPerPass: 1 };
  const { counts, bypasses } = replay(alternating, capped);
  expect(counts.prefill).toMatchObject({ admitted: 1, bypassed: 4 });
  expect(bypasses).toBe(counts.prefill.bypassed + counts.decode.bypassed);
  // The optimum has no cap, so even belady may fall behind it.
  const free = replay(alternating, { policy: "belady", capacity: { slots: 4 } });
  const held = replay(alternating, { ...capped, policy: "belady" });
  expect(held.counts.decode.hits).toBeLessThan(free.counts.decode.hits);
  expect(held.ratioToBelady).toBe(held.counts.decode.hits / free.counts.decode.hits);
});

test("expert by expert, a prompt only warms, and a batch does not protect its own", () => {
  const options = { policy: "lru", capacity: { slots: 1 }, accounting: "per-access" } as const;
  const { counts, hitRate } = replay(alternating, options);
  expect(counts.prefill.uses).toBe(0);
  expect(counts.decode).toMatchObject({ uses: 12, hits: 0, evictions: 12 });
  expect(hitRate.total).toBe(hitRate.decode);
});

test("the overrun accounting lets a batch exceed the bytes, then evicts others", () => {
  const options = { policy: "lru", accounting: "overrun" } as const;
  // Two experts of layer 1 take 4000 bytes: they stay through their own batch, all else leaves.
  const { counts } = replay(alternating, { ...options, capacity: { bytes: 3999 } });
  expect(counts.decode).toMatchObject({ uses: 12, hits: 0 });
  const more = replay(alternating, { ...options, capacity: { bytes: 6000 } });
  expect(more.counts.decode.hits).toBe(7);
  expect(() => replay(alternating, { ...options, policy: "arc", capacity: { slots: 4 } })).toThrow(
    'knows lru, lfu, belady, but not "arc"',
  );
});

test("sequences that only warm the cache are not counted", () => {
  const asks = [ask(0, 0, 1), ask(1, 3, 4), ask(0, 0, 2), ask(1, 3, 4)];
  const twice = traceOf([...asks, ...asks.map((one) => ({ ...one, sequence: 1 }))]);
  const options = { policy: "lru", capacity: { slots: 5 } };
  const whole = replay(twice, options).counts.decode;
  const first = replay(traceOf(asks), options).counts.decode;
  const second = replay(twice, { ...options, warmSequences: 1, linkGBps: 1 });
  expect(second.counts.decode.hits).toBe(whole.hits - first.hits);
  expect(second.counts.decode.uses).toBe(8);
  expect(second.stallMsPerToken).toBeCloseTo(second.counts.decode.movedBytes / 1e6 / 2, 12);
  expect(replay(twice, { ...options, warmSequences: 2 }).counts.decode.uses).toBe(0);
});

test("prefetches are accounted for: each is useful or wasted", async () => {
  const trace = await openTrace(gptOss);
  const options = { policy: "lru", capacity: { cycles: 2 }, predictor: "transitions" };
  const row = replay(trace, options);
  const { prefetch } = row;
  expect(prefetch).toMatchObject({ predictor: "transitions", late: 0, dropped: 0 });
  expect(prefetch!.useful + prefetch!.wasted).toBe(prefetch!.issued);
  expect(prefetch!.bytes).toBe(prefetch!.issued * trace.header.expertBytes[0]!);
  const { prefill, decode } = row.counts;
  expect(row.bytesMoved).toBe(prefill.movedBytes + decode.movedBytes + prefetch!.bytes!);
  const none = replay(trace, { ...options, prefetchBytes: 0 });
  expect(none.prefetch).toMatchObject({ issued: 0, bytes: 0 });
  expect(none.counts).toEqual(replay(trace, { policy: "lru", capacity: { cycles: 2 } }).counts);
  const hindsight = replay(trace, { ...options, predictor: "static-hot-list" });
  expect(hindsight.prefetch!.issued).toBeGreaterThan(0);
});

test("early router logits reach the predictor that lives on them", () => {
  const lookahead = Float32Array.from({ length: 8 }, (_, expert) => (expert === 6 ? 9 : 0));
  const asks = [{ ...ask(0, 0, 1), lookahead }, ask(1, 6, 7)];
  const builder = new RoutingTraceBuilder(header, { lookahead: true });
  for (const one of asks) {
    builder.add({ sequence: 0, phase: "decode", position: 0, tokens: 1, ...one });
  }
  const options = { policy: "lru", capacity: { slots: 5 }, predictor: "gate-lookahead" };
  // Bytes for one expert of layer 1: the likeliest, which is then there in time.
  const row = replay(builder.build(), { ...options, prefetchBytes: 2000 });
  expect(row.prefetch).toMatchObject({ issued: 1, useful: 1, bytes: 2000 });
  expect(row.counts.decode.hits).toBe(1);
  expect(() => replay(traceOf(asks), options)).toThrow("the trace as it was opened has none");
});

test("decisions can be heard one by one", () => {
  const heard: CacheDecision[] = [];
  const { counts } = replay(alternating, {
    ...{ policy: "lru", capacity: { slots: 4 } },
    onDecision: (decision) => heard.push(decision),
  });
  const hits = heard.filter(({ kind }) => kind === "hit");
  expect(hits).toHaveLength(counts.prefill.hits + counts.decode.hits);
  expect(heard.filter(({ victim }) => victim !== undefined)).toHaveLength(6);
  expect(heard.at(-1)).toEqual({ pass: 3, layer: 1, kind: "hit", expert: 12, victim: undefined });
});

test("who is resident at the start is hit at once", () => {
  const trace = traceOf([ask(0, 0, 1)]);
  const options = { policy: "lru", capacity: { slots: 4 }, residents: [1, 5] };
  expect(replay(trace, options).counts.decode.hits).toBe(1);
});

test("a capacity is slots, bytes or token cycles", () => {
  const sized = { ...header, expertBytes: [1000, 2000] };
  expect(placeCapacity(sized, { cycles: 1.7 })).toMatchObject({ slots: 6, bytes: 12_000 });
  expect(placeCapacity(sized, { cycles: 0.01 })).toMatchObject({ slots: 1, cycles: 0.25 });
  expect(placeCapacity(sized, { bytes: 7999 })).toMatchObject({ slots: 3, bytes: 7999 });
  const { pools } = placeCapacity(sized, { bytes: 6000 }, "per-size");
  expect(pools.map(({ slots, layers }) => [slots, layers])).toEqual([
    [2, [1]],
    [2, [0]],
  ]);
  expect(() => placeCapacity(sized, { bytes: 1999 })).toThrow(
    "1999 bytes leave no slot for experts of 2000 bytes",
  );
  expect(() => placeCapacity(sized, { slots: 0 })).toThrow("slots must be a whole number");
});
