/** Both builds over one memory, and places in it to put things: what every kernel test starts from. */

import {
  compileKernels,
  instantiateKernels,
  type WasmKernels,
} from "../../src/compute/cpu/wasmKernels.ts";
import { tableBytes } from "../../src/memory/arena.ts";

const PAGE_BYTES = 65536;

const relaxed = await compileKernels({ build: "relaxed" });
const plain = await compileKernels({ build: "plain" });

export const builds = [relaxed, plain] as const;

export class KernelBed {
  readonly memory: WebAssembly.Memory;
  readonly relaxed: WasmKernels;
  readonly plain: WasmKernels;
  #next = tableBytes;

  constructor(megabytes = 8) {
    const pages = megabytes * 16;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.relaxed = instantiateKernels(relaxed.module, this.memory);
    this.plain = instantiateKernels(plain.module, this.memory);
  }

  /** Both builds by name, for `for (const [build, kernels] of bed.builds)`. */
  get builds(): readonly (readonly [string, WasmKernels])[] {
    return [
      ["relaxed", this.relaxed],
      ["plain", this.plain],
    ];
  }

  /** Forgets every place. */
  clear(): void {
    this.#next = tableBytes;
  }

  /** The address of `byteLength` fresh bytes, `skew` bytes after a multiple of 16. */
  allocate(byteLength: number, skew = 0): number {
    const address = Math.ceil(this.#next / 16) * 16 + skew;
    this.#next = address + byteLength;
    if (this.#next > this.memory.buffer.byteLength) {
      throw new RangeError(`${Math.ceil(this.#next / PAGE_BYTES)} pages are needed`);
    }
    new Uint8Array(this.memory.buffer, address, byteLength).fill(0);
    return address;
  }

  /** Copies bytes in, at any alignment. */
  putBytes(bytes: Uint8Array, skew = 0): number {
    const address = this.allocate(bytes.length, skew);
    new Uint8Array(this.memory.buffer).set(bytes, address);
    return address;
  }

  put(values: ArrayLike<number>): number {
    const address = this.allocate(4 * values.length);
    new Float32Array(this.memory.buffer, address, values.length).set(values);
    return address;
  }

  /** A copy of `count` f32. */
  floats(address: number, count: number): Float32Array {
    return Float32Array.from(new Float32Array(this.memory.buffer, address, count));
  }

  bytes(address: number, count: number): Uint8Array {
    return Uint8Array.from(new Uint8Array(this.memory.buffer, address, count));
  }
}

/** The bit patterns of floats, so that comparisons tell -0 from 0 and see every last place. */
export function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
