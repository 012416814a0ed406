/**
 * One shared 32-bit WASM memory, cut into regions from the front. A model larger than 4 GiB, the
 * most such a memory may hold, spreads over several (see `arenas.ts`).
 *
 * The first `tableBytes` belong to the kernels: masks and shuffle indices they load at run time.
 */
import { SluiceError } from "../support/errors.ts";

/** What V8 allows one 32-bit memory: 65,536 pages of 64 KiB. */
export const arenaLimitBytes: number = 2 ** 32;

/** Bytes at the start of each arena for the kernels' tables and codebooks. */
export const tableBytes = 40_960;

const pageBytes = 65_536;

/** Every region starts on a cache line, so that no two threads write to one. */
const regionAlignment = 64;

/** A piece of an arena: where some tensor, slot or buffer lies. */
export interface Region {
  readonly arena: Arena;
  /** Byte offset in the arena's memory. */
  readonly address: number;
  readonly byteLength: number;
}

export class Arena {
  /** Position in the list that every thread holds; kernels are instantiated once per index. */
  readonly index: number;
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly byteLength: number;
  #used: number = tableBytes;

  /** @throws SluiceError `out-of-memory` when the system does not grant the address space. */
  constructor(index: number, byteLength: number) {
    const pages = Math.ceil(byteLength / pageBytes);
    this.index = index;
    this.memory = reserve(pages);
    const buffer = this.memory.buffer as unknown as SharedArrayBuffer;
    this.bytes = new Uint8Array(buffer);
    this.byteLength = pages * pageBytes;
  }

  get freeBytes(): number {
    return this.byteLength - this.#used;
  }

  /** The next `byteLength` bytes, or `undefined` when they do not fit. Zero-filled by the system. */
  allocate(byteLength: number): Region | undefined {
    const rounded = roundUp(byteLength);
    if (rounded > this.freeBytes) return undefined;
    const region = { arena: this, address: this.#used, byteLength };
    this.#used += rounded;
    return region;
  }
}

export function roundUp(byteLength: number): number {
  return Math.ceil(byteLength / regionAlignment) * regionAlignment;
}

/** The bytes of a region, as a view: writing to it writes to the arena. */
export function regionBytes(region: Region): Uint8Array<SharedArrayBuffer> {
  return region.arena.bytes.subarray(region.address, region.address + region.byteLength);
}

/** The same bytes as f32 values. */
export function regionFloats(region: Region): Float32Array<SharedArrayBuffer> {
  return new Float32Array(region.arena.bytes.buffer, region.address, region.byteLength / 4);
}

function reserve(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    const gib = ((pages * pageBytes) / 2 ** 30).toFixed(2);
    throw new SluiceError(
      "out-of-memory",
      `the system refused ${gib} GiB of memory; close other programs, take a smaller model or a shorter context`,
      { cause },
    );
  }
}
