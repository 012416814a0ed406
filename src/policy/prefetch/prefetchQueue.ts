/**
 * Fetches that wait for the link: a queue with a bound, and a rule for who leaves when it is full.
 *
 * `drop-oldest`: the entry that has waited longest. Guesses age: its layer is the nearest, and often
 * already over. `drop-lowest`: the entry with the lowest score, the newcomer included; the oldest among
 * equals. Entries leave in the order in which they came.
 * Source: `MoEPrefetcher` of SharpInference (MIT): a channel of 8 entries in drop-oldest mode, one
 * entry being the batch of one layer. Drop-lowest is ours.
 */
import { OptionError } from "../../support/errors.ts";
import { requireCount } from "../requireNumber.ts";

export const queueOverflows = ["drop-oldest", "drop-lowest"] as const;
export type QueueOverflow = (typeof queueOverflows)[number];

export interface PrefetchQueueOptions {
  /** Greatest number of waiting entries. @default 8 */
  readonly depth?: number;
  /** @default "drop-oldest" */
  readonly overflow?: QueueOverflow;
}

/** A queue of single fetches, or of whole batches: whatever has a score. */
export class PrefetchQueue<Entry extends { readonly score: number }> {
  readonly depth: number;
  readonly #overflow: QueueOverflow;
  /** Oldest first. */
  readonly #waiting: Entry[] = [];

  constructor({ depth = 8, overflow = "drop-oldest" }: PrefetchQueueOptions = {}) {
    if (!queueOverflows.includes(overflow)) {
      throw new OptionError(
        `overflow must be one of ${queueOverflows.join(", ")}, not ${overflow}`,
      );
    }
    this.depth = requireCount("depth", depth, 1);
    this.#overflow = overflow;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Adds an entry; returns the one that had to go for it, which may be itself. */
  push(entry: Entry): Entry | undefined {
    this.#waiting.push(entry);
    if (this.#waiting.length <= this.depth) return undefined;
    const leaving = this.#overflow === "drop-oldest" ? 0 : lowestScore(this.#waiting);
    return this.#waiting.splice(leaving, 1)[0];
  }

  /** Takes out the entry that has waited longest. */
  take(): Entry | undefined {
    return this.#waiting.shift();
  }

  /** Empties the queue, as on a new sequence; returns what waited, oldest first. */
  clear(): Entry[] {
    return this.#waiting.splice(0);
  }
}

/** Index of the lowest score, the first among equals. */
function lowestScore(entries: readonly { readonly score: number }[]): number {
  return entries.reduce(
    (lowest, { score }, index) => (score < entries[lowest]!.score ? index : lowest),
    0,
  );
}
