/** Every format, as one matrix for one token and in slots for several. */
import { describe, expect, test } from "vitest";
import {
  gpuFormats,
  type MatvecAdapter,
  type MatvecPlace,
  type MatvecShape,
  matvecCall,
} from "../../src/compute/gpu/matvecShaders.ts";
import { bits } from "../kernels/kernelBed.ts";
import type { Product } from "../kernels/kernelRun.ts";
import {
  encodedInput,
  inLargeTiles,
  inNumbers,
  MatvecBench,
  onCpu,
  randomProduct,
  Slots,
  smallestRow,
} from "./matvecRun.ts";
import { testDevice } from "./testDevice.ts";

/** Of plain f32 products, relative to the sum of all terms' magnitudes. */
const TOLERANCE = 1e-5;

const device = await testDevice();
const bench = new MatvecBench(device);
const withoutSubgroups: MatvecAdapter = { features: new Set() };

function largestError(product: Product, result: Float32Array): number {
  const { values, sizes } = inNumbers(product);
  return Math.max(...values.map((value, i) => Math.abs(result[i] - value) / sizes[i]));
}

describe.each(gpuFormats)("%s, one matrix and one token", (format) => {
  const shape = { format, rows: 13, columns: 2048, tokens: 1 };
  const product = randomProduct(shape);

  test("fast has the CPU's bits", async () => {
    const result = await multiply("fast", withoutSubgroups);
    expect(bits(result)).toEqual(bits(onCpu(product)));
  });

  test.each([
    ["workgroup memory", "workgroup", withoutSubgroups],
    ["subgroups", "subgroup", { features: new Set(["subgroups"]) }],
  ])("exact is the formula, added up in %s", async (_, reduce, adapter) => {
    if (reduce === "subgroup" && !device.features.has("subgroups")) return;
    const call = matvecCall({ ...shape, arithmetic: "exact" }, { weightBytes: 0 }, adapter);
    expect(call.variant.choices).toMatchObject({ reduce });
    const result = await multiply("exact", adapter);
    expect(largestError(product, result)).toBeLessThanOrEqual(TOLERANCE);
  });

  function multiply(arithmetic: "exact" | "fast", adapter: MatvecAdapter): Promise<Float32Array> {
    const make = (shape: MatvecShape) => matvecCall(shape, { weightBytes: 0 }, adapter);
    return bench.run(inLargeTiles(make, { ...shape, arithmetic }), {
      weights: product.weights,
      input: arithmetic === "exact" ? product.x : encodedInput(product),
      output: new Float32Array(13),
    });
  }
});

describe.each(gpuFormats)("%s, slots and several tokens", (format) => {
  const columns = 3 * smallestRow(format);
  const products = [3, 6, 1].map((tokens, i) =>
    randomProduct({ format, rows: 37, columns, tokens }, i),
  );
  const slots = new Slots(products);

  test("fast has the CPU's bits, and absent slots leave their rows alone", async () => {
    const result = await multiply("fast");
    expect(bits(result)).toEqual(bits(slots.output(products.map(onCpu), 7)));
  });

  test("exact is the formula", async () => {
    const result = await multiply("exact");
    for (const [i, product] of products.entries()) {
      expect(largestError(product, slots.rowsOf(result, i))).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  function multiply(arithmetic: "exact" | "fast"): Promise<Float32Array> {
    const { slotBytes, weightBytes } = slots;
    const place: MatvecPlace = { slotBytes, weightBytes };
    const shape = { format, arithmetic, rows: 37, columns, tokens: 6, groups: slots.groupCount };
    const make = (shape: MatvecShape) => matvecCall(shape, place, withoutSubgroups);
    return bench.run(inLargeTiles(make, shape), {
      weights: slots.weights,
      input: slots.input(arithmetic),
      output: slots.output([], 7),
      groups: slots.groups,
      inputRows: slots.inputRows,
    });
  }
});
