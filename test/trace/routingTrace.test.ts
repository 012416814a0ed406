/** A trace in memory: the same records, in columns that threads share. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type RoutingTrace, RoutingTraceBuilder, type TraceRecord } from "../../src/trace/index.ts";
import { anyTrace, type SomeTrace } from "./anyTrace.ts";
import { smallHeader, smallRecord, smallTrace } from "./traceSamples.ts";

function built({ header, records }: SomeTrace): RoutingTrace {
  const builder = new RoutingTraceBuilder(header, { weights: true, logits: true, lookahead: true });
  for (const record of records) builder.add(record);
  return builder.build();
}

test("the records that were added come back, each and all", () => {
  fc.assert(
    fc.property(anyTrace(), (trace) => {
      const { header, records } = trace;
      const real = built(trace);
      expect(real.header).toEqual(header);
      expect([...real]).toEqual(records);
      expect(real.recordCount).toBe(records.length);
      for (const [index, record] of records.entries()) expect(real.record(index)).toEqual(record);
    }),
  );
});

test("what is not kept takes no memory, and the header says so", () => {
  const builder = new RoutingTraceBuilder(smallHeader);
  builder.add({ ...smallRecord(0, 0), lookahead: new Float32Array(8) });
  const trace = builder.build();
  const { weights, lookahead, ...bare } = smallRecord(0, 0) as TraceRecord;
  expect([weights, lookahead, trace.header.hasWeights]).toEqual([
    expect.anything(),
    undefined,
    false,
  ]);
  expect([...trace]).toEqual([bare]);
  expect(trace.columns).toMatchObject({ weights: undefined, logits: undefined });
  expect(trace.columns.lookahead).toBeUndefined();
});

test("a builder goes on after it has built", () => {
  const builder = new RoutingTraceBuilder(smallHeader);
  builder.add(smallRecord(0, 0));
  const early = builder.build();
  builder.add(smallRecord(0, 1));
  expect([early.recordCount, builder.build().recordCount]).toEqual([1, 2]);
});

test("columns grow over many records, in memory of exactly their size", () => {
  const trace = built(smallTrace(5000));
  expect(trace.recordCount).toBe(10_000);
  expect(trace.record(9_999)).toEqual(smallRecord(4999, 1));
  const { experts, begin } = trace.columns;
  expect(experts.buffer.byteLength).toBe(10_000 * 2 * 2);
  expect(begin.buffer.byteLength).toBe(10_001 * 4);
});

test("tokens are counted by phase; in a pass that was cut off, by the layer that got farthest", () => {
  const prompt = {
    ...smallRecord(0, 0),
    phase: "prefill",
    tokens: 3,
    experts: Uint16Array.of(1, 2, 1, 3, 1, 4),
    weights: new Float32Array(6),
  } as const;
  const records = [prompt, { ...prompt, layer: 1 }, smallRecord(3, 0), smallRecord(3, 1)];
  const trace = built({ header: smallHeader, records: [...records, smallRecord(4, 0)] });
  expect([trace.tokenCount(), trace.tokenCount("prefill"), trace.tokenCount("decode")]).toEqual([
    5, 3, 2,
  ]);
});

test("another thread reads the same memory", async () => {
  const trace = built(smallTrace(3));
  const source = new URL("../../src/trace/index.ts", import.meta.url).href;
  const worker = new Worker(
    `import { parentPort, workerData } from "node:worker_threads";
     import { RoutingTrace } from "${source}";
     const trace = RoutingTrace.fromTransferable(workerData);
     const records = [...trace].map(({ experts, weights }) => [...experts, ...weights]);
     trace.columns.experts[0] = 7; // seen by the other side, if it is the same memory
     parentPort.postMessage(records);`,
    { eval: true, workerData: trace.transferable(), execArgv: ["--input-type=module"] },
  );
  const [records] = await once(worker, "message");
  expect(records).toEqual(
    smallTrace(3).records.map(({ experts, weights = [] }) => [...experts, ...weights]),
  );
  expect(trace.record(0).experts[0]).toBe(7);
  await worker.terminate();
});

test.for<[string, Partial<Record<keyof TraceRecord, unknown>>, string]>([
  ["a layer too many", { layer: 2 }, "layer 2 of 2"],
  ["half a layer", { layer: 0.5 }, "layer 0.5 of 2"],
  ["no tokens", { tokens: 0 }, "a pass of 0 tokens"],
  ["a position below zero", { position: -1 }, "position -1"],
  ["a sequence beyond 32 bits", { sequence: 2 ** 32 }, "sequence 4294967296"],
  ["an unknown phase", { phase: "training" }, 'phase "training"'],
  ["an expert too many", { experts: Uint16Array.of(1, 8) }, "expert 8 of 8"],
  ["too few experts", { experts: Uint16Array.of(1) }, "1 experts for 1 tokens x top-2"],
  ["no weights", { weights: undefined }, "no weights, which the header promises"],
  ["too many weights", { weights: new Float32Array(3) }, "3 weights, 2 expected"],
  ["logits out of nowhere", { logits: new Float32Array(8) }, "logits that the header denies"],
  ["a short lookahead", { lookahead: new Float32Array(7) }, "7 lookahead, 8 expected"],
])("a record with %s is refused and leaves no trace", ([, change, reason]) => {
  const builder = new RoutingTraceBuilder(smallHeader, { weights: true });
  builder.add(smallRecord(0, 0));
  const record = { ...smallRecord(0, 1), ...change } as TraceRecord;
  expect(() => builder.add(record)).toThrow(`routing trace: record 1: ${reason}`);
  expect([...builder.build()]).toEqual([smallRecord(0, 0)]);
});

test.for([
  [{ layerCount: 0 }, "layerCount 0 must be"],
  [{ layerCount: 1e9 }, "layerCount 1000000000 must be"],
  [{ expertsPerLayer: 65537 }, "expertsPerLayer 65537 must be"],
  [{ expertsPerToken: 9 }, "expertsPerToken 9 must be a whole number from 1 to 8"],
  [{ expertBytes: [1] }, "expertBytes has 1 entries for 2 layers"],
  [{ expertBytes: [1, -1] }, 'expertBytes has the entry "-1"'],
] as const)("a header with %o is refused", ([change, reason]) => {
  expect(() => new RoutingTraceBuilder({ ...smallHeader, ...change })).toThrow(reason);
});

test("a record that is not there is the caller's mistake", () => {
  expect(() => built(smallTrace(1)).record(2)).toThrow(new RangeError("record 2 of 2"));
});
