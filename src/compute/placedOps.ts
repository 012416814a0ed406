/**
 * The verbs of `ops.ts` over several devices: each layer's verbs go to the device that the plan gave the
 * layer, and the hidden state moves along. Device 0 is the processor; it embeds the tokens.
 */
import type { KeyValueCache } from "./keyValueCache.ts";
import type { Angles, Hidden, Ops } from "./ops.ts";

/** One device's verbs, and the way of activations to and from it. */
export interface DeviceOps {
  readonly ops: Ops;
  /** Activations on the device: f32 `[tokens, width]`. */
  readonly upload: (values: Float32Array, tokens: number, width: number) => Hidden;
  /** The values of activations of this device: a copy, or a view that the next verb may overwrite. */
  readonly download: (x: Hidden) => Promise<Float32Array>;
}

export interface Placement {
  /** By layer. */
  readonly deviceOf: readonly number[];
  readonly outputDevice: number;
}

/** The hidden state of a batch, wherever it is now. */
export class PlacedHidden implements Hidden {
  readonly tokens: number;
  readonly width: number;
  device: number;
  onDevice: Hidden;

  constructor(device: number, onDevice: Hidden) {
    this.tokens = onDevice.tokens;
    this.width = onDevice.width;
    this.device = device;
    this.onDevice = onDevice;
  }
}

/** A batch's rotation, on each device that computes a layer. */
class PlacedAngles implements Angles {
  readonly rope: Angles["rope"];
  readonly #angles: ReadonlyMap<number, Angles>;

  constructor(rope: Angles["rope"], angles: ReadonlyMap<number, Angles>) {
    this.rope = rope;
    this.#angles = angles;
  }

  on(device: number): Angles {
    return this.#angles.get(device)!;
  }
}

/** Keys and values of a sequence: each layer's on the device that computes it. */
export class PlacedCache implements KeyValueCache, Disposable {
  readonly #caches: readonly (KeyValueCache & Disposable)[];

  /** @param caches one per device */
  constructor(caches: readonly (KeyValueCache & Disposable)[]) {
    this.#caches = caches;
  }

  on(device: number): KeyValueCache {
    return this.#caches[device]!;
  }

  get format(): KeyValueCache["format"] {
    return this.on(0).format;
  }

  get shape(): KeyValueCache["shape"] {
    return this.on(0).shape;
  }

  get capacity(): number {
    return this.on(0).capacity;
  }

  get length(): number {
    return this.on(0).length;
  }

  advance(tokens: number): void {
    for (const cache of this.#caches) cache.advance(tokens);
  }

  truncate(length: number): void {
    for (const cache of this.#caches) cache.truncate(length);
  }

  [Symbol.dispose](): void {
    for (const cache of this.#caches) cache[Symbol.dispose]();
  }
}

export interface PlacedOps {
  readonly ops: Ops;
  /** The values of what a forward pass returned: a copy. */
  readonly read: (x: Hidden) => Promise<Float32Array>;
}

/** @param devices the processor, then the GPUs */
export function createPlacedOps(devices: readonly DeviceOps[], placement: Placement): PlacedOps {
  const { deviceOf, outputDevice } = placement;
  let current = 0;
  const here = () => devices[current]!.ops;
  const on = (cache: KeyValueCache) => (cache instanceof PlacedCache ? cache.on(current) : cache);

  const ops: Ops = {
    embed(table, tokens) {
      current = 0;
      return new PlacedHidden(0, here().embed(table, tokens));
    },
    linear: (weights, x) => here().linear(weights, onDevice(x)),
    addTo: (x, y) => here().addTo(onDevice(x), onDevice(y)),
    rmsNorm: (x, gain, epsilon) => here().rmsNorm(onDevice(x), gain, epsilon),
    rmsNormHeads: (x, gain, epsilon) => here().rmsNormHeads(onDevice(x), gain, epsilon),
    rotation(rope, positions) {
      const angles = new Map<number, Angles>();
      for (const device of new Set(deviceOf)) {
        angles.set(device, devices[device]!.ops.rotation(rope, positions));
      }
      return new PlacedAngles(rope, angles);
    },
    rotate(x, angles) {
      const own = angles instanceof PlacedAngles ? angles.on(current) : angles;
      return here().rotate(onDevice(x), own);
    },
    remember: (cache, layer, keys, values) => here().remember(on(cache), layer, keys, values),
    attend: (queries, cache, layer, scale) => here().attend(queries, on(cache), layer, scale),
    swiglu: (gate, up) => here().swiglu(gate, up),
    rows: (x, indices) => here().rows(onDevice(x), indices),
    async eachLayer(layer, hidden, run) {
      const x = hidden as PlacedHidden;
      await move(x, deviceOf[layer]!);
      await here().eachLayer(layer, x.onDevice, run);
      if (layer === deviceOf.length - 1) await move(x, outputDevice);
    },
  };
  return { ops, read };

  async function move(x: PlacedHidden, device: number): Promise<void> {
    current = device;
    if (x.device === device) return;
    const values = await devices[x.device]!.download(x.onDevice);
    x.onDevice = devices[device]!.upload(values, x.tokens, x.width);
    x.device = device;
  }

  async function read(x: Hidden): Promise<Float32Array> {
    const values = await devices[outputDevice]!.download(onDevice(x));
    return values.slice();
  }
}

/** A handle as its device made it. */
export function onDevice(x: Hidden): Hidden {
  return x instanceof PlacedHidden ? x.onDevice : x;
}
