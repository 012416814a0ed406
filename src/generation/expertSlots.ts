/** The memory of a plan's slots, cut from the arenas. */
import type { LayerSlots } from "../experts/ramTier.ts";
import { SlotTable } from "../experts/slotTable.ts";
import type { Arenas } from "../memory/arenas.ts";
import { SlotArena } from "../memory/slotArena.ts";
import type { RamPlan } from "./ramPlan.ts";

/**
 * Takes the memory of all slots.
 *
 * @param laterBytes what the arenas will be asked for after them
 * @returns by layer of the plan: the slots of its pool
 * @throws SluiceError `out-of-memory`
 */
export function takeSlots(plan: RamPlan, arenas: Arenas, laterBytes: number): LayerSlots[] {
  let expected = plan.slotBytes + laterBytes;
  const take = (slotBytes: number, count: number) => {
    const slots = new SlotTable(new SlotArena(arenas, slotBytes, count, expected));
    expected -= count * slotBytes;
    return slots;
  };
  const byLayer: LayerSlots[] = [];
  for (const { layers, slotBytes, slots, scratchSlots } of plan.pools) {
    const pool = { kept: take(slotBytes, slots), scratch: take(slotBytes, scratchSlots) };
    for (const layer of layers) byLayer[layer] = pool;
  }
  return byLayer;
}
