/**
 * The characters of Unicode, sorted into classes that a grammar cannot tell apart.
 *
 * Wherever one of the grammar's sets begins or ends, a class ends and the next begins; so each set
 * is made of whole classes, and what was once worked out for one character holds for its class. A
 * grammar for JSON has about forty of them.
 */
import type { CharacterSet } from "./characterSet.ts";

const ASCII_COUNT = 128;

export class Alphabet {
  /** `[classCount]`: first code points, ascending from 0. */
  readonly #firsts: Uint32Array;
  readonly #ascii = new Uint16Array(ASCII_COUNT);

  constructor(sets: Iterable<CharacterSet>) {
    const firsts = new Set([0]);
    for (const set of sets) for (const [first, last] of set) firsts.add(first).add(last + 1);
    this.#firsts = Uint32Array.from(firsts).sort();
    for (let code = 0; code < ASCII_COUNT; code++) this.#ascii[code] = this.#search(code);
  }

  get classCount(): number {
    return this.#firsts.length;
  }

  classOf(codePoint: number): number {
    return codePoint < ASCII_COUNT ? this.#ascii[codePoint]! : this.#search(codePoint);
  }

  /** `[classCount]`: 1 for each class that is part of the set. */
  membersOf(set: CharacterSet): Uint8Array {
    const members = new Uint8Array(this.classCount);
    for (const [first, last] of set) members.fill(1, this.classOf(first), this.classOf(last) + 1);
    return members;
  }

  /** The last class that begins at the code point or before it. */
  #search(codePoint: number): number {
    let low = 0;
    let high = this.#firsts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#firsts[middle]! <= codePoint) low = middle;
      else high = middle;
    }
    return low;
  }
}
