/**
 * Where the activations of a batch lie: a stack of buffers in one arena. Nothing is freed singly;
 * a layer marks the top before it starts and goes back to it when it ends.
 */
import { SluiceError } from "../../support/errors.ts";

const alignment = 64;

export class Workspace {
  #base: number;
  #capacity: number;
  #used = 0;
  #peak = 0;

  /** A workspace without a place yet: it gives out addresses only to learn how much is needed. */
  constructor() {
    this.#base = 0;
    this.#capacity = Number.POSITIVE_INFINITY;
  }

  /** From now on at `base`, with `capacity` bytes. */
  settle(base: number, capacity: number): void {
    this.#base = base;
    this.#capacity = capacity;
    this.#used = 0;
  }

  /** The most bytes ever in use. */
  get peakBytes(): number {
    return this.#peak;
  }

  /** Address of `byteLength` new bytes, uninitialised, on a cache line that nobody else has. */
  allocate(byteLength: number): number {
    const address = this.#base + this.#used;
    this.#used += Math.ceil(Math.max(byteLength, 1) / alignment) * alignment;
    // Pieces of other sizes may lose up to a line each to rounding, so measuring counts one for each.
    if (this.#capacity === Number.POSITIVE_INFINITY) this.#used += alignment;
    if (this.#used > this.#peak) this.#peak = this.#used;
    if (this.#used > this.#capacity) {
      throw new SluiceError(
        "out-of-memory",
        `a batch needs more than the ${this.#capacity} bytes set aside for activations; feed fewer tokens at once`,
      );
    }
    return address;
  }

  /** Whether so many bytes more find room, in so many pieces. */
  hasRoomFor(byteLength: number, pieces: number): boolean {
    return this.#used + byteLength + pieces * alignment <= this.#capacity;
  }

  get mark(): number {
    return this.#used;
  }

  /** Gives back everything allocated since `mark` was read; no job of the round under way may use it. */
  release(mark: number): void {
    this.#used = mark;
  }
}
