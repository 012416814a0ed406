/**
 * Random numbers that a seed repeats on every machine: sampling and tests must not depend on
 * `Math.random`. Not for secrets.
 * Sources: xoshiro128**, Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators",
 * arXiv:1805.01407; its state filled by a 32-bit SplitMix (Steele, Lea and Flood, OOPSLA 2014) whose
 * mixing function is MurmurHash3's finaliser.
 */

/** Numbers in [0, 1), multiples of 2^-32. Any seed will do; its integer part modulo 2^32 counts. */
export function seededRandom(seed: number): () => number {
  const next = xoshiro128(splitMix32(seed, 4));
  return () => next() / 2 ** 32;
}

/**
 * Unsigned 32-bit numbers with a period of 2^128 - 1.
 *
 * @param state four words, not all zero; the generator's own from now on
 */
export function xoshiro128(state: Uint32Array): () => number {
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotateLeft(state[3], 11);
    return result;
  };
}

/** `count` well mixed words from one: like seeds give unlike states, and never one of zeros only. */
function splitMix32(seed: number, count: number): Uint32Array {
  const goldenRatio = 0x9e3779b9;
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let mixed = ((seed | 0) + (i + 1) * goldenRatio) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    words[i] = mixed ^ (mixed >>> 16);
  }
  return words;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
