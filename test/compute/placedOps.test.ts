/** Layers over several devices: every verb goes to its layer's device, and activations move along. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createPlacedOps,
  onDevice,
  PlacedCache,
  PlacedHidden,
  type PlacedOps,
  type Placement,
} from "../../src/compute/placedOps.ts";
import { keyValueFake, OneDevice, plainMatrix, plainVector, rope } from "./fakeDevice.ts";

function placedOver(placement: Placement): { placed: PlacedOps; devices: OneDevice[] } {
  const count = Math.max(placement.outputDevice, ...placement.deviceOf) + 1;
  const devices = Array.from({ length: count }, (_, number) => new OneDevice(number));
  return { placed: createPlacedOps(devices, placement), devices };
}

/** A forward pass as the architectures write it. */
async function forward(
  { ops, read }: PlacedOps,
  layerCount: number,
  cache: PlacedCache,
): Promise<Float32Array> {
  const angles = ops.rotation(rope, Int32Array.of(0, 1));
  const x = ops.embed(plainMatrix, Int32Array.of(3, 4));
  for (let layer = 0; layer < layerCount; layer++) {
    await ops.eachLayer(layer, x, async () => {
      const input = ops.rmsNorm(x, plainVector, 1e-5);
      const queries = ops.rotate(
        ops.rmsNormHeads(ops.linear(plainMatrix, input), plainVector, 1e-5),
        angles,
      );
      ops.remember(cache, layer, queries, queries);
      ops.addTo(x, ops.attend(queries, cache, layer, 1));
      ops.addTo(x, ops.swiglu(input, input));
    });
  }
  const last = ops.rows(x, Int32Array.of(1));
  return read(ops.linear(plainMatrix, ops.rmsNorm(last, plainVector, 1e-5)));
}

describe("verbs over several devices", () => {
  test("go to the device of their layer with handles and caches of that device", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 2 }),
        async (deviceOf, outputDevice) => {
          const { placed, devices } = placedOver({ deviceOf, outputDevice });
          const caches = devices.map(({ number }) => keyValueFake(number));
          // A fake throws when it is given another device's handle.
          await forward(placed, deviceOf.length, new PlacedCache(caches));
          for (const { number, layers } of devices) {
            expect(layers).toEqual(
              [...deviceOf.keys()].filter((layer) => deviceOf[layer] === number),
            );
          }
          expect(devices[0]!.count("embed")).toBe(1);
          for (const device of devices) {
            expect(device.count("rows")).toBe(device.number === outputDevice ? 1 : 0);
            expect(device.count("attend")).toBe(device.layers.length);
          }
        },
      ),
    );
  });

  test("move the hidden state where the device changes, and nowhere else", async () => {
    const { placed, devices } = placedOver({ deviceOf: [0, 0, 1, 1, 2, 2], outputDevice: 0 });
    await forward(placed, 6, new PlacedCache(devices.map(({ number }) => keyValueFake(number))));
    expect(devices.map((device) => device.count("download"))).toEqual([2, 1, 1]); // and what is read
    expect(devices.map((device) => device.count("upload"))).toEqual([1, 1, 1]);
  });

  test("move nothing where all is on one device but the embedding", async () => {
    const { placed, devices } = placedOver({ deviceOf: [1, 1, 1], outputDevice: 1 });
    await forward(placed, 3, new PlacedCache(devices.map(({ number }) => keyValueFake(number))));
    expect(devices.map((device) => device.count("upload"))).toEqual([0, 1]);
    expect(devices.map((device) => device.count("download"))).toEqual([1, 1]);
  });

  test("give the values that one device would", async () => {
    const expected = await valuesOf([0, 0, 0, 0], 0);
    expect(await valuesOf([0, 1, 1, 2], 2)).toEqual(expected);
    expect(await valuesOf([1, 1, 1, 1], 0)).toEqual(expected);
    expect(expected).toEqual(Float32Array.of(4 + 4)); // the last token, and 1 per layer
  });

  test("make a batch's rotation on every device that has a layer, and no other", () => {
    const { placed, devices } = placedOver({ deviceOf: [0, 2, 2], outputDevice: 1 });
    expect(placed.ops.rotation(rope, Int32Array.of(0)).rope).toBe(rope);
    expect(devices.map((device) => device.count("rotation"))).toEqual([1, 0, 1]);
  });

  test("begin the next batch on the processor, wherever the last one ended", async () => {
    const { placed, devices } = placedOver({ deviceOf: [0, 1], outputDevice: 1 });
    const cache = new PlacedCache(devices.map(({ number }) => keyValueFake(number)));
    await forward(placed, 2, cache);
    await forward(placed, 2, cache);
    expect(devices.map((device) => device.count("embed"))).toEqual([2, 0]);
  });

  test("copy what is read", async () => {
    const { placed, devices } = placedOver({ deviceOf: [1], outputDevice: 1 });
    const x = placed.ops.embed(plainMatrix, Int32Array.of(1));
    await placed.ops.eachLayer(0, x, async () => {});
    const values = await placed.read(x);
    devices[1]!.values(onDevice(x)).fill(99);
    expect(values).not.toContain(99);
  });
});

async function valuesOf(deviceOf: number[], outputDevice: number): Promise<Float32Array> {
  const { placed, devices } = placedOver({ deviceOf, outputDevice });
  return forward(
    placed,
    deviceOf.length,
    new PlacedCache(devices.map((d) => keyValueFake(d.number))),
  );
}

describe("a cache over several devices", () => {
  test("advances, truncates and ends on all of them", () => {
    const caches = [0, 1, 2].map(keyValueFake);
    const cache = new PlacedCache(caches);
    cache.advance(7);
    expect(caches.map(({ length }) => length)).toEqual([7, 7, 7]);
    cache.truncate(3);
    expect(caches.map(({ length }) => length)).toEqual([3, 3, 3]);
    expect([cache.length, cache.capacity, cache.format]).toEqual([3, 16, "f16"]);
    expect(cache.shape).toBe(caches[0]!.shape);
    cache[Symbol.dispose]();
    expect(caches.map(({ disposed }) => disposed)).toEqual([1, 1, 1]);
  });
});

test("a handle is its device's, placed or not", () => {
  const own = { tokens: 2, width: 3 };
  expect(onDevice(own)).toBe(own);
  expect(onDevice(new PlacedHidden(1, own))).toBe(own);
});
