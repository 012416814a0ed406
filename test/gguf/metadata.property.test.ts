/** Any metadata that the builder writes is read back. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import {
  type ArrayValue,
  type PlainValue,
  type TypedValue,
  type ValueType,
  writeGguf,
} from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();

const plain: Record<Exclude<ValueType, "array">, fc.Arbitrary<PlainValue>> = {
  u8: fc.integer({ min: 0, max: 255 }),
  i8: fc.integer({ min: -128, max: 127 }),
  u16: fc.integer({ min: 0, max: 65_535 }),
  i16: fc.integer({ min: -32_768, max: 32_767 }),
  u32: fc.integer({ min: 0, max: 0xffff_ffff }),
  i32: fc.integer(),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  f32: fc.float(),
  f64: fc.double(),
  bool: fc.boolean(),
  string: fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string().map((text) => `\ufeff${text}`),
  ),
};

const scalars = fc.oneof(
  ...Object.entries(plain).map(([type, values]) =>
    values.map((value): TypedValue => ({ type: type as ValueType, value })),
  ),
);
const flatArrays = fc.oneof(
  ...Object.entries(plain).map(([type, values]) =>
    fc
      .array(values, { maxLength: 5 })
      .map((elements): ArrayValue => ({ elementType: type as ValueType, elements })),
  ),
);
const nested = (arrays: fc.Arbitrary<ArrayValue>) =>
  fc
    .array(arrays, { maxLength: 3 })
    .map((elements): ArrayValue => ({ elementType: "array", elements }));
/** As deep as the format's readers go: four arrays around a value. */
const arrays = fc
  .oneof(flatArrays, nested(flatArrays), nested(nested(nested(flatArrays))))
  .map((value): TypedValue => ({ type: "array", value }));

/** What reading should give. */
function expected(value: TypedValue["value"]): unknown {
  return typeof value === "object" ? value.elements.map(expected) : value;
}

test("metadata of every kind survives the way through a file", { timeout: 60_000 }, async () => {
  const keys = fc.string({ minLength: 1 }).filter((key) => key !== "__proto__");
  const metadata = fc.dictionary(keys, fc.oneof(scalars, arrays), {
    maxKeys: 8,
    noNullPrototype: true,
  });
  await fc.assert(
    fc.asyncProperty(metadata, async (entries) => {
      fc.pre(!Object.hasOwn(entries, "general.alignment"));
      const path = writeGguf(join(scratch, "property.gguf"), { metadata: entries });
      await using file = await openGguf(path);
      expect([...file.metadata.keys()]).toEqual(Object.keys(entries));
      for (const [key, { value }] of Object.entries(entries)) {
        expect(file.metadata.raw(key)).toEqual(expected(value));
      }
    }),
  );
});
