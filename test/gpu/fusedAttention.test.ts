/** Steps around attention that do the work of several: the bits of those, one after the other. */
import { describe, expect, test } from "vitest";
import { encodedBytes } from "../../src/compute/cpu/wasmKernels.ts";
import {
  type AttendShape,
  attend,
  attendMerge,
  attendPartialSize,
  attendSplit,
  type GpuCacheFormat,
  type HeadsShape,
  heads,
  remember,
  rotate,
} from "../../src/compute/gpu/attentionShaders.ts";
import type { GpuBuffer } from "../../src/compute/gpu/gpuTensors.ts";
import { encodeQ8_0, encodeQ8_K, rmsNorm } from "../../src/compute/gpu/stepShaders.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { forStrictAdapters } from "../generation/gpu/gpuRuns.ts";
import { randomFloats } from "../kernels/randomRows.ts";
import { StepBed } from "./stepBed.ts";
import { testDevice } from "./testDevice.ts";

await forStrictAdapters();
const gpu = new StepBed(await testDevice());

describe.each([
  { encoding: "Q8_0", valueSize: 64 },
  { encoding: "Q8_0", valueSize: 544 },
  { encoding: "Q8_K", valueSize: 256 },
  { encoding: "Q8_K", valueSize: 768 },
] as const)("attention with values of $valueSize, and $encoding", ({ encoding, valueSize }) => {
  const [kind, encode] =
    encoding === "Q8_0" ? (["q8_0", encodeQ8_0] as const) : (["q8_k", encodeQ8_K] as const);
  const [heads, tokens, positions, headSize] = [4, 2, 70, 32];
  const shape: AttendShape = {
    ...{ format: "f32", heads, headsPerKeyValueHead: 2, headSize, valueSize, tokens },
    ...{ capacity: positions, first: positions - tokens, scale: 0.1 },
  };
  const width = heads * valueSize;
  const words = (encodedBytes(kind, width) / 4) * tokens;
  const random = seededRandom(valueSize);
  const queries = gpu.buffer(randomFloats(random, tokens * heads * headSize));
  const keys = gpu.buffer(randomFloats(random, 2 * positions * headSize));
  const values = gpu.buffer(randomFloats(random, 2 * positions * valueSize, 3));
  const buffers = () => [gpu.buffer(tokens * width + 1), gpu.buffer(words + 1)] as const;

  async function expectEqual(apart: readonly GpuBuffer[], together: readonly GpuBuffer[]) {
    for (const [i, count] of [tokens * width + 1, words + 1].entries()) {
      expect(await gpu.words(together[i], count)).toEqual(await gpu.words(apart[i], count));
    }
  }

  test("in the processor's order", async () => {
    const [apart, together] = [buffers(), buffers()];
    const inputs = [queries, keys, values, gpu.buffer(tokens * heads * positions), undefined];
    await gpu.run(attend(shape, positions), ...inputs, apart[0], undefined);
    await gpu.run(encode(width, tokens), ...apart);
    await gpu.run(attend(shape, positions, encoding), ...inputs, ...together);
    await expectEqual(apart, together);
  });

  test("in chunks", async () => {
    const [apart, together] = [buffers(), buffers()];
    const partial = gpu.buffer(attendPartialSize(shape));
    await gpu.run(attendSplit(shape), queries, keys, values, partial);
    await gpu.run(attendMerge(shape), partial, undefined, apart[0], undefined);
    await gpu.run(encode(width, tokens), ...apart);
    await gpu.run(attendMerge(shape, encoding), partial, undefined, ...together);
    await expectEqual(apart, together);
  });
});

const manyHeads: readonly (Partial<HeadsShape> & { readonly name: string })[] = [
  { name: "all there is to do" },
  { name: "pairs as neighbours, some values not rotated", pairing: "norm", rotarySize: 4 },
  { name: "keys as they are", keys: { heads: 2, isNormed: false, isRotated: false } },
  { name: "no norms", queries: rotated(3), keys: rotated(1) },
  { name: "queries alone", keys: none(), storage: undefined },
  { name: "keys alone", queries: none() },
  { name: "nothing stored", storage: undefined },
  {
    name: "heads of 128 values",
    headSize: 128,
    rotarySize: 128,
    storage: { valueSize: 66, capacity: 9, first: 2 },
  },
  { name: "heads of 512 values", headSize: 512, rotarySize: 64 },
];

describe.each(["f16", "f32"] as const)("heads, kept as %s", (format) => {
  test.each(manyHeads)("$name", async ({ name, ...own }) => {
    const shape: HeadsShape = {
      ...{ format, tokens: 3, headSize: 10, epsilon: 1e-5, rotarySize: 10, pairing: "neox" },
      queries: { heads: 6, isNormed: true, isRotated: true },
      keys: { heads: 2, isNormed: true, isRotated: true },
      storage: { valueSize: 8, capacity: 7, first: 1 },
      ...own,
    };
    const [apart, together] = [new HeadBuffers(shape), new HeadBuffers(shape)];
    await apart.runApart();
    await together.runTogether();
    expect(await together.words()).toEqual(await apart.words());
  });
});

function rotated(count: number) {
  return { heads: count, isNormed: false, isRotated: true };
}

function none() {
  return { heads: 0, isNormed: false, isRotated: false };
}

/** Queries, keys, values, their caches; the same each time for one shape. */
class HeadBuffers {
  readonly #shape: HeadsShape;
  readonly #counts: readonly number[];
  readonly #buffers: readonly GpuBuffer[];
  readonly #gains: readonly GpuBuffer[];
  readonly #angles: GpuBuffer;

  constructor(shape: HeadsShape) {
    const { tokens, headSize, queries, keys, rotarySize, storage, format } = shape;
    const random = seededRandom(headSize);
    const kept = keys.heads * (storage?.capacity ?? 0) * (format === "f16" ? 0.5 : 1);
    this.#shape = shape;
    this.#counts = [
      tokens * queries.heads * headSize,
      tokens * keys.heads * headSize,
      tokens * keys.heads * (storage?.valueSize ?? 0),
      kept * headSize,
      kept * (storage?.valueSize ?? 0),
    ];
    this.#buffers = this.#counts.map((count) => gpu.buffer(randomFloats(random, count, 3)));
    this.#gains = [0, 1].map(() => gpu.buffer(randomFloats(random, headSize, 2)));
    this.#angles = gpu.buffer(randomFloats(random, tokens * rotarySize));
  }

  async runTogether(): Promise<void> {
    const [queries, keys, values, ...caches] = this.#buffers;
    const inputs = [queries, keys, values, ...this.#gains, this.#angles];
    await gpu.run(heads(this.#shape), ...inputs, ...caches);
  }

  async runApart(): Promise<void> {
    const { tokens, headSize, epsilon, rotarySize, pairing, format, storage } = this.#shape;
    const [, , values, ...caches] = this.#buffers;
    for (const [i, part] of [this.#shape.queries, this.#shape.keys].entries()) {
      let x = this.#buffers[i];
      if (part.isNormed) {
        const output = gpu.buffer(this.#counts[i]);
        const step = rmsNorm(headSize, tokens * part.heads, epsilon);
        await gpu.run(step, x, this.#gains[i], output);
        x = output;
      }
      if (part.isRotated) {
        const step = rotate({ headSize, rotarySize, heads: part.heads, tokens, pairing });
        await gpu.run(step, x, this.#angles);
      }
      this.#replace(i, x);
    }
    if (storage === undefined) return;
    const { valueSize, ...place } = storage;
    const common = { format: format as GpuCacheFormat, heads: this.#shape.keys.heads, tokens };
    const [, keys] = this.#buffers;
    await gpu.run(remember({ ...common, ...place, size: headSize }), keys, caches[0]);
    await gpu.run(remember({ ...common, ...place, size: valueSize }), values, caches[1]);
  }

  #replace(index: number, buffer: GpuBuffer): void {
    (this.#buffers as GpuBuffer[])[index] = buffer;
  }

  /** All that there is now. */
  words(): Promise<Uint32Array[]> {
    return Promise.all(this.#buffers.map((buffer, i) => gpu.words(buffer, this.#counts[i])));
  }
}
