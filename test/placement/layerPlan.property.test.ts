/** Which GPU computes which layers, against every way of handing them out. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LayerQuestion, planLayers } from "../../src/placement/layerPlan.ts";
import { OptionError } from "../../src/support/errors.ts";

const bytes = (max: number) => fc.oneof(fc.nat({ max }), fc.constant(Math.floor(max / 4)));
const gpu = bytes(2000).map((size) => ({ name: "GPU", bytes: size }));
const layer = fc.record({
  hotBytes: bytes(300),
  keyValueBytes: bytes(100),
  obstacle: fc.oneof({ weight: 15, arbitrary: fc.constant(undefined) }, fc.constant("is odd")),
});
/** Layers of different sizes, or all alike, as most models have them. */
const layers = fc.oneof(
  fc.array(layer, { minLength: 1, maxLength: 8 }),
  fc.tuple(layer, fc.integer({ min: 1, max: 12 })).map(([one, count]) => Array(count).fill(one)),
);
const question: fc.Arbitrary<LayerQuestion> = fc.record({
  gpus: fc.array(gpu, { minLength: 1, maxLength: 3 }),
  layers,
  outputBytes: bytes(400),
  outputObstacle: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    fc.constant("is odd, too"),
  ),
  workingBytes: bytes(200),
});

/** Bytes that a GPU must have for what a plan puts there. */
function bytesOn(
  device: number,
  asked: LayerQuestion,
  plan: ReturnType<typeof planLayers>,
): number {
  const own = asked.layers.filter((_, index) => plan.deviceOf[index] === device);
  const head = plan.outputDevice === device ? asked.outputBytes : 0;
  return own.reduce((sum, { hotBytes, keyValueBytes }) => sum + hotBytes + keyValueBytes, head);
}

/** The most of the last layers that fit in any way; no more than `limit`. */
function mostThatFit(asked: LayerQuestion, limit: number): number {
  const { gpus, workingBytes, outputBytes, outputObstacle } = asked;
  const needs = asked.layers.map(({ hotBytes, keyValueBytes }) => hotBytes + keyValueBytes);
  const place = (device: number, placed: number): number => {
    if (device < 0) return placed;
    const head = placed === 0 && outputObstacle === undefined ? outputBytes : 0;
    let best = place(device - 1, placed);
    let spare = gpus[device]!.bytes - workingBytes - head;
    for (let taken = placed; taken < limit; ) {
      spare -= needs[needs.length - 1 - taken]!;
      if (spare < 0) break;
      best = Math.max(best, place(device - 1, ++taken));
    }
    return best;
  };
  return place(gpus.length - 1, 0);
}

/** Layers behind the last that has an obstacle. */
function ableLayers({ layers: all }: LayerQuestion): number {
  return all.length - 1 - all.findLastIndex(({ obstacle }) => obstacle !== undefined);
}

const placedBy = ({ deviceOf }: { readonly deviceOf: readonly number[] }) =>
  deviceOf.filter((device) => device > 0).length;

describe("a plan of layers", () => {
  test("gives no GPU more than it may have, and says what is left", () => {
    fc.assert(
      fc.property(question, (asked) => {
        const plan = planLayers(asked);
        for (const [index, { bytes: budget }] of asked.gpus.entries()) {
          const used = bytesOn(index + 1, asked, plan);
          expect(plan.spareBytes[index]).toBe(budget - asked.workingBytes - used);
          if (used > 0) expect(plan.spareBytes[index]).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("places every layer once: the first on the processor, then device by device", () => {
    fc.assert(
      fc.property(question, (asked) => {
        const { deviceOf, outputDevice } = planLayers(asked);
        expect(deviceOf).toHaveLength(asked.layers.length);
        expect(deviceOf).toEqual(deviceOf.toSorted((a, b) => a - b));
        expect(Math.max(...deviceOf)).toBeLessThanOrEqual(asked.gpus.length);
        const canHaveOutput = asked.outputObstacle === undefined;
        expect(outputDevice).toBe(canHaveOutput ? deviceOf.at(-1) : 0);
        for (const [index, { obstacle }] of asked.layers.entries()) {
          if (obstacle !== undefined) expect(deviceOf[index]).toBe(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("places as many layers as fit in any way, and says so if not all do", () => {
    fc.assert(
      fc.property(question, (asked) => {
        const able = ableLayers(asked);
        const plan = planLayers(asked);
        expect(placedBy(plan)).toBe(mostThatFit(asked, able));
        const said = plan.remarks.join("\n");
        expect(/layers fit the memory of/.test(said)).toBe(placedBy(plan) < able);
        expect(/^layer \d+ is odd: it and those before it/m.test(said)).toBe(
          able < asked.layers.length,
        );
        expect(/output head is odd, too/.test(said)).toBe(
          asked.outputObstacle !== undefined && placedBy(plan) > 0,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("places so many as were asked for, or says that it cannot", () => {
    const wanted = fc.oneof(fc.nat({ max: 12 }), fc.constant("all" as const));
    const seen = { placed: 0, refused: 0 };
    fc.assert(
      fc.property(question, wanted, (asked, gpuLayers) => {
        const count = gpuLayers === "all" ? asked.layers.length : gpuLayers;
        const able = ableLayers(asked);
        if (count <= able && mostThatFit(asked, count) === count) {
          expect(placedBy(planLayers({ ...asked, gpuLayers }))).toBe(count);
          seen.placed++;
        } else {
          expect(() => planLayers({ ...asked, gpuLayers })).toThrow(OptionError);
          seen.refused++;
        }
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.placed, seen.refused)).toBeGreaterThan(200);
  });

  test("places no fewer layers when a GPU has more memory", () => {
    fc.assert(
      fc.property(question, fc.nat({ max: 2 }), fc.nat({ max: 500 }), (asked, which, more) => {
        const gpus = asked.gpus.map((one, index) =>
          index === which ? { ...one, bytes: one.bytes + more } : one,
        );
        expect(placedBy(planLayers({ ...asked, gpus }))).toBeGreaterThanOrEqual(
          placedBy(planLayers(asked)),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("shares equal layers by memory where all fit", () => {
    const layers = Array(12).fill({ hotBytes: 10, keyValueBytes: 0 });
    const gpus = [1000, 2000].map((size) => ({ name: "GPU", bytes: size }));
    const plan = planLayers({ gpus, layers, outputBytes: 10, workingBytes: 0 });
    expect(plan.deviceOf).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
    expect(plan).toMatchObject({ outputDevice: 2, spareBytes: [960, 1910], remarks: [] });
  });

  test.for([-1, 1.5, 13, Number.NaN])("refuses %s layers of 12", (gpuLayers) => {
    const layers = Array(12).fill({ hotBytes: 10, keyValueBytes: 0 });
    const gpus = [{ name: "GPU", bytes: 1000 }];
    expect(() => planLayers({ gpus, layers, outputBytes: 10, workingBytes: 0, gpuLayers })).toThrow(
      `gpuLayers (--gpu-layers) is ${gpuLayers}; this model has 12 layers`,
    );
  });
});
