/** Which slot holds which expert, of one pool of equal slots. */
import type { Region } from "../memory/arena.ts";
import type { SlotArena } from "../memory/slotArena.ts";
import type { ExpertId } from "../policy/expertId.ts";

export class SlotTable {
  readonly #arena: SlotArena;
  readonly #slots = new Map<ExpertId, number>();

  constructor(arena: SlotArena) {
    this.#arena = arena;
  }

  get hasRoom(): boolean {
    return this.#arena.freeCount > 0;
  }

  /** Gives `expert`, which has none, the victim's slot or a free one. */
  admit(expert: ExpertId, victim: ExpertId | undefined): Region {
    if (this.#slots.has(expert)) throw new Error(`expert ${expert} has a slot already`);
    const slot = victim === undefined ? this.#arena.take() : this.#slots.get(victim);
    if (slot === undefined) throw new Error(`there is no slot for expert ${expert}`);
    if (victim !== undefined) this.#slots.delete(victim);
    this.#slots.set(expert, slot);
    return this.#arena.region(slot);
  }

  /** The expert's slot; `undefined` if it has none. */
  find(expert: ExpertId): Region | undefined {
    const slot = this.#slots.get(expert);
    return slot === undefined ? undefined : this.#arena.region(slot);
  }

  /** Takes back the slot of an expert that has one. */
  release(expert: ExpertId): void {
    const slot = this.#slots.get(expert);
    if (slot === undefined) throw new Error(`expert ${expert} has no slot`);
    this.#slots.delete(expert);
    this.#arena.giveBack(slot);
  }
}
