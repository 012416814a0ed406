/**
 * Slots for a budget when experts have unequal sizes, as in K_M files, where some layers keep a finer
 * quantisation. Two ways to cut the memory:
 *
 * - one pool: every slot is as large as the largest expert, so any expert fits anywhere and one policy
 *   rules all of them, at the price of unused bytes in smaller experts' slots
 *   (source: the expert slab of SharpInference, issue 216);
 * - a pool per size: no byte is lost, but each size has its own slots and its own policy. The budget
 *   is shared in proportion to the bytes of all experts of a size, so that each pool holds the same
 *   fraction of its experts (source: the groups of llama.cpp's expert cache, `--moe-cache-mib`).
 */
import { requireCount } from "../requireNumber.ts";
import { type CliffVerdict, guardCliff } from "./cliffGuard.ts";
import { type ExpertLayer, tokenCycleBytes, totalExperts } from "./tokenCycle.ts";

export interface SlotPlanQuestion {
  readonly layers: readonly ExpertLayer[];
  readonly budgetBytes: number;
  /** Part of the budget to leave alone. @default 0 */
  readonly reserveBytes?: number;
  /** See {@link guardCliff}. @default 1 */
  readonly entryShare?: number;
  /** See {@link guardCliff}. @default false */
  readonly countsUses?: boolean;
}

/** Slots of equal size. */
export interface SlotPool {
  readonly slots: number;
  readonly slotBytes: number;
  /** Indices into the question's layers whose experts live here. */
  readonly layers: readonly number[];
}

export interface SlotPlan {
  /** One pool whose slots hold any expert. */
  readonly onePool: SlotPool;
  /** One pool per expert size, largest size first. */
  readonly poolPerSize: readonly SlotPool[];
  /** T in bytes. */
  readonly tokenCycleBytes: number;
  /** Budget left for slots, in token cycles. */
  readonly tokenCycles: number;
  /** The verdict about the one pool. */
  readonly cliff: CliffVerdict;
}

/** Both ways to spend a budget. Neither takes more bytes than it has; more budget, never fewer slots. */
export function planSlots(question: SlotPlanQuestion): SlotPlan {
  const { layers, reserveBytes = 0, entryShare = 1, countsUses = false } = question;
  const budget = requireCount("budgetBytes", question.budgetBytes);
  const bytes = Math.max(0, budget - requireCount("reserveBytes", reserveBytes));
  const cycleBytes = tokenCycleBytes(layers);
  const pool = onePool(layers, bytes);
  return {
    onePool: pool,
    poolPerSize: poolPerSize(layers, bytes),
    tokenCycleBytes: cycleBytes,
    tokenCycles: cycleBytes === 0 ? 0 : bytes / cycleBytes,
    cliff: guardCliff({ layers, slots: pool.slots, entryShare, countsUses }),
  };
}

/** Slots that hold the largest expert. */
function onePool(layers: readonly ExpertLayer[], bytes: number): SlotPool {
  const slotBytes = layers.reduce((largest, layer) => Math.max(largest, layer.expertBytes), 0);
  return {
    // Without layers there is no largest expert, and no slot either.
    slots: Math.min(Math.floor(bytes / Math.max(1, slotBytes)), totalExperts(layers)),
    slotBytes,
    layers: [...layers.keys()],
  };
}

/** Each pool holds the same fraction of its experts: budget / bytes of all experts, at most 1. */
function poolPerSize(layers: readonly ExpertLayer[], bytes: number): SlotPool[] {
  const allBytes = layers.reduce((sum, layer) => sum + layer.expertCount * layer.expertBytes, 0);
  const sizes = [...new Set(layers.map((layer) => layer.expertBytes))].sort((a, b) => b - a);
  return sizes.map((slotBytes) => {
    const members = [...layers.keys()].filter((index) => layers[index]!.expertBytes === slotBytes);
    const experts = totalExperts(members.map((index) => layers[index]!));
    // Multiplied before it is divided: whole numbers below 2^53, so that the floor is exact.
    const slots = Math.min(Math.floor((bytes * experts) / allBytes), experts);
    return { slots, slotBytes, layers: members };
  });
}
