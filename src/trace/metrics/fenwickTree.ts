/**
 * Sums over the beginning of a list whose entries change, both in O(log n).
 * Source: P. M. Fenwick, "A new data structure for cumulative frequency tables", Software: Practice
 * and Experience 24 (3), 1994.
 */
export class FenwickTree {
  /** `#sums[i]`, counted from 1: the sum of the last (lowest set bit of i) entries up to i. */
  readonly #sums: Int32Array;

  constructor(length: number) {
    this.#sums = new Int32Array(length + 1);
  }

  add(index: number, amount: number): void {
    const sums = this.#sums;
    for (let i = index + 1; i < sums.length; i += i & -i) sums[i] = sums[i]! + amount;
  }

  /** Sum of the entries before `end`. */
  sumBefore(end: number): number {
    const sums = this.#sums;
    let sum = 0;
    for (let i = end; i > 0; i -= i & -i) sum += sums[i]!;
    return sum;
  }
}
