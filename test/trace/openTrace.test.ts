/** What a file is, its content says; what cannot be replayed is refused with the reason. */
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { openTrace, openTraceSource } from "../../src/trace/index.ts";
import { errorOf } from "../support/errorOf.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { badTraceOf, fileWith, gptOss, readTrace, smallTrace, writeTrace } from "./traceSamples.ts";

const scratch = scratchFolder();
const file = join(scratch, "some.file");

test("names do not matter", async () => {
  writeTrace(join(scratch, "x.trace"), smallTrace(2));
  renameSync(join(scratch, "x.trace"), join(scratch, "misnamed.npy"));
  await using ours = await openTraceSource(join(scratch, "misnamed.npy"));
  await using csv = await openTraceSource(fileWith(file, readFileSync(gptOss)));
  expect([ours.kind, csv.kind]).toEqual(["trace", "route_trace"]);
});

test.for([
  ["gzip", gzipSync],
  ["zstd", zstdCompressSync],
] as const)("a trace of ours may be packed once more, with %s", async ([, pack]) => {
  writeTrace(file, smallTrace(9), { compression: "zstd" });
  fileWith(file, pack(readFileSync(file)));
  expect(await readTrace(file)).toEqual(smallTrace(9));
});

test("optional columns are left out unless asked for", async () => {
  writeTrace(file, smallTrace(2));
  const bare = await openTrace(file);
  expect([bare.header.hasWeights, bare.record(0).weights]).toEqual([false, undefined]);
  const full = await openTrace(file, { weights: true });
  expect([full.header.hasWeights, full.record(0).weights]).toEqual([
    true,
    Float32Array.of(0.75, 0.25),
  ]);
});

test("SharpInference's statistics are refused: they are sums without order", async () => {
  const stats = fileURLToPath(
    new URL("../fixtures/profile/qwen35moe-expert-stats.txt", import.meta.url),
  );
  expect((await badTraceOf(openTrace(stats))).message.replace(stats, "FILE")).toMatchInlineSnapshot(
    `"FILE: these are SharpInference's expert statistics, sums over a whole run; no cache can be replayed without the order in which experts were asked for"`,
  );
});

test.for<[name: string, content: string | Uint8Array, reason: string]>([
  ["an access profile", '{"format":"sluice-access-profile","version":1}', "sums over a whole run"],
  ["aggregated JSON", '{\n "OverallHitRate": 0.79, "layers": []}', "sums over a whole run"],
  ["nothing", "", "the file is empty"],
  ["prose", "Once upon a time", "this is no routing trace; known are"],
  ["a GGUF file", Buffer.from("GGUF\x03\0\0\0"), "this is no routing trace"],
  ["an archive", Buffer.from("PK\x03\x04"), "take the .npy file out of it"],
  ["bare rows", "turn,phase,step,layer,slot,expert,weight\n", "without its first lines"],
  ["other JSON", '{"model":"x"}\n', 'must be {"format":"sluice-trace","version":1,…}'],
  ["a broken gzip", Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), "gzip packing is damaged"],
  ["a broken zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1]), "zstd packing is damaged"],
])("%s is refused", async ([, content, reason]) => {
  const error = await badTraceOf(openTrace(fileWith(file, content)));
  expect(error.message).toContain(reason);
  expect(error.file).toBe(file);
});

test("what cannot be read at all has the system's reason", async () => {
  const absent = join(scratch, "absent");
  expect(await errorOf(openTrace(absent))).toBe(
    `file-unreadable: cannot read ${absent}: no such file or directory`,
  );
  expect(await errorOf(openTrace(scratch))).toBe(
    `file-unreadable: cannot read ${scratch}: illegal operation on a directory`,
  );
});

const jsonHead =
  '{"format":"sluice-trace","version":1,"model":"m","architecture":"a","layerCount":1,"expertsPerLayer":4,' +
  '"expertsPerToken":2,"expertBytes":[],"origin":"o","hasWeights":true,"hasLogits":false}\n';
const jsonRow =
  '{"sequence":0,"phase":"decode","position":0,"layer":0,"experts":[[3,1]],"weights":[[0.5,null]]}\n';

test("JSONL: null stands for a number that is none", async () => {
  const { records } = await readTrace(fileWith(file, `${jsonHead}\n${jsonRow}`));
  expect(records).toEqual([
    {
      sequence: 0,
      phase: "decode",
      position: 0,
      layer: 0,
      tokens: 1,
      experts: Uint16Array.of(3, 1),
      weights: Float32Array.of(0.5, Number.NaN),
    },
  ]);
});

test.for<[text: string, reason: string]>([
  [jsonHead.replace('"version":1', '"version":2'), 'version "2" is not known here'],
  [jsonHead.replace('"layerCount":1,', ""), '"layerCount" must be a number, not absent'],
  [jsonHead.replace("[]", "[true]"), '"expertBytes" must be a list of numbers'],
  [jsonHead.replace('"expertsPerToken":2', '"expertsPerToken":0'), "expertsPerToken 0 must be"],
  [jsonHead + jsonRow + jsonRow.slice(0, 40), "line 3: it is not JSON; 1 good record before it"],
  [`${jsonHead}[]\n`, '"phase" must be'],
  [`${jsonHead}7\n`, "line 2: it is no JSON object"],
  [jsonHead + jsonRow.replace("decode", "sleep"), '"phase" must be "prefill" or "decode"'],
  [jsonHead + jsonRow.replace("[[3,1]]", "3"), '"experts" must be a list'],
  [jsonHead + jsonRow.replace("3,1", "3"), '"experts" must have 2 numbers per token'],
  [jsonHead + jsonRow.replace("3,1", "4,1"), '"experts" must be whole numbers below 4'],
  [jsonHead + jsonRow.replace("3,1", "1.5,1"), '"experts" must be whole numbers below 4'],
  [jsonHead + jsonRow.replace("[[0.5,null]]", "[]"), '"weights" must be a list of 1'],
  [
    jsonHead + jsonRow.replace(',"weights":[[0.5,null]]', ""),
    "no weights, which the header promises",
  ],
  [jsonHead + jsonRow.replace('"layer":0', '"layer":1'), "record 0: layer 1 of 1"],
])("JSONL: %s is refused", async ([text, reason]) => {
  expect((await badTraceOf(openTrace(fileWith(file, text)))).message).toContain(reason);
});
