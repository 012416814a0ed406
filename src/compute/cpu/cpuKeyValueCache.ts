/** Keys and values of one sequence in WASM memory, per layer `[keyValueHead][position][headSize]`. */
import { type Arena, type Region, roundUp } from "../../memory/arena.ts";
import type { Arenas } from "../../memory/arenas.ts";
import { SluiceError } from "../../support/errors.ts";
import {
  headRowBytes,
  type KeyValueCache,
  type KeyValueFormat,
  type KeyValueShape,
} from "../keyValueCache.ts";

export class CpuKeyValueCache implements KeyValueCache, Disposable {
  readonly format: KeyValueFormat;
  readonly shape: KeyValueShape;
  readonly capacity: number;
  readonly #arenas: Arenas | undefined;
  /** Keys, then values of each layer, so that both lie in one arena. */
  readonly #layers: Region[] = [];
  readonly #keyBytes: number = 0;
  #length = 0;

  /** Without arenas the cache has a shape but no bytes: enough to measure a batch with. */
  constructor(
    arenas: Arenas | undefined,
    shape: KeyValueShape,
    format: KeyValueFormat,
    capacity: number,
  ) {
    this.format = format;
    this.shape = shape;
    this.capacity = capacity;
    this.#arenas = arenas;
    if (arenas === undefined) return;
    const rows = shape.keyValueHeadCount * capacity;
    const keyBytes = roundUp(rows * headRowBytes(shape.headSize, format));
    const valueBytes = roundUp(rows * headRowBytes(shape.valueSize, format));
    this.#keyBytes = keyBytes;
    try {
      for (let layersLeft = shape.layerCount; layersLeft > 0; layersLeft--) {
        const expected = (keyBytes + valueBytes) * layersLeft;
        this.#layers.push(arenas.allocate(keyBytes + valueBytes, expected));
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
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

  /** The arena that holds a layer, and where in it keys and values begin. */
  layer(layer: number): { arena: Arena; keys: number; values: number } {
    const region = this.#layers[layer];
    if (region === undefined) throw new SluiceError("closed", "this sequence has been closed");
    return { arena: region.arena, keys: region.address, values: region.address + this.#keyBytes };
  }

  /** Gives the memory back for the next sequence of the same size. */
  [Symbol.dispose](): void {
    for (const region of this.#layers.splice(0)) this.#arenas?.giveBack(region);
    this.#length = 0;
  }
}
