/**
 * What a budget of RAM is spent on: first what every token needs, then slots for experts.
 *
 *   budget = hot tensors + keys and values of one sequence + activations + slots
 *
 * Not in it: the system's page cache, which gives way, and Node itself (about 100 MB).
 */
import { availableMemory } from "../memory/availableMemory.ts";
import { planSlots } from "../policy/sizing/slotPlan.ts";
import {
  type ExpertLayer as SizedLayer,
  tokenCycleSlots,
  totalExperts,
} from "../policy/sizing/tokenCycle.ts";
import { SluiceError } from "../support/errors.ts";

export interface RamQuestion {
  /** Bytes to stay within; "auto" takes what is available, less a reserve. */
  readonly budget: number | "auto";
  /** Bytes that cannot be done without: everything but slots. */
  readonly fixedBytes: number;
  /** Layers with experts, in order; bytes are those of a slot. */
  readonly layers: readonly SizedLayer[];
}

/** Slots of one size. */
export interface RamPool {
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
  readonly slotBytes: number;
  readonly pools: readonly RamPool[];
  /** Every expert has a slot. */
  readonly holdsAll: boolean;
}

/** Left alone by "auto": for Node, for the tokenizer, and for the page cache to work with. */
const reserve = { share: 0.1, leastBytes: 512 * 2 ** 20, mostBytes: 4 * 2 ** 30 };

/** @throws SluiceError `out-of-memory` if not even one token's experts fit; it says what would do */
export function planRam({ budget, fixedBytes, layers }: RamQuestion): RamPlan {
  const budgetBytes = budget === "auto" ? automaticBudget() : budget;
  const allBytes = layers.reduce((sum, layer) => sum + layer.expertCount * layer.expertBytes, 0);
  if (fixedBytes + allBytes <= budgetBytes) {
    const pools = planSlots({ layers, budgetBytes: allBytes }).poolPerSize.map((pool) => ({
      ...pool,
      scratchSlots: 0,
    }));
    return { budgetBytes, fixedBytes, slotBytes: allBytes, pools, holdsAll: true };
  }
  const scratch = (members: readonly number[]) =>
    Math.max(...members.map((index) => layers[index]!.expertsPerToken));
  const scratchBytes = planSlots({ layers, budgetBytes: allBytes }).poolPerSize.reduce(
    (sum, pool) => sum + pool.slotBytes * scratch(pool.layers),
    0,
  );
  // Each pool gets the same share of its experts, so the smallest share that serves all is sought.
  const share = Math.max(
    ...layers.map(({ expertsPerToken, expertCount }) => expertsPerToken / expertCount),
  );
  const leastBytes = fixedBytes + scratchBytes + Math.ceil(share * allBytes);
  if (leastBytes > budgetBytes) throw tooLittle(budgetBytes, leastBytes, budget === "auto");
  const plan = planSlots({ layers, budgetBytes: budgetBytes - fixedBytes - scratchBytes });
  const pools = plan.poolPerSize.map((pool) => ({ ...pool, scratchSlots: scratch(pool.layers) }));
  return {
    budgetBytes,
    fixedBytes,
    slotBytes: pools.reduce((sum, p) => sum + p.slotBytes * (p.slots + p.scratchSlots), 0),
    pools,
    holdsAll: false,
  };
}

/** Slots of a plan, in experts, in token cycles and as a share of all experts. */
export function slotsInCycles(plan: RamPlan, layers: readonly SizedLayer[]) {
  const slots = plan.pools.reduce((sum, pool) => sum + pool.slots, 0);
  return {
    slots,
    cycles: slots / tokenCycleSlots(layers),
    share: slots / totalExperts(layers),
  };
}

function automaticBudget(): number {
  const available = availableMemory();
  const { share, leastBytes, mostBytes } = reserve;
  return available - Math.min(Math.max(available * share, leastBytes), mostBytes);
}

function tooLittle(budgetBytes: number, leastBytes: number, isAutomatic: boolean): SluiceError {
  const mib = (bytes: number) => `${Math.ceil(Math.max(0, bytes) / 2 ** 20)} MiB`;
  const mend = isAutomatic
    ? "close other programs, or take a shorter context (--context) or a smaller batch (--batch)"
    : "raise --ram, or take a shorter context (--context) or a smaller batch (--batch)";
  return new SluiceError(
    "out-of-memory",
    `this model needs at least ${mib(leastBytes)} of RAM, ${mib(budgetBytes)} may be used; ${mend}`,
  );
}
