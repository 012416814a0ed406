/**
 * Which shaders a batch needs is learned from one that is only measured. What is not known then, where
 * weights come to lie and how long a context will be, must not lead to one that was not compiled.
 */
import { expect, test } from "vitest";
import { GpuBackend } from "../../src/compute/gpu/gpuBackend.ts";
import { GpuKeyValueCache } from "../../src/compute/gpu/gpuKeyValueCache.ts";
import { createGpuOps } from "../../src/compute/gpu/gpuOps.ts";
import type { GpuPlace } from "../../src/compute/gpu/gpuTensors.ts";
import type { Hidden, Matrix, Vector } from "../../src/compute/ops.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { nullDevice } from "./nullDevice.ts";

const capacity = 5000;
const width = 64;
const places = new Map<object, GpuPlace>();
const compiled: string[] = [];

const device = await nullDevice();
const { device: raw } = device;
raw.createComputePipeline = (descriptor) => {
  compiled.push(descriptor.label ?? "");
  return Object.getPrototypeOf(raw).createComputePipeline.call(raw, descriptor);
};
const backend = new GpuBackend(device, {
  arithmetic: "fast",
  identity: {},
  breathe: async () => undefined,
});
const { verbs, upload } = createGpuOps(backend, (handle) => places.get(handle));
const shape = { layerCount: 1, keyValueHeadCount: 2, headSize: 32, valueSize: 32 };
const cache = new GpuKeyValueCache(backend, [0], shape, "f16", capacity);

const [query, key, value, output] = ["query", "key", "value", "output"].map(
  (name, i): Matrix => ({
    ...{ name, rows: width, columns: width, bias: undefined },
    // That of the output reads what attention makes, and must not be found compiled for others.
    format: i === 3 ? formats.Q5_0 : formats.Q8_0,
  }),
);
const gain: Vector = { name: "gain", length: width };

/** A layer's attention. */
function attend(x: Hidden): void {
  const normed = verbs.rmsNorm(x, gain, 1e-5);
  const queries = verbs.linear(query, normed);
  const keys = verbs.linear(key, normed);
  verbs.remember(cache, 0, keys, verbs.linear(value, normed));
  verbs.addTo(x, verbs.linear(output, verbs.attend(queries, cache, 0, 1)));
}

function batch(): void {
  const mark = backend.begin();
  attend(upload(new Float32Array(width), 1, width));
  backend.program.submit();
  backend.end(mark);
}

/** The last buffer is for what has none of its own. */
function putWeights(buffers: number): void {
  const all = Array.from({ length: buffers }, () => backend.createBuffer(2 ** 14, "weights"));
  for (const [i, handle] of [gain, output, query, key, value].entries()) {
    places.set(handle, { buffer: all[Math.min(i, buffers - 1)], byteOffset: 0 });
  }
}

test("one token at any length, from weights in one buffer or several", async () => {
  batch();
  await backend.settle();
  expect(compiled).toEqual([]);
  const counts: number[] = [];
  for (const buffers of [3, 4]) {
    putWeights(buffers);
    for (const length of [10, capacity]) {
      cache.truncate(0);
      cache.advance(length);
      const before = backend.program.dispatches;
      batch();
      counts.push(backend.program.dispatches - before);
    }
  }
  expect(compiled).toEqual([]);
  // Norm, products, heads, attention, product; one more for a long context, and for queries apart.
  expect(counts).toEqual([5, 6, 6, 7]);
  device.check();
});
