/** route_trace v1: real traces of two models, and what is refused of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openTrace, openTraceSource } from "../../src/trace/index.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { badTraceOf, fileWith, gptOss, qwen, readTrace } from "./traceSamples.ts";

const scratch = scratchFolder();
const file = join(scratch, "route.csv");

test("gpt-oss-120b: one prompt of 85 tokens and 64 generated, from a gzip file", async () => {
  const trace = await openTrace(gptOss, { weights: true });
  expect(trace.header).toMatchObject({
    model: "gpt-oss-120b-Q4_K_M.gguf",
    architecture: "gpt-oss",
    layerCount: 36,
    expertsPerLayer: 128,
    expertsPerToken: 2,
    hasWeights: true,
    origin: "route_trace v1",
  });
  expect(trace.header.expertBytes).toEqual(new Array(36).fill(13_219_200));
  expect([trace.tokenCount("prefill"), trace.tokenCount("decode")]).toEqual([85, 64]);
  expect(trace.recordCount).toBe(36 + 36 * 64);
  expect(trace.record(0)).toMatchObject({ phase: "prefill", position: 0, layer: 0, tokens: 85 });
  // The engine that recorded it computed only the last token's logits, so only its last layer.
  expect(trace.record(35)).toMatchObject({ phase: "prefill", position: 84, layer: 35, tokens: 1 });
  expect(trace.record(36)).toMatchObject({ phase: "decode", position: 85, layer: 0, tokens: 1 });
  expect(trace.columns.experts).toHaveLength(10_560);
});

test("Qwen3-30B-A3B: layers whose experts differ in size, from a zstd file", async () => {
  const trace = await openTrace(qwen);
  expect(trace.header).toMatchObject({ layerCount: 48, expertsPerToken: 6, hasWeights: false });
  expect(trace.header.expertBytes.slice(5, 9)).toEqual([3059712, 2654208, 2654208, 3059712]);
  expect([trace.tokenCount("prefill"), trace.tokenCount("decode")]).toEqual([28, 128]);
  expect([...trace.record(0).experts.subarray(0, 7)]).toEqual([49, 19, 58, 29, 16, 70, 66]);
});

const head = `# route_trace v1
# model=/models/some model.gguf arch=some n_layer=3 n_expert=4 n_expert_used=2
# layer=1 expert_bytes=100 dense_bytes=7
# layer=2 expert_bytes=200 dense_bytes=7
# layer=0 expert_bytes=0 dense_bytes=7
turn,phase,step,layer,slot,expert,weight,residency,expert_bytes,dropped
`;

/** One token of one layer. */
function token(turn: number, phase: number, step: number, layer: number): string {
  const place = `${turn},${phase},${step},${layer}`;
  return `${place},0,3,0.75,0,100,0\n${place},1,1,0.25,1,0,0\n`;
}

test("layers without experts have no number, and turns are sequences", async () => {
  const rows = token(0, 0, 0, 1) + token(0, 0, 1, 1) + token(0, 0, 0, 2) + token(0, 0, 1, 2);
  const { header, records } = await readTrace(
    fileWith(file, head + rows + token(0, 1, 2, 1) + token(0, 1, 2, 2) + token(1, 0, 0, 1)),
  );
  expect(header).toMatchObject({
    model: "some model.gguf",
    layerCount: 2,
    expertBytes: [100, 200],
  });
  expect(
    records.map(({ sequence, phase, position, layer, tokens }) => {
      return [sequence, phase, position, layer, tokens];
    }),
  ).toEqual([
    [0, "prefill", 0, 0, 2],
    [0, "prefill", 0, 1, 2],
    [0, "decode", 2, 0, 1],
    [0, "decode", 2, 1, 1],
    [1, "prefill", 0, 0, 1],
  ]);
  expect(records[0]?.experts).toEqual(Uint16Array.of(3, 1, 3, 1));
  expect(records[0]?.weights).toEqual(Float32Array.of(0.75, 0.25, 0.75, 0.25));
});

test("generated tokens are passes of their own, even if no other layer lies between them", async () => {
  const rows = token(0, 0, 0, 1) + token(0, 0, 1, 1) + token(0, 1, 2, 1) + token(0, 1, 3, 1);
  const { records } = await readTrace(fileWith(file, head + rows));
  expect(records.map(({ position, tokens }) => [position, tokens])).toEqual([
    [0, 2],
    [2, 1],
    [3, 1],
  ]);
});

test("lines may end as on Windows, and the last one not at all", async () => {
  const text = (head + token(0, 1, 0, 1)).trimEnd().replaceAll("\n", "\r\n");
  expect((await readTrace(fileWith(file, text))).records).toHaveLength(1);
});

test("a trace without rows is an empty trace", async () => {
  expect((await readTrace(fileWith(file, head))).records).toEqual([]);
});

test.for<[name: string, text: string, reason: string, good?: number]>([
  ["no columns", head.split("turn")[0] ?? "", "the file ends before its rows"],
  ["no model", head.replace(/# model.*\n/, ""), 'at byte 138: there is no line "# model=…" above'],
  [
    "another version",
    head.replace("v1", "v2"),
    '"# route_trace v2" is not known here; this reads version 1',
  ],
  ["a row before its columns", head.replace(/turn.*\n/, "0,0\n"), "line 6: columns"],
  ["few fields", `${head}0,1,0,1,0\n`, "line 7: 5 fields, 9 expected"],
  ["a phase of its own", `${head}0,2,0,1,0,3,0.5,0,0\n`, 'line 7: phase "2", 0 or 1 expected'],
  ["a word for a number", `${head}0,1,x,1,0,3,0.5,0,0\n`, 'line 7: "x", a whole number expected'],
  ["an empty number", `${head}0,1,,1,0,3,0.5,0,0\n`, 'line 7: "", a whole number expected'],
  ["a weight that is none", `${head}0,1,0,1,0,3,heavy,0,0\n`, 'line 7: "heavy", a number expected'],
  ["an expert too many", `${head}0,1,0,1,0,4,0.5,0,0\n`, "line 7: expert 4 of 4"],
  ["a dense layer", `${head}${token(0, 1, 0, 0)}`, "line 7: layer 0 routes nothing"],
  ["a slot left out", `${head}0,1,0,1,1,3,0.5,0,0\n`, "line 7: slot 1, 0 expected", 0],
  [
    "a token without its last slot",
    `${head}${token(0, 1, 0, 1)}${token(0, 1, 0, 2)}0,1,1,1,0,3,0.5,0,0\n0,1,1,2,1,3,0.5,0,0\n`,
    "line 12: slot 1 belongs to another token than slot 0",
    2,
  ],
  [
    "an end within a token",
    `${head}${token(0, 1, 0, 1)}${token(0, 1, 0, 2)}0,1,1,1,0,3,0.5,0,0\n`,
    "the file ends after slot 0 of 2",
    2,
  ],
])("%s is refused", async ([, text, reason, good]) => {
  const error = await badTraceOf(readTrace(fileWith(file, text)));
  expect(error.message).toContain(reason);
  if (good === undefined) return;
  expect(error.goodRecords).toBe(good);
  expect((await readTrace(file, { salvage: true })).records).toHaveLength(good);
});

test("a packed file that was cut off is refused, and salvaged as far as it can be unpacked", async () => {
  // Much longer than what an unpacker holds back.
  const text = gunzipSync(readFileSync(gptOss)).toString();
  const packed = gzipSync(text, { level: 1 });
  fileWith(file, packed.subarray(0, packed.length * 0.9));
  const error = await badTraceOf(readTrace(file));
  expect(error.message).toContain("the file's gzip packing is damaged or cut off");
  expect(error.goodRecords).toBeGreaterThan(36);
  await using source = await openTraceSource(file, { salvage: true });
  expect(await Array.fromAsync(source.records())).toHaveLength(error.goodRecords ?? -1);
  expect(source.remarks[0]).toMatch(/^salvaged the \d+ records before this damage/);
});
