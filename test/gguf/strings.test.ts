/** Strings arrive as the file has them, where `@huggingface/gguf` 0.4.6 alone changes them. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { arrayOf, type GgufSource, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();

async function metadataOf(metadata: GgufSource["metadata"] & object) {
  await using file = await openGguf(writeGguf(join(scratch, "strings.gguf"), { metadata }));
  return file.metadata;
}

test("a piece that is or begins with U+FEFF keeps it", async () => {
  const pieces = ["\ufeff", "a", "\ufeffb", "c\ufeff", ""];
  const metadata = await metadataOf({ pieces, alone: "\ufeffalone" });
  expect(metadata.strings("pieces")).toEqual(pieces);
  expect(metadata.string("alone")).toBe("\ufeffalone");
});

test("a string in which the library's 2 MB read step ends is whole", async () => {
  const template = "x".repeat(700_000);
  const metadata = await metadataOf({ filling: "y".repeat(1_400_000), template, after: "z" });
  expect(metadata.string("template")).toBe(template);
  expect(metadata.string("after")).toBe("z");
});

test("the last string of an array in which the step ends is whole, nested arrays too", async () => {
  const last = "é".repeat(350_000);
  const inner = arrayOf("string", ["a", last]).value;
  const metadata = await metadataOf({
    filling: "y".repeat(1_400_000),
    pieces: arrayOf("array", [arrayOf("string", ["\ufeff"]).value, inner]),
  });
  expect(metadata.raw("pieces")).toEqual([["\ufeff"], ["a", last]]);
});

test("strings as long as supported follow each other", async () => {
  const long = "x".repeat(1_500_000);
  const metadata = await metadataOf({ a: long, b: [long, long], c: long, d: 7 });
  expect(metadata.strings("b")).toEqual([long, long]);
  expect(metadata.integer("d")).toBe(7);
});

test("fields that straddle the end of a 64 KiB reading window are read whole", async () => {
  const headBytes = 24 + (8 + 1 + 4 + 4 + 8); // the preamble, and "f" up to its first element
  for (let shift = 0; shift < 40; shift++) {
    const filling = arrayOf("u8", new Array<number>(65_536 - headBytes - shift).fill(7));
    const metadata = await metadataOf({ f: filling, key: "text", list: ["\ufeffa", "b"] });
    expect(metadata.string("key")).toBe("text");
    expect(metadata.strings("list")).toEqual(["\ufeffa", "b"]);
  }
});

test("keys named like the library's own fields or like numbers are kept apart, in order", async () => {
  const metadata = await metadataOf({ version: "mine", "7": 7, kv_count: 5, "1": 1 });
  expect([...metadata.keys()].toSorted()).toEqual(["1", "7", "kv_count", "version"]);
  expect(metadata.string("version")).toBe("mine");
  expect(metadata.integer("kv_count")).toBe(5);
  expect(metadata.has("tensor_count")).toBe(false);
});
