/**
 * Experts in order of a number, lowest first; of equals, the one ranked longest ago. A binary heap
 * that knows each member's place (Knuth, The Art of Computer Programming 3, 5.2.3), so that ranks can
 * change: O(log n) per change, no allocation.
 */
import type { ExpertId } from "./expertId.ts";
import { NOBODY, type RulePart } from "./replacementRule.ts";

const ABSENT = -1;

export class ExpertRanking implements RulePart {
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  readonly #rank: Float64Array;
  /** When the member was ranked: breaks ties, so that the order never depends on the heap's shape. */
  readonly #rankedAt: Float64Array;
  readonly #setAside: ExpertId[] = [];
  #size = 0;
  #clock = 0;

  constructor(expertCount: number) {
    this.#heap = new Int32Array(expertCount);
    this.#place = new Int32Array(expertCount).fill(ABSENT);
    this.#rank = new Float64Array(expertCount);
    this.#rankedAt = new Float64Array(expertCount);
  }

  get size(): number {
    return this.#size;
  }

  has(expert: ExpertId): boolean {
    return this.#place[expert] !== ABSENT;
  }

  /** The rank of a member. */
  rankOf(expert: ExpertId): number {
    return this.#rank[expert]!;
  }

  /** Ranks an expert anew, adding it if it is not a member. */
  set(expert: ExpertId, rank: number): void {
    this.#rank[expert] = rank;
    this.#rankedAt[expert] = ++this.#clock;
    if (this.has(expert)) this.#settle(expert);
    else this.#push(expert);
  }

  remove(expert: ExpertId): void {
    const place = this.#place[expert]!;
    this.#place[expert] = ABSENT;
    this.#size--;
    if (place === this.#size) return;
    this.#put(this.#heap[this.#size]!, place);
    this.#settle(this.#heap[place]!);
  }

  /** The first member in order, or NOBODY. */
  lowest(): ExpertId {
    return this.#size === 0 ? NOBODY : this.#heap[0]!;
  }

  /** The first in order that `wanted` accepts, or NOBODY. O(k log n) when it rejects k members. */
  lowestWhere(wanted: (expert: ExpertId) => boolean): ExpertId {
    const aside = this.#setAside;
    let lowest = this.lowest();
    while (lowest !== NOBODY && !wanted(lowest)) {
      aside.push(lowest);
      this.remove(lowest);
      lowest = this.lowest();
    }
    for (const expert of aside) this.#push(expert);
    aside.length = 0;
    return lowest;
  }

  /** Members in order, each followed by its rank. */
  save(): number[] {
    const members = Array.from(this.#heap.subarray(0, this.#size));
    members.sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
    return members.flatMap((expert) => [expert, this.#rank[expert]!]);
  }

  load(saved: readonly number[]): void {
    this.clear();
    for (let i = 0; i < saved.length; i += 2) this.set(saved[i]!, saved[i + 1]!);
  }

  clear(): void {
    this.#place.fill(ABSENT);
    this.#size = 0;
    this.#clock = 0;
  }

  #push(expert: ExpertId): void {
    this.#put(expert, this.#size++);
    this.#settle(expert);
  }

  /** Lets a member sink or rise to where its rank belongs. */
  #settle(expert: ExpertId): void {
    let place = this.#place[expert]!;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(this.#heap[child + 1]!, this.#heap[child]!)) {
        child++;
      }
      if (this.#isBefore(expert, this.#heap[child]!)) break;
      this.#put(this.#heap[child]!, place);
      place = child;
    }
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#isBefore(this.#heap[parent]!, expert)) break;
      this.#put(this.#heap[parent]!, place);
      place = parent;
    }
    this.#put(expert, place);
  }

  #isBefore(a: ExpertId, b: ExpertId): boolean {
    const difference = this.#rank[a]! - this.#rank[b]!;
    return difference < 0 || (difference === 0 && this.#rankedAt[a]! < this.#rankedAt[b]!);
  }

  #put(expert: ExpertId, place: number): void {
    this.#heap[place] = expert;
    this.#place[expert] = place;
  }
}
