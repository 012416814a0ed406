/** As many arenas as the model needs: gives out regions and opens another arena when one is full. */
import { SluiceError } from "../support/errors.ts";
import { Arena, arenaLimitBytes, type Region, roundUp, tableBytes } from "./arena.ts";

export interface ArenasOptions {
  /** Size of each arena but the last. Small ones serve tests. @default 4 GiB */
  readonly arenaBytes?: number;
  /** Bytes the arena with this index sets aside, right behind the kernels' tables. */
  readonly headBytes: (index: number) => number;
}

export class Arenas {
  readonly #arenas: Arena[] = [];
  readonly #arenaBytes: number;
  readonly #headBytes: (index: number) => number;
  /** Regions given back, by size: key-value caches of ended sequences come and go in equal sizes. */
  readonly #returned = new Map<number, Region[]>();

  constructor(options: ArenasOptions) {
    this.#arenaBytes = options.arenaBytes ?? arenaLimitBytes;
    this.#headBytes = options.headBytes;
  }

  get list(): readonly Arena[] {
    return this.#arenas;
  }

  /**
   * A region of its own for `byteLength` bytes. `expectedBytes` is what the caller will still ask
   * for, this request included: a new arena is made that large, no larger.
   */
  allocate(byteLength: number, expectedBytes: number = byteLength): Region {
    const returned = this.#returned.get(byteLength)?.pop();
    if (returned !== undefined) return returned;
    for (const arena of this.#arenas) {
      const region = arena.allocate(byteLength);
      if (region !== undefined) return region;
    }
    return this.#open(byteLength, expectedBytes);
  }

  /** Takes a region back; the next request of the same size gets it, with its old bytes. */
  giveBack(region: Region): void {
    const list = this.#returned.get(region.byteLength) ?? [];
    list.push(region);
    this.#returned.set(region.byteLength, list);
  }

  #open(byteLength: number, expectedBytes: number): Region {
    const head = roundUp(this.#headBytes(this.#arenas.length));
    const overhead = tableBytes + head;
    const largest = arenaLimitBytes - overhead;
    if (largest <= 0) {
      throw new SluiceError(
        "out-of-memory",
        `the activations of a batch take ${head} bytes, more than a WebAssembly memory holds; take a smaller batch, a shorter context or fewer threads`,
      );
    }
    if (roundUp(byteLength) > largest) {
      throw new SluiceError(
        "out-of-memory",
        `one buffer of ${byteLength} bytes is more than a WebAssembly memory holds (${largest} bytes); take a shorter context or a smaller batch`,
      );
    }
    const wanted = overhead + Math.max(roundUp(byteLength), roundUp(expectedBytes));
    const least = overhead + roundUp(byteLength);
    const arena = new Arena(
      this.#arenas.length,
      Math.max(least, Math.min(wanted, this.#arenaBytes)),
    );
    arena.allocate(head);
    this.#arenas.push(arena);
    const region = arena.allocate(byteLength);
    if (region === undefined)
      throw new SluiceError("out-of-memory", "a new arena is too small for its first region");
    return region;
  }
}
