/**
 * Random but valid blocks of weights: of each kind one pool of some megabytes, from which tensors are
 * cut at random places. No two experts are equal, and writing costs no more than the disk does.
 */
import type { RandomNumbers } from "./randomNumbers.ts";

export type WeightType = "Q4_K" | "Q6_K";

export const blockBytes: Readonly<Record<WeightType, number>> = { Q4_K: 144, Q6_K: 210 };
/** Weights in a block. */
export const blockWeights = 256;

const poolBlocks = 2 ** 17;

export class BlockPools {
  readonly #random: RandomNumbers;
  readonly #pools = new Map<string, Uint8Array>();

  constructor(random: RandomNumbers) {
    this.#random = random;
  }

  /** Blocks one after the other, from a random one on, over and over. */
  *blocks(type: WeightType, deviation: number, byteLength: number): Generator<Uint8Array> {
    const pool = this.#pool(type, deviation);
    let at = this.#random.below(poolBlocks) * blockBytes[type];
    for (let left = byteLength; left > 0; ) {
      const piece = pool.subarray(at, Math.min(pool.length, at + left));
      yield piece;
      left -= piece.length;
      at = (at + piece.length) % pool.length;
    }
  }

  /** A pool whose weights have a mean of about 0 and the given standard deviation. */
  #pool(type: WeightType, deviation: number): Uint8Array {
    const key = `${type} ${deviation.toFixed(6)}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = this.#random.bytes(poolBlocks * blockBytes[type]);
    const view = new DataView(pool.buffer);
    for (let block = 0; block < poolBlocks; block++) {
      const at = block * blockBytes[type];
      const jitter = 0.9 + (0.2 * (block % 7)) / 7;
      if (type === "Q4_K") {
        // d, and dmin = 7.5 d: the middle of the sixteen values is then about 0.
        view.setFloat16(at, (deviation / 257) * jitter, true);
        view.setFloat16(at + 2, (deviation / 257) * jitter * 7.5, true);
      } else {
        for (let scale = at + 192; scale < at + 208; scale++)
          pool[scale] = (pool[scale]! & 0x3f) - 32;
        view.setFloat16(at + 208, (deviation / 342) * jitter, true);
      }
    }
    this.#pools.set(key, pool);
    return pool;
  }
}
