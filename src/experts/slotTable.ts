/** Which slot holds which expert, of one pool of equal slots. */
import type { ExpertId } from "../policy/expertId.ts";

/** Equal slots, wherever they are. */
export interface Slots<Place> {
  readonly freeCount: number;
  /** An empty slot, or `undefined` when all are taken. */
  take(): number | undefined;
  giveBack(slot: number): void;
  place(slot: number): Place;
}

export class SlotTable<Place> {
  readonly #places: Slots<Place>;
  readonly #slots = new Map<ExpertId, number>();

  constructor(places: Slots<Place>) {
    this.#places = places;
  }

  get hasRoom(): boolean {
    return this.#places.freeCount > 0;
  }

  /** Gives `expert`, which has none, the victim's slot or a free one. */
  admit(expert: ExpertId, victim: ExpertId | undefined): Place {
    if (this.#slots.has(expert)) throw new Error(`expert ${expert} has a slot already`);
    const slot = victim === undefined ? this.#places.take() : this.#slots.get(victim);
    if (slot === undefined) throw new Error(`there is no slot for expert ${expert}`);
    if (victim !== undefined) this.#slots.delete(victim);
    this.#slots.set(expert, slot);
    return this.#places.place(slot);
  }

  /** The expert's slot; `undefined` if it has none. */
  find(expert: ExpertId): Place | undefined {
    const slot = this.#slots.get(expert);
    return slot === undefined ? undefined : this.#places.place(slot);
  }

  /** Takes back the slot of an expert that has one. */
  release(expert: ExpertId): void {
    const slot = this.#slots.get(expert);
    if (slot === undefined) throw new Error(`expert ${expert} has no slot`);
    this.#slots.delete(expert);
    this.#places.giveBack(slot);
  }
}
