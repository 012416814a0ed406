/** What is written is what is read, in every format that can hold it. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compressions,
  jsonLinesText,
  openTraceSource,
  routeTraceText,
  type TraceRecord,
  traceFileBytes,
} from "../../src/trace/index.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { anyTrace, type SomeTrace } from "./anyTrace.ts";
import { fileWith, readTrace, smallHeader, smallTrace, writeTrace } from "./traceSamples.ts";

const scratch = scratchFolder();
const file = join(scratch, "any.trace");

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  return (await Array.fromAsync(pieces)).join("");
}

test.for(compressions)(
  "a .trace file packed with %s gives back every record",
  async (compression) => {
    await fc.assert(
      fc.asyncProperty(anyTrace(), fc.constantFrom(1, 60, 65536), async (trace, blockBytes) => {
        writeTrace(file, trace, { compression, blockBytes });
        expect(await readTrace(file)).toEqual(trace);
      }),
      { numRuns: 60 },
    );
  },
);

test("orderly traces too, whose records are written as following each other", async () => {
  await fc.assert(
    fc.asyncProperty(anyTrace({ orderly: true }), async (trace) => {
      writeTrace(file, trace);
      expect(await readTrace(file)).toEqual(trace);
    }),
    { numRuns: 60 },
  );
});

test("JSONL gives back every record, made from a .trace file and converted back", async () => {
  await fc.assert(
    fc.asyncProperty(anyTrace(), async (trace) => {
      writeTrace(file, trace);
      const lines = await textOf(jsonLinesText(await openTraceSource(file)));
      const jsonl = fileWith(join(scratch, "any.jsonl"), lines);
      expect(await readTrace(jsonl)).toEqual(trace);
      const again = await Array.fromAsync(traceFileBytes(await openTraceSource(jsonl), "none"));
      expect(await readTrace(fileWith(file, Buffer.concat(again)))).toEqual(trace);
    }),
    { numRuns: 60 },
  );
});

test("text has floats as short as they can be and still be the same", async () => {
  const [record] = smallTrace(1).records;
  const weights = Float32Array.of(0.1, 1 / 3);
  writeTrace(file, { header: smallHeader, records: [{ ...(record as TraceRecord), weights }] });
  const lines = await textOf(jsonLinesText(await openTraceSource(file)));
  expect(lines).toContain('"weights":[[0.1,0.33333334]]');
});

/** What a route_trace can say of a trace. */
function asRouteTrace({ header, records }: SomeTrace): SomeTrace {
  return {
    header: {
      ...header,
      model: "any",
      origin: "route_trace v1",
      hasWeights: header.hasWeights && records.length > 0,
      hasLogits: false,
    },
    records: records.map(({ logits: _, lookahead: __, ...record }) => record),
  };
}

test("route_trace gives back an engine's trace of several layers, but for logits and lookahead", async () => {
  const several = anyTrace({ orderly: true }).filter(({ header }) => header.layerCount > 1);
  await fc.assert(
    fc.asyncProperty(several, async (trace) => {
      writeTrace(file, { ...trace, header: { ...trace.header, model: "any" } });
      const rows = await textOf(routeTraceText(await openTraceSource(file)));
      const csv = fileWith(join(scratch, "any.csv"), rows);
      expect(await readTrace(csv)).toEqual(asRouteTrace(trace));
    }),
    { numRuns: 60 },
  );
});
