/** docs/traces.md is the specification: what it says of the bytes is so, and stays so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fencesOf } from "../docs/fences.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { fileWith, readTrace, smallHeader, writeTrace } from "./traceSamples.ts";

const scratch = scratchFolder();
const file = join(scratch, "documented.trace");

test("a .trace file of version 1, byte by byte", () => {
  const decode = { sequence: 0, phase: "decode", position: 7, tokens: 1 } as const;
  writeTrace(file, {
    header: { ...smallHeader, hasWeights: false },
    records: [
      { ...decode, layer: 0, experts: Uint16Array.of(3, 1) },
      { ...decode, layer: 1, experts: Uint16Array.of(0, 2) },
    ],
  });
  const bytes = readFileSync(file);
  const length = bytes.readUInt32LE(10);
  const blocks = bytes.subarray(18 + length);
  expect(bytes.subarray(0, 18).toString("hex")).toMatchInlineSnapshot(
    `"89534c540d0a1a0a0100af0000003e0bcebe"`,
  );
  expect(bytes.subarray(18, 18 + length).toString()).toMatchInlineSnapshot(
    `"{"model":"small","architecture":"none","layerCount":2,"expertsPerLayer":8,"expertsPerToken":2,"expertBytes":[1000,2000],"origin":"a test","hasWeights":false,"hasLogits":false}"`,
  );
  expect(blocks.subarray(0, 20).toString("hex")).toMatchInlineSnapshot(
    `"42000000020000000a0000000a0000001a4b1ca9"`,
  );
  expect(blocks.subarray(20, 30).toString("hex")).toBe("01000700010301" + "050002");
  expect(blocks.subarray(30).toString("hex")).toMatchInlineSnapshot(
    `"4500000002000000000000000000000026fea754"`,
  );
});

test("the JSONL of the documentation is a trace", async () => {
  const example = fencesOf("docs/traces.md").find(({ language }) => language === "json");
  const { records } = await readTrace(fileWith(file, example?.code ?? ""));
  expect(records.map(({ phase, layer, tokens }) => [phase, layer, tokens])).toEqual([
    ["prefill", 0, 2],
    ["prefill", 1, 2],
    ["decode", 0, 1],
  ]);
  expect(records[1]?.experts).toEqual(Uint16Array.of(5, 4, 4, 7));
});
