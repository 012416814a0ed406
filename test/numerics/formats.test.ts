import { expect, test } from "vitest";
import type { FormatName } from "../../src/numerics/formats/blockFormat.ts";
import { rowBytes } from "../../src/numerics/formats/blockFormat.ts";
import { formatOfGgmlType, formats } from "../../src/numerics/formats/index.ts";
import { type BlocksFixture, bitsOf, bytesOf, floatsOf, readFixture } from "./dequantFixtures.ts";

interface IndexEntry {
  readonly type_id: number;
  readonly block_elems: number;
  readonly block_bytes: number;
  readonly activation_type: string;
}

const index: Readonly<Record<string, IndexEntry>> = readFixture("index");
const names = Object.keys(index) as FormatName[];

test("every format but F32 has a fixture", () => {
  expect(names.toSorted()).toEqual(
    Object.keys(formats)
      .filter((name) => name !== "F32")
      .toSorted(),
  );
});

test.each(names)("%s decodes ggml's blocks bit for bit", (name) => {
  const { raw_base64, f32_base64 }: BlocksFixture = readFixture(name);
  const blocks = bytesOf(raw_base64);
  const expected = floatsOf(f32_base64);
  const { blockBytes, blockElements, dequantise } = formats[name];
  expect((blocks.length / blockBytes) * blockElements).toBe(expected.length);

  const output = new Float32Array(expected.length);
  dequantise(blocks, output);

  expect(bitsOf(output)).toEqual(bitsOf(expected));
});

test.each(names)("%s has ggml's type number, sizes and activation format", (name) => {
  expect(formats[name]).toMatchObject({
    name,
    ggmlType: index[name]?.type_id,
    blockElements: index[name]?.block_elems,
    blockBytes: index[name]?.block_bytes,
    activation: index[name]?.activation_type,
  });
});

test("F32 is a copy, NaN payloads and all", () => {
  const bits = Uint32Array.of(0x3f800000, 0x80000000, 0x7fc01234, 0xff800000, 1);
  const shifted = new Uint8Array(1 + bits.byteLength).subarray(1); // no Float32Array can begin here
  shifted.set(new Uint8Array(bits.buffer));
  const output = new Float32Array(bits.length);

  formats.F32.dequantise(shifted, output);

  expect(bitsOf(output)).toEqual(bits);
});

test("MXFP4 keeps ggml's reading of the extreme scales", () => {
  const [smallest, largest] = [0, 255].map((exponent) => {
    const block = new Uint8Array(17).fill(0x11); // code 1: half the scale
    block[0] = exponent;
    const output = new Float32Array(32);
    formats.MXFP4.dequantise(block, output);
    return output[7];
  });

  expect(smallest).toBe(2 ** -128); // a subnormal, not flushed
  expect(largest).toBe(2 ** 127);
});

test("a format is found by its type number, an unknown number is not", () => {
  for (const format of Object.values(formats)) {
    expect(formatOfGgmlType(format.ggmlType)).toBe(format);
  }
  expect(formatOfGgmlType(4)).toBeUndefined(); // Q4_2, retired
  expect(formatOfGgmlType(24)).toBeUndefined(); // I8
});

test("a row is a whole number of blocks or has no size", () => {
  expect(rowBytes(formats.Q4_K, 512)).toBe(288);
  expect(rowBytes(formats.Q4_K, 128)).toBeUndefined();
});
