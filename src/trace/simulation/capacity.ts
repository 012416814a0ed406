/** How large a simulated cache is, said in slots, in bytes or in token cycles. */
import type { CachePool } from "../../policy/cache/cachePools.ts";
import { requireAmount, requireCount } from "../../policy/requireNumber.ts";
import { planSlots, type SlotPool } from "../../policy/sizing/slotPlan.ts";
import type { ExpertLayer } from "../../policy/sizing/tokenCycle.ts";
import { OptionError } from "../../support/errors.ts";
import type { TraceHeader } from "../traceHeader.ts";

export type Capacity =
  | { readonly slots: number }
  | { readonly bytes: number }
  /** Multiples of the token cycle; rounded down, but to one slot at least. */
  | { readonly cycles: number };

/**
 * How bytes become slots when layers have experts of different sizes: `one` pool whose slots hold the
 * largest, or a pool `per-size` (see `planSlots`).
 */
const slotPoolings = ["one", "per-size"] as const;
export type SlotPooling = (typeof slotPoolings)[number];

/** A capacity worked out for one trace. */
export interface PlacedCapacity {
  readonly pools: readonly CachePool[];
  /** Of all pools. */
  readonly slots: number;
  /** What was given, or what the slots take; `undefined` if nobody knows how large experts are. */
  readonly bytes: number | undefined;
  /** Slots / T. */
  readonly cycles: number;
}

/** @throws OptionError for a capacity without a slot, and for bytes of experts of unknown size */
export function placeCapacity(
  header: TraceHeader,
  capacity: Capacity,
  pooling: SlotPooling = "one",
): PlacedCapacity {
  const { layerCount, expertsPerToken, expertBytes } = header;
  const cycleSlots = layerCount * expertsPerToken;
  if ("bytes" in capacity) {
    const pools = poolsOf(header, requireCount("a budget in bytes", capacity.bytes, 1), pooling);
    const slots = pools.reduce((sum, pool) => sum + pool.slots, 0);
    return { pools, slots, bytes: capacity.bytes, cycles: slots / cycleSlots };
  }
  const slots =
    "slots" in capacity
      ? requireCount("slots", capacity.slots, 1)
      : Math.max(1, Math.floor(requireAmount("cycles", capacity.cycles, 0) * cycleSlots));
  const layers = Array.from({ length: layerCount }, (_, layer) => layer);
  return {
    pools: [{ layers, slots }],
    slots,
    bytes: expertBytes.length === 0 ? undefined : slots * largest(expertBytes),
    cycles: slots / cycleSlots,
  };
}

function poolsOf(header: TraceHeader, budgetBytes: number, pooling: SlotPooling): SlotPool[] {
  const { expertBytes, expertsPerLayer, expertsPerToken } = header;
  if (expertBytes.length === 0) {
    throw new OptionError(
      "the trace does not say how large its experts are: give slots or token cycles, not bytes",
    );
  }
  const layers = expertBytes.map((bytes): ExpertLayer => {
    return { expertCount: expertsPerLayer, expertsPerToken, expertBytes: bytes };
  });
  const plan = planSlots({ layers, budgetBytes });
  const pools = pooling === "one" ? [plan.onePool] : plan.poolPerSize;
  const empty = pools.find(({ slots }) => slots === 0);
  if (empty !== undefined) {
    throw new OptionError(
      `${budgetBytes} bytes leave no slot for experts of ${empty.slotBytes} bytes`,
    );
  }
  return [...pools];
}

function largest(bytes: readonly number[]): number {
  return bytes.reduce((most, each) => Math.max(most, each), 0);
}
