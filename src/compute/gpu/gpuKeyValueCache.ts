/** Keys and values of one sequence in a GPU's buffers, per layer `[keyValueHead][position][headSize]`. */
import { OptionError, SluiceError } from "../../support/errors.ts";
import type { KeyValueCache, KeyValueFormat, KeyValueShape } from "../keyValueCache.ts";
import type { GpuCacheFormat } from "./attentionShaders.ts";
import type { GpuBackend } from "./gpuBackend.ts";
import type { GpuBuffer } from "./gpuTensors.ts";

/** What one layer remembers. */
export interface GpuLayerCache {
  readonly keys: GpuBuffer;
  readonly values: GpuBuffer;
}

export class GpuKeyValueCache implements KeyValueCache, Disposable {
  readonly format: GpuCacheFormat;
  readonly shape: KeyValueShape;
  readonly capacity: number;
  readonly #layers = new Map<number, GpuLayerCache>();
  #length = 0;

  /** @param layers those that this device computes */
  constructor(
    backend: GpuBackend,
    layers: readonly number[],
    shape: KeyValueShape,
    format: KeyValueFormat,
    capacity: number,
  ) {
    if (format === "q8_0") throw new OptionError("a GPU keeps keys and values as f16 or f32 only");
    this.format = format;
    this.shape = shape;
    this.capacity = capacity;
    const rowsBytes = shape.keyValueHeadCount * capacity * (format === "f16" ? 2 : 4);
    for (const layer of layers) {
      this.#layers.set(layer, {
        keys: backend.createBuffer(rowsBytes * shape.headSize, `keys ${layer}`),
        values: backend.createBuffer(rowsBytes * shape.valueSize, `values ${layer}`),
      });
    }
  }

  get length(): number {
    return this.#length;
  }

  advance(tokens: number): void {
    if (this.#length + tokens > this.capacity) {
      throw new RangeError(`${this.#length + tokens} positions in a cache of ${this.capacity}`);
    }
    this.#length += tokens;
  }

  truncate(length: number): void {
    if (length < 0 || length > this.#length) {
      throw new RangeError(`cannot truncate ${this.#length} positions to ${length}`);
    }
    this.#length = length;
  }

  layer(layer: number): GpuLayerCache {
    const found = this.#layers.get(layer);
    if (found === undefined) throw new SluiceError("closed", "this sequence has been closed");
    return found;
  }

  [Symbol.dispose](): void {
    for (const { keys, values } of this.#layers.values()) {
      keys.buffer.destroy();
      values.buffer.destroy();
    }
    this.#layers.clear();
    this.#length = 0;
  }
}
