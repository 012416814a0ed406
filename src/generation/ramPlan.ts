/**
 * What a budget of RAM is spent on: first what every token needs, then slots for experts.
 *
 *   budget = hot tensors + keys and values of one sequence + activations + slots
 *
 * Not in it: the system's page cache, which gives way, and Node itself (about 100 MB, and 30 MB for each
 * compute thread but the first).
 *
 * Layers whose experts have the same size share a pool of slots. Every pool gets as many as one layer
 * uses for a token, and as many again for experts that are computed and not kept; what is left
 * is shared in proportion to the experts that have no slot yet.
 */
import { availableMemory } from "../memory/availableMemory.ts";
import type { ExpertLayer as SizedLayer } from "../policy/sizing/tokenCycle.ts";
import { SluiceError } from "../support/errors.ts";

export interface RamQuestion {
  /** Bytes to stay within; "auto" takes what is available, less a reserve. */
  readonly budget: number | "auto";
  /** Bytes that cannot be done without: everything but slots. */
  readonly fixedBytes: number;
  /** Layers with experts, in order; bytes are those of a slot. */
  readonly layers: readonly SizedLayer[];
  /** Slots that the policy really takes when asked to take some. @default as many */
  readonly slotsTaken?: ((slots: number) => number) | undefined;
}

/** Slots of one size. */
interface RamPool {
  /** Indices into the question's layers. */
  readonly layers: readonly number[];
  readonly slotBytes: number;
  readonly slots: number;
  /** Slots for experts that are computed but not kept. */
  readonly scratchSlots: number;
}

export interface RamPlan {
  readonly budgetBytes: number;
  readonly fixedBytes: number;
  /** Of all slots. */
  readonly slotBytes: number;
  /** The largest slots first. */
  readonly pools: readonly RamPool[];
  /** Every expert has a slot. */
  readonly holdsAll: boolean;
}

/** A pool as it could be. */
interface PoolBounds {
  readonly layers: readonly number[];
  readonly slotBytes: number;
  readonly least: number;
  readonly most: number;
  readonly scratchSlots: number;
}

/** Left alone by "auto": for Node, for the tokenizer, and for the page cache to work with. */
const reserve = { share: 0.1, leastBytes: 512 * 2 ** 20, mostBytes: 4 * 2 ** 30 };

/** @throws SluiceError `out-of-memory` if the experts of one layer do not fit; it says what would do */
export function planRam(question: RamQuestion): RamPlan {
  const { budget, fixedBytes, slotsTaken = (slots) => slots } = question;
  const budgetBytes = budget === "auto" ? automaticBudget() : budget;
  const bounds = poolBounds(question.layers, slotsTaken);
  const allBytes = sum(bounds, ({ most, slotBytes }) => most * slotBytes);
  const leastBytes = sum(
    bounds,
    ({ least, scratchSlots, slotBytes }) => (least + scratchSlots) * slotBytes,
  );
  const least = fixedBytes + Math.min(leastBytes, allBytes);
  if (budgetBytes < least) throw tooLittle(budgetBytes, least, budget === "auto");
  const holdsAll = fixedBytes + allBytes <= budgetBytes;
  const spareBytes = budgetBytes - fixedBytes - leastBytes;
  const pools = bounds.map(({ layers, slotBytes, most, scratchSlots, ...pool }) => {
    if (holdsAll) return { layers, slotBytes, slots: most, scratchSlots: 0 };
    const bytesWithout = sum(bounds, (other) => (other.most - other.least) * other.slotBytes);
    // Multiplied before it is divided: whole numbers below 2^53, so that the floor is exact.
    const more = Math.floor((spareBytes * (most - pool.least)) / bytesWithout);
    return { layers, slotBytes, slots: Math.min(pool.least + more, most), scratchSlots };
  });
  const slotBytes = sum(pools, (pool) => (pool.slots + pool.scratchSlots) * pool.slotBytes);
  return { budgetBytes, fixedBytes, slotBytes, pools, holdsAll };
}

/** One pool for each size of experts. */
function poolBounds(
  layers: readonly SizedLayer[],
  slotsTaken: (slots: number) => number,
): PoolBounds[] {
  const bySize = Map.groupBy(layers.keys(), (index) => layers[index]!.expertBytes);
  const sizes = [...bySize.keys()].sort((a, b) => b - a);
  return sizes.map((slotBytes) => {
    const indices = bySize.get(slotBytes)!;
    const members = indices.map((index) => layers[index]!);
    // Layers whose experts are elsewhere count none; a pool is never without a slot.
    const most = Math.max(
      1,
      sum(members, ({ expertCount }) => expertCount),
    );
    const perLayer = Math.max(...members.map(({ expertsPerToken }) => expertsPerToken));
    const least = Math.min(slotsTaken(perLayer), most);
    return { layers: indices, slotBytes, least, most, scratchSlots: perLayer };
  });
}

function automaticBudget(): number {
  const available = availableMemory();
  const { share, leastBytes, mostBytes } = reserve;
  return Math.floor(available - Math.min(Math.max(available * share, leastBytes), mostBytes));
}

function tooLittle(budgetBytes: number, leastBytes: number, isAutomatic: boolean): SluiceError {
  const needed = Math.ceil(leastBytes / 2 ** 20);
  const allowed = Math.floor(Math.max(0, budgetBytes) / 2 ** 20);
  const mend = isAutomatic ? "close other programs" : "raise --ram";
  return new SluiceError(
    "out-of-memory",
    `this model needs at least ${needed} MiB of RAM, ${allowed} MiB may be used; ${mend}, or take a shorter context (--context) or a smaller batch (--batch)`,
  );
}

function sum<Item>(items: readonly Item[], amountOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + amountOf(item), 0);
}
