/**
 * A device in a few lines of JavaScript that knows its own handles: what comes from another device is
 * refused, and what is asked of it is counted.
 */

import type { KeyValueCache } from "../../src/compute/keyValueCache.ts";
import type { Angles, Hidden, Matrix, Ops, Vector } from "../../src/compute/ops.ts";
import type { DeviceOps } from "../../src/compute/placedOps.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import type { Rope } from "../../src/numerics/rope.ts";

export const plainVector: Vector = { name: "gain", length: 1 };
export const plainMatrix: Matrix = {
  name: "weights",
  rows: 1,
  columns: 1,
  format: formats.F32,
  bias: undefined,
};
export const rope: Rope = {
  headSize: 2,
  rotarySize: 2,
  pairing: "neox",
  frequencies: Float64Array.of(1),
  magnitude: 1,
};

/** Activations of one value per token. */
class FakeHidden implements Hidden {
  readonly width = 1;
  readonly device: number;
  readonly values: Float32Array;

  constructor(device: number, values: Float32Array) {
    this.device = device;
    this.values = values;
  }

  get tokens(): number {
    return this.values.length;
  }
}

export interface FakeCache extends KeyValueCache, Disposable {
  readonly device: number;
  readonly disposed: number;
}

export function keyValueFake(device: number): FakeCache {
  return {
    device,
    disposed: 0,
    length: 0,
    capacity: 16,
    format: "f16",
    shape: { layerCount: 1, keyValueHeadCount: 1, headSize: 2, valueSize: 2 },
    advance(tokens) {
      Object.assign(this, { length: this.length + tokens });
    },
    truncate(length) {
      Object.assign(this, { length });
    },
    [Symbol.dispose]() {
      Object.assign(this, { disposed: this.disposed + 1 });
    },
  } as FakeCache;
}

export class OneDevice implements DeviceOps {
  readonly number: number;
  /** Those it ran, in order. */
  readonly layers: number[] = [];
  readonly ops: Ops;
  readonly #counts = new Map<string, number>();

  constructor(number: number) {
    this.number = number;
    this.ops = this.#createOps();
  }

  count(verb: string): number {
    return this.#counts.get(verb) ?? 0;
  }

  /** @throws if `x` is of another device */
  values(x: Hidden): Float32Array {
    if (x instanceof FakeHidden && x.device === this.number) return x.values;
    throw new Error(`device ${this.number} was given a handle that is not its own`);
  }

  readonly upload: DeviceOps["upload"] = (values) => {
    this.#note("upload");
    return new FakeHidden(this.number, values.slice());
  };

  readonly download: DeviceOps["download"] = async (x) => {
    this.#note("download");
    return this.values(x);
  };

  #note(verb: string): void {
    this.#counts.set(verb, this.count(verb) + 1);
  }

  #createOps(): Ops {
    const made = (verb: string, values: Float32Array) => {
      this.#note(verb);
      return new FakeHidden(this.number, values);
    };
    const same = (verb: string) => (x: Hidden) => made(verb, this.values(x).slice());
    const own = (cache: KeyValueCache) => {
      if ((cache as FakeCache).device !== this.number) throw new Error("a cache of another device");
    };
    const ownAngles = (angles: Angles) => {
      const { device } = angles as Angles & { device?: number };
      if (device !== this.number) throw new Error("angles of another device");
    };
    return {
      embed: (_, tokens) => made("embed", Float32Array.from(tokens)),
      linear: (_, x) => same("linear")(x),
      addTo: (x, y) => {
        const addend = this.values(y);
        for (const [index, value] of addend.entries()) this.values(x)[index]! += value;
      },
      rmsNorm: same("rmsNorm"),
      rmsNormHeads: same("rmsNormHeads"),
      rotation: (ofModel) => {
        this.#note("rotation");
        const angles = { rope: ofModel, device: this.number };
        return angles;
      },
      rotate: (x, angles) => {
        ownAngles(angles);
        return same("rotate")(x);
      },
      remember: (cache, _, keys, values) => {
        own(cache);
        this.values(keys);
        this.values(values);
      },
      attend: (queries, cache) => {
        own(cache);
        return made(
          "attend",
          this.values(queries).map(() => 1),
        );
      },
      swiglu: (gate, up) =>
        made(
          "swiglu",
          this.values(gate).map((value, i) => value * 0 * this.values(up)[i]!),
        ),
      rows: (x, indices) =>
        made(
          "rows",
          Float32Array.from(indices, (index) => this.values(x)[index]!),
        ),
      eachLayer: async (layer, x, run) => {
        this.values(x);
        this.layers.push(layer);
        await run();
      },
    };
  }
}
