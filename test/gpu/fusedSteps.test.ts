/** Steps that do the work of several: norms, products, mixtures. The bits of those, one by one. */
import { describe, expect, test } from "vitest";
import { encodedBytes } from "../../src/compute/cpu/wasmKernels.ts";
import type { GpuBuffer } from "../../src/compute/gpu/gpuTensors.ts";
import {
  type MatvecShape,
  matvecCall,
  matvecsCall,
  mixDownCall,
} from "../../src/compute/gpu/matvecShaders.ts";
import {
  encodeQ8_0,
  encodeQ8_K,
  mix,
  normEncode,
  rmsNorm,
} from "../../src/compute/gpu/stepShaders.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { forStrictAdapters } from "../generation/gpu/gpuRuns.ts";
import { randomFloats } from "../kernels/randomRows.ts";
import { encodedInput, onCpu, randomProduct } from "./matvecRun.ts";
import { StepBed } from "./stepBed.ts";
import { testDevice } from "./testDevice.ts";

await forStrictAdapters();
const device = await testDevice();
const gpu = new StepBed(device);

describe.each(["Q8_0", "Q8_K"] as const)("norm and %s", (encoding) => {
  const [block, kind, encode] =
    encoding === "Q8_0"
      ? ([32, "q8_0", encodeQ8_0] as const)
      : ([256, "q8_k", encodeQ8_K] as const);

  test.each([
    { blocks: 1, rows: 3 },
    { blocks: 2, rows: 1 },
    { blocks: 17, rows: 2 },
    { blocks: 33, rows: 1 },
  ])("$blocks blocks a row, $rows rows", async ({ blocks, rows }) => {
    const width = block * blocks;
    const random = seededRandom(width);
    const x = gpu.buffer(randomFloats(random, rows * width, 5));
    const gain = gpu.buffer(randomFloats(random, width, 2));
    const words = (encodedBytes(kind, width) / 4) * rows;
    const [apart, together] = [0, 1].map(() => ({
      norms: gpu.buffer(rows * width + 1),
      encoded: gpu.buffer(words + 1),
    }));
    await gpu.run(rmsNorm(width, rows, 1e-6), x, gain, apart.norms);
    await gpu.run(encode(width, rows), apart.norms, apart.encoded);
    const step = normEncode(encoding, width, rows, 1e-6);
    await gpu.run(step, x, gain, together.norms, together.encoded);
    for (const [name, count] of [
      ["norms", rows * width + 1],
      ["encoded", words + 1],
    ] as const) {
      expect(await gpu.words(together[name], count)).toEqual(await gpu.words(apart[name], count));
    }
  });

  test("a NaN spoils its own row only", async () => {
    const x = new Float32Array(2 * block).fill(1);
    x[3] = Number.NaN;
    const gain = gpu.buffer(new Float32Array(block).fill(1));
    const [norms, encoded] = [2 * block, encodedBytes(kind, 2 * block) / 4].map((n) =>
      gpu.buffer(n),
    );
    await gpu.run(normEncode(encoding, block, 2, 0), gpu.buffer(x), gain, norms, encoded);
    const expected = [...new Float32Array(block).fill(NaN), ...new Float32Array(block).fill(1)];
    expect([...(await gpu.floats(norms, 2 * block))]).toEqual(expected);
  });
});

describe.each(["Q4_K", "Q8_0", "F32"] as const)("several matrices of %s", (format) => {
  test.each([
    { rows: [70, 5, 33], tokens: 1, arithmetic: "fast" },
    { rows: [16, 16], tokens: 1, arithmetic: "fast" },
    { rows: [1, 130], tokens: 3, arithmetic: "fast" },
    { rows: [9, 3, 1], tokens: 1, arithmetic: "exact" },
  ] as const)("$rows rows, $tokens tokens, $arithmetic", async ({ rows, tokens, arithmetic }) => {
    const columns = 256;
    const products = rows.map((count, i) =>
      randomProduct({ format, rows: count, columns, tokens }, i),
    );
    const [{ x }] = products;
    const input = gpu.buffer(arithmetic === "fast" ? encodedInput(products[0]) : x);
    const { buffer: weights, offsets } = packed(products.map((product) => product.weights));
    const outputs = () => [0, 1, 2].map((i) => gpu.buffer((rows[i] ?? 0) * tokens + 1));
    const [apart, together] = [outputs(), outputs()];
    const shape = { format, arithmetic, columns, tokens };
    for (const [i, count] of rows.entries()) {
      const call = matvecCall({ ...shape, rows: count }, { weightBytes: offsets[i] }, device);
      await gpu.run(call, weights, input, apart[i], undefined, undefined);
    }
    const matrices = rows.map((count, i) => ({ rows: count, weightBytes: offsets[i] }));
    await gpu.run(matvecsCall(shape, matrices, device), weights, input, ...together);
    for (const [i, output] of apart.entries()) {
      const count = (rows[i] ?? 0) * tokens + 1;
      expect(await gpu.words(together[i], count)).toEqual(await gpu.words(output, count));
    }
  });

  test("so many rows that their tiles go on in the second dimension of a grid", () => {
    const shape = { format, arithmetic: "fast", columns: 4096, tokens: 1 } as const;
    const [x, y] = matvecsCall(
      shape,
      [2 ** 20, 2 ** 20 + 1].map((rows) => ({ rows, weightBytes: 0 })),
      device,
    ).grid;
    expect(x).toBe(65_535);
    expect(y).toBeGreaterThan(1);
  });
});

test("one matrix and more than three are no job for several", () => {
  const shape = { format: "Q8_0", arithmetic: "fast", columns: 32, tokens: 1 } as const;
  const matrix = { rows: 4, weightBytes: 0 };
  for (const count of [0, 1, 4]) {
    const matrices = Array.from({ length: count }, () => matrix);
    expect(() => matvecsCall(shape, matrices, device)).toThrow(RangeError);
  }
});

describe.each([
  { k: 2, format: "Q4_K", accumulate: false },
  { k: 8, format: "Q8_0", accumulate: true },
  { k: 3, format: "F16", accumulate: true },
  { k: 1, format: "Q6_K", accumulate: false },
] as const)("$k experts of $format, added up, accumulate = $accumulate", (given) => {
  const { k, format, accumulate } = given;
  const [rows, columns] = [37, 512];
  const products = Array.from({ length: k }, (_, i) =>
    randomProduct({ format, rows, columns, tokens: 1 }, i),
  );
  const shares = randomFloats(seededRandom(k), k);
  const x = randomFloats(seededRandom(9), rows);

  test("the bits of their rows, mixed", async () => {
    const { buffer: weights, offsets } = packed(products.map((product) => product.weights));
    const slotBytes = offsets[1] ?? 4;
    const groups = gpu.buffer(Uint32Array.from(offsets.flatMap((_, slot) => [slot, slot, 1, 0])));
    const input = gpu.buffer(joinedInputs(products));
    const order = gpu.buffer(Uint32Array.from(shares.keys()));
    const weightsOfExperts = gpu.buffer(shares);
    const shape: MatvecShape = { format, arithmetic: "fast", rows, columns, tokens: 1, groups: k };
    const place = { weightBytes: 0, slotBytes, inputByRow: true };

    const apart = gpu.buffer(x);
    const made = gpu.buffer(k * rows);
    await gpu.run(matvecCall(shape, place, device), weights, input, made, groups, order);
    const mixing = mix({ tokens: 1, k, width: rows, accumulate });
    await gpu.run(mixing, made, order, weightsOfExperts, apart);
    expect(await gpu.floats(made, k * rows)).toEqual(
      Float32Array.from(products.flatMap((product) => [...onCpu(product)])),
    );

    const together = gpu.buffer(x);
    const call = mixDownCall(shape, place, { k, accumulate }, device);
    await gpu.run(call, weights, input, together, groups, order, weightsOfExperts);
    expect(await gpu.words(together, rows)).toEqual(await gpu.words(apart, rows));
  });
});

/** Matrices at equal distances in one buffer, each from a multiple of four on. */
function packed(matrices: readonly Uint8Array[]): { buffer: GpuBuffer; offsets: number[] } {
  const stride = Math.ceil(Math.max(...matrices.map(({ length }) => length)) / 4) * 4 + 4;
  const bytes = new Uint8Array(stride * matrices.length);
  const offsets = matrices.map((_, i) => i * stride);
  for (const [i, matrix] of matrices.entries()) bytes.set(matrix, offsets[i]);
  return { buffer: gpu.buffer(bytes), offsets };
}

function joinedInputs(products: readonly ReturnType<typeof randomProduct>[]): Uint8Array {
  return Buffer.concat(products.map((product) => encodedInput(product)));
}
