/** What `trace info` counts. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTraceSource, summariseTrace } from "../../src/trace/index.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { gptOss, smallHeader, smallRecord, writeTrace } from "./traceSamples.ts";

const scratch = scratchFolder();
const file = join(scratch, "some.trace");

test("counts tokens, accesses and experts", async () => {
  const prompt = {
    ...smallRecord(0, 0),
    phase: "prefill",
    tokens: 3,
    experts: Uint16Array.of(1, 2, 1, 3, 1, 4),
    weights: new Float32Array(6),
  } as const;
  writeTrace(file, {
    header: smallHeader,
    records: [
      prompt,
      { ...prompt, layer: 1, lookahead: new Float32Array(8) },
      { ...smallRecord(0, 0), sequence: 7 },
    ],
  });
  await using source = await openTraceSource(file);
  expect(await summariseTrace(source)).toEqual({
    sequences: 2,
    tokens: { prefill: 3, decode: 1, total: 4 },
    records: 3,
    accesses: 14,
    tokenCycle: { slots: 4, bytes: 2 * (1000 + 2000) },
    experts: {
      total: 16,
      used: 9, // 1, 2, 3, 4 in both layers, and 0 in the first
      // The two experts 1 three times each, the first layer's 3 twice, any other once.
      tokenCycleShare: 9 / 14,
      tenthShare: 6 / 14,
    },
    mostUsed: { layer: 0, expert: 1, tokenShare: 3 / 4 },
    lookaheads: 1,
  });
});

test("an empty trace has nothing, and no share of it", async () => {
  writeTrace(file, { header: { ...smallHeader, expertBytes: [] }, records: [] });
  await using source = await openTraceSource(file);
  expect(await summariseTrace(source)).toMatchObject({
    tokens: { total: 0 },
    tokenCycle: { slots: 4, bytes: undefined },
    experts: { used: 0, tokenCycleShare: 0 },
    mostUsed: undefined,
  });
});

test("a real trace has the published numbers", async () => {
  await using source = await openTraceSource(gptOss);
  const summary = await summariseTrace(source);
  // 908 MiB and 72 slots, 2267 experts used: as measured elsewhere on the same trace.
  expect(Math.round((summary.tokenCycle.bytes ?? 0) / 2 ** 20)).toBe(908);
  expect(summary).toMatchObject({
    tokenCycle: { slots: 72 },
    experts: { total: 4608, used: 2267 },
  });
});
