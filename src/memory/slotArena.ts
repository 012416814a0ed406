/** Equal places for experts: a slot is taken, filled, and given back without moving its neighbours. */
import type { Region } from "./arena.ts";
import type { Arenas } from "./arenas.ts";

export class SlotArena {
  readonly slotBytes: number;
  readonly #slots: Region[] = [];
  readonly #free: number[] = [];

  /** Cuts `slotCount` slots of `slotBytes` each; they may lie in several arenas. */
  constructor(arenas: Arenas, slotBytes: number, slotCount: number, expectedBytes: number) {
    this.slotBytes = slotBytes;
    for (let slot = 0; slot < slotCount; slot++) {
      this.#slots.push(arenas.allocate(slotBytes, expectedBytes - slot * slotBytes));
    }
    for (let slot = slotCount - 1; slot >= 0; slot--) this.#free.push(slot);
  }

  get freeCount(): number {
    return this.#free.length;
  }

  /** An empty slot, or `undefined` when all are taken. */
  take(): number | undefined {
    return this.#free.pop();
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }

  place(slot: number): Region {
    const place = this.#slots[slot];
    if (place === undefined) throw new RangeError(`no slot ${slot} of ${this.#slots.length}`);
    return place;
  }
}
