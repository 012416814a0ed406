import { expect, test } from "vitest";
import { Metadata, type MetadataValue } from "../../src/gguf/metadata.ts";
import { MissingMetadataError } from "../../src/support/errors.ts";

function metadata(entries: Record<string, MetadataValue>): Metadata {
  return new Metadata(new Map(Object.entries(entries)), "tiny.gguf");
}

test("each reader returns its kind", () => {
  const read = metadata({
    name: "olmoe",
    layers: 16,
    big: 5n,
    negative: -3,
    scale: 0.5,
    flag: false,
    types: [1, -2, 3n],
    scores: [0.5, 1],
    tokens: ["a", "b"],
    pattern: [true, false],
  });
  expect(read.string("name")).toBe("olmoe");
  expect(read.integer("layers")).toBe(16);
  expect(read.integer("big")).toBe(5);
  expect(read.integer("negative")).toBe(-3);
  expect(read.count("layers")).toBe(16);
  expect(read.float("scale")).toBe(0.5);
  expect(read.float("layers")).toBe(16);
  expect(read.boolean("flag")).toBe(false);
  expect(read.integers("types")).toEqual([1, -2, 3]);
  expect(read.floats("scores")).toEqual([0.5, 1]);
  expect(read.strings("tokens")).toEqual(["a", "b"]);
  expect(read.booleans("pattern")).toEqual([true, false]);
  expect(read.raw("big")).toBe(5n);
  expect(read.raw("absent")).toBeUndefined();
});

test("a fallback stands in for an absent key only", () => {
  const read = metadata({ name: 5 });
  expect(read.integer("absent", 7)).toBe(7);
  expect(read.count("absent", 0)).toBe(0);
  expect(read.boolean("absent", false)).toBe(false);
  expect(read.string("absent", "")).toBe("");
  expect(read.strings("absent", [])).toEqual([]);
  expect(() => read.string("name", "x")).toThrow(MissingMetadataError);
});

test("one number per layer comes from an array or from one number for all", () => {
  const read = metadata({ same: 4, each: [4, 0, 4], big: [1n, 2n, 3n] });
  expect(read.integerPerLayer("same", 3)).toEqual([4, 4, 4]);
  expect(read.integerPerLayer("each", 3)).toEqual([4, 0, 4]);
  expect(read.integerPerLayer("big", 3)).toEqual([1, 2, 3]);
  expect(read.integerPerLayer("absent", 2, 9)).toEqual([9, 9]);
  expect(() => read.integerPerLayer("same", 2 ** 32)).toThrow("4294967296 layers cannot be right");
  expect(() => read.integerPerLayer("same", Number.NaN)).toThrow("NaN layers");
});

test("errors name the file, the key, what was expected and what is there", () => {
  const read = metadata({
    text: "a".repeat(50),
    half: 0.5,
    negative: -1,
    huge: 2n ** 64n - 1n,
    nan: Number.NaN,
    mixed: [1, "two"],
    two: [1, 2],
  });
  const messages = [
    () => read.integer("absent"),
    () => read.integer("text"),
    () => read.integer("half"),
    () => read.integer("huge"),
    () => read.count("negative"),
    () => read.float("nan"),
    () => read.string("two"),
    () => read.integers("half"),
    () => read.integers("mixed"),
    () => read.integerPerLayer("two", 3),
    () => read.integerPerLayer("text", 3),
  ].map((action) => {
    try {
      return `no error: ${String(action())}`;
    } catch (error) {
      return error instanceof MissingMetadataError ? error.message : `untyped: ${String(error)}`;
    }
  });
  expect(messages.join("\n")).toMatchInlineSnapshot(`
    "tiny.gguf has no metadata key "absent" (an integer expected)
    tiny.gguf: metadata key "text" holds "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…", an integer expected
    tiny.gguf: metadata key "half" holds 0.5, an integer expected
    tiny.gguf: metadata key "huge" holds 18446744073709551615, an integer expected
    tiny.gguf: metadata key "negative" holds -1, a count expected
    tiny.gguf: metadata key "nan" holds NaN, a finite number expected
    tiny.gguf: metadata key "two" holds an array of 2, a string expected
    tiny.gguf: metadata key "half" holds 0.5, an array of integers expected
    tiny.gguf: metadata key "mixed" holds "two" at index 1, an array of integers expected
    tiny.gguf: metadata key "two" holds an array of 2, an integer or an array of 3, one per layer, expected
    tiny.gguf: metadata key "text" holds "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…", an integer expected"
  `);
});
