/** What a cache remembers and how it is attended to: in the CPU's order, and in chunks. */
import { describe, expect, test } from "vitest";
import { storageOf } from "../../src/compute/cpu/wasmKernels.ts";
import {
  type AttendShape,
  attend,
  attendMerge,
  attendPartialSize,
  attendSplit,
  type GpuCacheFormat,
  remember,
  visiblePositions,
} from "../../src/compute/gpu/attentionShaders.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { KernelBed } from "../kernels/kernelBed.ts";
import { randomFloats } from "../kernels/randomRows.ts";
import { expectClose, expectSame } from "./expectations.ts";
import { StepBed } from "./stepBed.ts";
import { testDevice } from "./testDevice.ts";

const device = await testDevice();
const gpu = new StepBed(device);
const cpu = new KernelBed(16);

describe.each(["f16", "f32"] as const)("remember, as %s", (format) => {
  test.each([
    { tokens: 1, heads: 2, size: 64, first: 5 },
    { tokens: 3, heads: 1, size: 10, first: 0 },
    { tokens: 17, heads: 3, size: 6, first: 3 },
  ])("$tokens tokens of $heads heads of $size from position $first", async (shape) => {
    const { tokens, heads, size, first } = shape;
    const capacity = 21;
    const offset = 5; // words before the cache
    const source = randomFloats(seededRandom(size), tokens * heads * size, 3);
    source.set([70000, -1e-7, 6e-8, 65519.99]); // infinite, subnormal and greatest f16
    const words = (heads * capacity * size) / (format === "f16" ? 2 : 1);
    const cache = gpu.buffer(offset + words + 1);
    const step = remember({ format, heads, size, capacity, first, tokens, cacheOffset: offset });
    await gpu.run(step, gpu.buffer(source), cache);

    // Everything else stays what it was.
    const expected = new Float32Array(offset + words + 1).fill(7);
    for (let token = 0; token < tokens; token++) {
      for (let head = 0; head < heads; head++) {
        const from = (token * heads + head) * size;
        const row = source.subarray(from, from + size);
        const stored = new Float32Array(
          (format === "f16" ? Float16Array.from(row) : row.slice()).buffer,
        );
        expected.set(stored, offset + (head * capacity + first + token) * stored.length);
      }
    }
    expect(await gpu.words(cache, expected.length)).toEqual(new Uint32Array(expected.buffer));
  });
});

/** A batch's queries and a cache that has more room than positions. */
class Scene {
  readonly shape: AttendShape;
  readonly queries: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly sinks: Float32Array;

  constructor(shape: Omit<AttendShape, "scale" | "keysOffset" | "valuesOffset">, seed = 1) {
    const { format, heads, headsPerKeyValueHead, headSize, valueSize, capacity, tokens } = shape;
    const random = seededRandom(seed);
    const rows = (heads / headsPerKeyValueHead) * capacity;
    const stored = (x: Float32Array) =>
      format === "f16" ? Float32Array.from(Float16Array.from(x)) : x;
    this.queries = randomFloats(random, tokens * heads * headSize, 3);
    this.keys = stored(randomFloats(random, rows * headSize, 3));
    this.values = stored(randomFloats(random, rows * valueSize));
    this.sinks = randomFloats(random, heads, 4);
    const scale = Math.fround(1 / Math.sqrt(headSize));
    const keysOffset = 4;
    const valuesOffset = keysOffset + this.#bytes(this.keys, format).byteLength / 4;
    this.shape = { ...shape, scale, keysOffset, valuesOffset };
  }

  /** Four words of something else, the keys, the values: one buffer. */
  cache(): Uint8Array {
    const parts = [this.keys, this.values].map((x) => this.#bytes(x, this.shape.format));
    return Buffer.concat([new Uint8Array(16).fill(0xff), ...parts]);
  }

  #bytes(x: Float32Array, format: GpuCacheFormat): Uint8Array {
    return new Uint8Array((format === "f16" ? Float16Array.from(x) : x).buffer);
  }

  async attended(): Promise<Float32Array> {
    const { tokens, heads, valueSize } = this.shape;
    const stride = visiblePositions(this.shape) + 3;
    const [queries, cache, sinks] = [this.queries, this.cache(), this.sinks].map((x) =>
      gpu.buffer(x),
    );
    const scores = gpu.buffer(tokens * heads * stride);
    const output = gpu.buffer(tokens * heads * valueSize);
    const used = this.shape.sinks === true ? sinks : undefined;
    await gpu.run(
      attend(this.shape, stride),
      queries,
      cache,
      cache,
      scores,
      used,
      output,
      undefined,
    );
    return gpu.floats(output, tokens * heads * valueSize);
  }

  async attendedInChunks(): Promise<Float32Array> {
    const { tokens, heads, valueSize } = this.shape;
    const [queries, cache, sinks] = [this.queries, this.cache(), this.sinks].map((x) =>
      gpu.buffer(x),
    );
    const partial = gpu.buffer(attendPartialSize(this.shape));
    const output = gpu.buffer(tokens * heads * valueSize);
    const used = this.shape.sinks === true ? sinks : undefined;
    await gpu.run(attendSplit(this.shape), queries, cache, cache, partial);
    await gpu.run(attendMerge(this.shape), partial, used, output, undefined);
    return gpu.floats(output, tokens * heads * valueSize);
  }

  /** By the CPU's kernel, which knows windows but no sinks. */
  attendedByKernel(): Float32Array {
    const { format, heads, headSize, valueSize, tokens, scale } = this.shape;
    cpu.clear();
    const tile = 16 * Math.max(headSize, valueSize);
    const scratch = cpu.allocate(4 * (tile + visiblePositions(this.shape)));
    const output = cpu.allocate(4 * tokens * heads * valueSize);
    const window = cpu.allocate(8);
    const keys = cpu.putBytes(this.#bytes(this.keys, format));
    const values = cpu.putBytes(this.#bytes(this.values, format));
    const queries = cpu.put(this.queries);
    const size = format === "f16" ? 2 : 4;
    for (const { row, firstRow, begin, end } of this.#rows()) {
      new Int32Array(cpu.memory.buffer, window, 2).set([begin, end]);
      cpu.relaxed.attend(
        storageOf[format],
        1,
        queries + 4 * row * headSize,
        window,
        keys + firstRow * headSize * size,
        values + firstRow * valueSize * size,
        output + 4 * row * valueSize,
        headSize,
        valueSize,
        scale,
        scratch,
        end - begin,
      );
    }
    return cpu.floats(output, tokens * heads * valueSize);
  }

  /** The formula in f64, sinks included. */
  attendedByFormula(): Float64Array {
    const { heads, headSize, valueSize, tokens, scale, sinks } = this.shape;
    const output = new Float64Array(tokens * heads * valueSize);
    for (const { row, head, firstRow, begin, end } of this.#rows()) {
      const powers: number[] = [];
      for (let position = begin; position < end; position++) {
        let score = 0;
        for (let i = 0; i < headSize; i++) {
          score +=
            this.queries[row * headSize + i] * this.keys[(firstRow + position) * headSize + i];
        }
        powers.push(Math.exp(score * scale));
      }
      const sink = sinks === true ? Math.exp(this.sinks[head]) : 0;
      const total = powers.reduce((sum, power) => sum + power, sink);
      for (const [i, power] of powers.entries()) {
        for (let column = 0; column < valueSize; column++) {
          const value = this.values[(firstRow + begin + i) * valueSize + column];
          output[row * valueSize + column] += (power / total) * value;
        }
      }
    }
    return output;
  }

  /** Every head of every token: its row, where its keys begin, the positions that it sees. */
  *#rows() {
    const { heads, headsPerKeyValueHead, capacity, first, tokens, window = 0 } = this.shape;
    for (let row = 0; row < tokens * heads; row++) {
      const head = row % heads;
      const firstRow = Math.floor(head / headsPerKeyValueHead) * capacity;
      const end = first + Math.floor(row / heads) + 1;
      const begin = window === 0 ? 0 : Math.max(0, end - window);
      yield { row, head, firstRow, begin, end };
    }
  }
}

describe.each(["f16", "f32"] as const)("attention over %s", (format) => {
  const head = { format, heads: 4, headsPerKeyValueHead: 2, headSize: 64, valueSize: 64 };

  test.each([
    { ...head, positions: 1, tokens: 1 },
    { ...head, positions: 5, tokens: 3 },
    { ...head, positions: 64, tokens: 1 },
    { ...head, positions: 65, tokens: 1 },
    { ...head, positions: 300, tokens: 1 },
    { ...head, positions: 70, tokens: 17, heads: 2, headsPerKeyValueHead: 2 },
    { ...head, positions: 9, tokens: 3, headSize: 192, valueSize: 128 },
    { ...head, positions: 70, tokens: 2, headSize: 10, valueSize: 6 },
    { ...head, positions: 65, tokens: 3, window: 17 },
    { ...head, positions: 140, tokens: 3, window: 130 },
    { ...head, positions: 5, tokens: 3, window: 64 },
  ])(
    "$positions positions, $tokens tokens, $headSize and $valueSize values, window $window",
    async ({ positions, ...rest }) => {
      const scene = new Scene({ ...rest, first: positions - rest.tokens, capacity: positions + 2 });
      const actual = await scene.attended();
      expectSame(device, actual, scene.attendedByKernel());
      expectClose(actual, scene.attendedByFormula(), "largest");
      expectClose(await scene.attendedInChunks(), scene.attendedByFormula(), "largest");
    },
  );

  test.each([
    { positions: 1, tokens: 1 },
    { positions: 65, tokens: 3 },
    { positions: 140, tokens: 2, window: 70 },
  ])(
    "sinks, $positions positions, $tokens tokens, window $window",
    async ({ positions, ...rest }) => {
      const first = positions - rest.tokens;
      const scene = new Scene({ ...head, ...rest, sinks: true, first, capacity: positions });
      expectClose(await scene.attended(), scene.attendedByFormula(), "largest");
      expectClose(await scene.attendedInChunks(), scene.attendedByFormula(), "largest");
    },
  );

  test("sinks far above all scores leave nothing, far below them everything", async () => {
    const scene = new Scene({ ...head, sinks: true, first: 69, tokens: 1, capacity: 70 });
    scene.sinks.set([300, -300, 300, -300]);
    const expected = scene.attendedByFormula();
    expectClose(await scene.attended(), expected, "largest");
    expectClose(await scene.attendedInChunks(), expected, "largest");
  });

  test("scores too great for exp by themselves", async () => {
    const scene = new Scene({ ...head, first: 299, tokens: 1, capacity: 300 });
    for (const i of scene.queries.keys()) scene.queries[i] *= 40;
    const expected = scene.attendedByKernel();
    expectSame(device, await scene.attended(), expected);
    // Scores of several hundred have errors of 2^-16, and the weights as much.
    const difference = (await scene.attendedInChunks()).map((value, i) => value - expected[i]);
    expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-3);
  });

  test("scores too small for exp by themselves, and a chunk without a position", async () => {
    const scene = new Scene({ ...head, first: 62, tokens: 3, capacity: 65 });
    for (const i of scene.queries.keys()) scene.queries[i] = 8;
    // Eighths, so that scores are exact.
    for (const [i, key] of scene.keys.entries()) {
      scene.keys[i] = i % 64 < 60 ? -8 : Math.round(key * 8) / 8;
    }
    const expected = scene.attendedByKernel();
    expect(expected.every(Number.isFinite)).toBe(true);
    expectSame(device, await scene.attended(), expected);
    expectClose(await scene.attendedInChunks(), expected, "largest");
  });

  test.each([NaN, Infinity])("a key of %f spoils the tokens that see it", async (special) => {
    const shape = { ...head, heads: 2, window: 3, first: 70, tokens: 4, capacity: 80 };
    const scene = new Scene(shape);
    scene.keys[69 * 64] = special; // seen by tokens 0 and 1, at 70 and 71
    for (const i of scene.queries.keys()) scene.queries[i] = Math.abs(scene.queries[i]);
    const expected = scene.attendedByKernel();
    expect(expected.subarray(0, 256)).toEqual(new Float32Array(256).fill(NaN));
    expect(await scene.attended()).toEqual(expected);
    const inChunks = await scene.attendedInChunks();
    expect(inChunks.subarray(0, 256)).toEqual(expected.subarray(0, 256));
    expectClose(inChunks.subarray(256), expected.subarray(256), "largest");
  });
});
