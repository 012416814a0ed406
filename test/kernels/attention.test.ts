import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { storageOf, type WasmKernels } from "../../src/compute/cpu/wasmKernels.ts";
import { headRowBytes, type KeyValueFormat } from "../../src/compute/keyValueCache.ts";
import { attend } from "../../src/numerics/attention.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { bits, KernelBed } from "./kernelBed.ts";
import { randomFloats } from "./randomRows.ts";

const bed = new KernelBed(2);
const formats = Object.keys(storageOf) as KeyValueFormat[];

/**
 * Scores up to 4 with an error of 2^-21 each change weights by as much, relatively; the weighted sum
 * of values up to 1 adds up to 70 roundings of at most 2^-24.
 */
const TOLERANCE = 1e-5;

/** Query heads over one head's cache; a window of each is the positions that it sees. */
interface Heads {
  readonly format: KeyValueFormat;
  readonly headSize: number;
  readonly valueSize: number;
  readonly windows: readonly (readonly [begin: number, end: number])[];
  readonly scale: number;
  readonly queries: readonly Float32Array[];
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

function randomHeads(
  given: Pick<Heads, "format" | "headSize" | "valueSize" | "windows">,
  seed = 1,
): Heads {
  const { headSize, valueSize, windows } = given;
  const random = seededRandom(seed);
  const positions = Math.max(...windows.map(([, end]) => end)) + 2;
  const rows = (count: number, size: number) =>
    Array.from({ length: count }, () => randomFloats(random, size));
  return {
    ...given,
    scale: Math.fround(1 / Math.sqrt(headSize)),
    queries: rows(windows.length, headSize),
    keys: rows(positions, headSize),
    values: rows(positions, valueSize),
  };
}

interface Placed {
  /** Address of the rows, and the values that they stand for. */
  readonly address: number;
  readonly rows: readonly Float32Array[];
}

/** Stores rows by the kernels that the cache uses, and reads them back by plain TypeScript. */
function store(format: KeyValueFormat, rows: readonly Float32Array[]): Placed {
  const size = rows[0].length;
  const rowBytes = headRowBytes(size, format);
  const address = bed.allocate(rows.length * rowBytes);
  const decoded = rows.map((row, position) => {
    const place = address + position * rowBytes;
    const source = bed.put(row);
    if (format === "f32") bed.relaxed.scale(source, 1, place, size);
    else if (format === "f16") bed.relaxed.storeHalf(source, place, size);
    else bed.relaxed.storeQ8_0(source, place, size);
    return decode(format, bed.bytes(place, rowBytes));
  });
  return { address, rows: decoded };
}

function decode(format: KeyValueFormat, bytes: Uint8Array): Float32Array {
  switch (format) {
    case "f32":
      return new Float32Array(bytes.buffer);
    case "f16":
      return Float32Array.from(new Float16Array(bytes.buffer));
    case "q8_0":
      return Float32Array.from({ length: (bytes.length / 34) * 32 }, (_, i) => {
        const block = new DataView(bytes.buffer, 34 * Math.floor(i / 32), 34);
        return block.getFloat16(0, true) * block.getInt8(2 + (i % 32));
      });
  }
}

interface Attended {
  readonly weights: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
}

/** All queries in one call, or each in its own. */
function run(kernels: WasmKernels, heads: Heads, together = true): Attended & { stored: Heads } {
  const { format, headSize, valueSize, windows, scale } = heads;
  bed.clear();
  const keys = store(format, heads.keys);
  const values = store(format, heads.values);
  const count = windows.length;
  const longest = Math.max(...windows.map(([begin, end]) => end - begin));
  const queries = bed.put(heads.queries.flatMap((query) => [...query]));
  const places = bed.putBytes(new Uint8Array(Int32Array.from(windows.flat()).buffer));
  const output = bed.put(new Float32Array(count * valueSize + 1).fill(7)); // not what an earlier run left
  const weights: Float32Array[] = [];
  for (let first = 0; first < count; first += together ? count : 1) {
    const now = together ? count : 1;
    const tile = 16 * Math.max(headSize, valueSize);
    const scratch = bed.allocate(4 * (tile + now * longest + 1));
    kernels.attend(
      storageOf[format],
      now,
      queries + 4 * first * headSize,
      places + 8 * first,
      keys.address,
      values.address,
      output + 4 * first * valueSize,
      headSize,
      valueSize,
      scale,
      scratch,
      longest,
    );
    for (let query = first; query < first + now; query++) {
      const [begin, end] = windows[query];
      const at = scratch + 4 * (tile + (query - first) * longest);
      weights.push(bed.floats(at, end - begin));
    }
    expect(bed.floats(scratch + 4 * (tile + now * longest), 1)[0]).toBe(0); // nothing beyond the last weight
  }
  const all = bed.floats(output, count * valueSize + 1);
  expect(all[count * valueSize]).toBe(7); // nothing beyond the last output
  const outputs = windows.map((_, i) => all.slice(i * valueSize, (i + 1) * valueSize));
  return { weights, outputs, stored: { ...heads, keys: keys.rows, values: values.rows } };
}

/** Step by step with other kernels: what the order of additions promises, bit for bit. */
function expectedBits(heads: Heads): Attended {
  const weights: Float32Array[] = [];
  const outputs: Float32Array[] = [];
  for (const [index, [begin, end]] of heads.windows.entries()) {
    bed.clear();
    const query = bed.put(heads.queries[index]);
    const scores = bed.put(
      heads.keys
        .slice(begin, end)
        .map((key) => bed.relaxed.dotF32(bed.put(key), query, heads.headSize)),
    );
    bed.relaxed.scale(scores, heads.scale, scores, end - begin);
    bed.relaxed.softmax(scores, end - begin);
    const shares = bed.floats(scores, end - begin);
    const output = bed.allocate(4 * heads.valueSize);
    for (let position = begin; position < end; position++) {
      const value = bed.put(heads.values[position]);
      bed.relaxed.addScaled(value, shares[position - begin], output, heads.valueSize);
    }
    weights.push(shares);
    outputs.push(bed.floats(output, heads.valueSize));
  }
  return { weights, outputs };
}

function allBits({ weights, outputs }: Attended): Uint32Array[] {
  return [...weights, ...outputs].map(bits);
}

describe.each(formats)("a cache of %s", (format) => {
  const sizes = format === "q8_0" ? [32, 64, 96, 128] : [8, 10, 64, 100, 128];
  const window = fc
    .tuple(fc.nat({ max: 50 }), fc.integer({ min: 1, max: 40 }))
    .map(([begin, length]) => [begin, begin + length] as const);
  const shapes = fc.record({
    headSize: fc.constantFrom(...sizes),
    valueSize: fc.constantFrom(...sizes, ...(format === "q8_0" ? [] : [7])),
    // Heads of one token see the same, those of the next one more position; or each what it likes.
    windows: fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5 }), fc.nat({ max: 8 }))
        .map(([end, group, more]) =>
          Array.from({ length: more + 1 }, (_, i) => [0, end + Math.floor(i / group)] as const),
        ),
      fc.array(window, { minLength: 1, maxLength: 9 }),
    ),
    seed: fc.nat(),
  });

  test("gives the bits of the steps one after the other, however many queries share it", () => {
    fc.assert(
      fc.property(shapes, ({ seed, ...shape }) => {
        const heads = randomHeads({ ...shape, format }, seed);
        const { stored, ...relaxed } = run(bed.relaxed, heads);
        const plain = run(bed.plain, heads);
        const alone = run(bed.relaxed, heads, false);
        const expected = allBits(expectedBits(stored));
        expect(allBits(relaxed)).toEqual(expected);
        expect(allBits(plain)).toEqual(expected);
        expect(allBits(alone)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    { headSize: 64, valueSize: 64, begin: 0, end: 1 },
    { headSize: 64, valueSize: 64, begin: 0, end: 6 },
    { headSize: 128, valueSize: 128, begin: 5, end: 70 },
    { headSize: 192, valueSize: 128, begin: 0, end: 9 },
  ])("attends over [$begin, $end) with $headSize and $valueSize values", (shape) => {
    const { begin, end } = shape;
    const heads = randomHeads({ ...shape, format, windows: [[begin, end]] });
    const { weights, outputs, stored } = run(bed.relaxed, heads);
    const expected = new Float32Array(shape.valueSize);
    const [keys, values] = [stored.keys.slice(begin, end), stored.values.slice(begin, end)];
    attend(stored.queries[0], keys, values, stored.scale, expected);
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(outputs[0][i] - value)).toBeLessThanOrEqual(TOLERANCE);
    }
    expect(weights[0].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
  });

  test.each([
    ["keys", Number.NaN],
    ["values", Number.NaN],
    ["values", Number.POSITIVE_INFINITY],
  ] as const)("visible %s with a %f leave no number, others leave no trace", (part, bad) => {
    const windows = [
      [2, 9],
      [2, 9],
      [3, 12],
    ] as const;
    const sound = randomHeads({ format, headSize: 32, valueSize: 32, windows });
    const expected = run(bed.relaxed, sound);
    for (const position of [0, 1, 2, 5, 10, 12]) {
      const rows = sound[part].map((row) => row.slice());
      rows[position][3] = bad;
      for (const [, kernels] of bed.builds) {
        const { outputs } = run(kernels, { ...sound, [part]: rows });
        for (const [query, [begin, end]] of windows.entries()) {
          const isSeen = begin <= position && position < end;
          if (isSeen) expect(Number.isFinite(outputs[query][3])).toBe(false);
          else expect(bits(outputs[query])).toEqual(bits(expected.outputs[query]));
        }
      }
    }
  });
});

test("every f16 in the cache is read exactly", () => {
  const every = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const big = new KernelBed(2);
  const ones = new Float32Array(1024).fill(1);
  for (const [, kernels] of big.builds) {
    for (let first = 0; first < 65536; first += 1024) {
      big.clear();
      const halves = every.slice(first, first + 1024);
      const values = big.putBytes(new Uint8Array(halves.buffer));
      const output = big.allocate(4 * 1024);
      const windows = big.putBytes(new Uint8Array(Int32Array.of(0, 1).buffer));
      const scratch = big.allocate(4 * (16 * 1024 + 1));
      // One position has a weight of 1, so its value is the output.
      const keys = big.allocate(16);
      kernels.attend(1, 1, big.put(ones), windows, keys, values, output, 8, 1024, 1, scratch, 1);
      const expected = Float32Array.from(new Float16Array(halves.buffer), (value) => value + 0);
      expect(bits(big.floats(output, 1024))).toEqual(bits(expected));
    }
  }
});
