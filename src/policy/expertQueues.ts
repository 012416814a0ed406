/**
 * Several queues over one set of experts, each expert in one queue at most: the linked lists that
 * LRU, SLRU, ARC and most other rules are made of. Links lie in typed arrays indexed by id, so every
 * operation is O(1) and allocates nothing.
 *
 * A queue has a newest and an oldest end. Each is a ring through a sentinel, numbered after the ids.
 */
import { PolicyMisuseError } from "../support/errors.ts";
import type { ExpertId } from "./expertId.ts";
import { NOBODY, type RulePart } from "./replacementRule.ts";

const IN_NO_QUEUE = -1;

export class ExpertQueues implements RulePart {
  readonly #expertCount: number;
  /** Neighbour on the newer side, and on the older side. */
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  readonly #queue: Int32Array;
  readonly #sizes: Int32Array;

  /** `queueCount` empty queues for ids below `expertCount`. */
  constructor(expertCount: number, queueCount: number) {
    this.#expertCount = expertCount;
    this.#newer = new Int32Array(expertCount + queueCount);
    this.#older = new Int32Array(expertCount + queueCount);
    this.#queue = new Int32Array(expertCount);
    this.#sizes = new Int32Array(queueCount);
    this.clear();
  }

  size(queue: number): number {
    return this.#sizes[queue]!;
  }

  /** The number of the expert's queue, or -1. */
  queueOf(expert: ExpertId): number {
    return this.#queue[expert]!;
  }

  has(expert: ExpertId): boolean {
    return this.#queue[expert] !== IN_NO_QUEUE;
  }

  /** NOBODY when the queue is empty. */
  oldest(queue: number): ExpertId {
    return this.#member(this.#newer[this.#expertCount + queue]!);
  }

  /** The next one towards the newest end; NOBODY after the newest. */
  newerThan(expert: ExpertId): ExpertId {
    return this.#member(this.#newer[expert]!);
  }

  /** The oldest member that `wanted` accepts, or NOBODY. */
  oldestWhere(queue: number, wanted: (expert: ExpertId) => boolean): ExpertId {
    let expert = this.oldest(queue);
    while (expert !== NOBODY && !wanted(expert)) expert = this.newerThan(expert);
    return expert;
  }

  /** Puts an expert of no queue at the newest end. Throws PolicyMisuseError if it is in one. */
  add(queue: number, expert: ExpertId): void {
    if (this.#queue[expert] !== IN_NO_QUEUE) {
      throw new PolicyMisuseError(
        `expert ${expert} is in a queue already: a second entry would leave one of the two behind`,
      );
    }
    const sentinel = this.#expertCount + queue;
    const newest = this.#older[sentinel]!;
    this.#newer[newest] = expert;
    this.#older[expert] = newest;
    this.#newer[expert] = sentinel;
    this.#older[sentinel] = expert;
    this.#queue[expert] = queue;
    this.#sizes[queue]!++;
  }

  /** Takes an expert out of its queue. */
  remove(expert: ExpertId): void {
    const newer = this.#newer[expert]!;
    const older = this.#older[expert]!;
    this.#older[newer] = older;
    this.#newer[older] = newer;
    this.#sizes[this.#queue[expert]!]!--;
    this.#queue[expert] = IN_NO_QUEUE;
  }

  /** Takes an expert out of its queue, to the newest end of `queue`. */
  move(queue: number, expert: ExpertId): void {
    this.remove(expert);
    this.add(queue, expert);
  }

  /** Members from oldest to newest. */
  members(queue: number): ExpertId[] {
    const members: ExpertId[] = [];
    for (let at = this.oldest(queue); at !== NOBODY; at = this.newerThan(at)) members.push(at);
    return members;
  }

  /** Per queue: its size, then its members from oldest to newest. */
  save(): number[] {
    const saved: number[] = [];
    for (let queue = 0; queue < this.#sizes.length; queue++) {
      saved.push(this.size(queue), ...this.members(queue));
    }
    return saved;
  }

  load(saved: readonly number[]): void {
    this.clear();
    for (let queue = 0, at = 0; queue < this.#sizes.length; queue++) {
      const end = at + 1 + saved[at]!;
      for (at++; at < end; at++) this.add(queue, saved[at]!);
    }
  }

  clear(): void {
    this.#queue.fill(IN_NO_QUEUE);
    this.#sizes.fill(0);
    for (let sentinel = this.#expertCount; sentinel < this.#newer.length; sentinel++) {
      this.#newer[sentinel] = sentinel;
      this.#older[sentinel] = sentinel;
    }
  }

  #member(node: number): ExpertId {
    return node < this.#expertCount ? node : NOBODY;
  }
}
