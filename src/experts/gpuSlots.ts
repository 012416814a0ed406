/** Slots for experts in a GPU's memory, and the table in which its shaders look them up. */
import type { GpuBackend } from "../compute/gpu/gpuBackend.ts";
import type { GpuBuffer } from "../compute/gpu/gpuTensors.ts";
import type { ExpertId } from "../policy/expertId.ts";
import { type Slots, SlotTable } from "./slotTable.ts";

/** What shaders read for an expert that has no slot. */
export const noSlot = 0xffff_ffff;

export interface GpuSlotShape {
  readonly slotBytes: number;
  readonly slots: number;
}

/** One buffer of equal slots. */
export class GpuSlotArena implements Slots<number> {
  readonly buffer: GpuBuffer;
  readonly slotBytes: number;
  readonly #free: number[];

  /** @throws GpuFailureError `gpu-out-of-memory` */
  static async create(backend: GpuBackend, shape: GpuSlotShape): Promise<GpuSlotArena> {
    const bytes = shape.slotBytes * shape.slots;
    return new GpuSlotArena(await backend.createBufferChecked(bytes, "expert slots"), shape);
  }

  private constructor(buffer: GpuBuffer, { slotBytes, slots }: GpuSlotShape) {
    this.slotBytes = slotBytes;
    this.buffer = buffer;
    this.#free = Array.from({ length: slots }, (_, index) => slots - 1 - index);
  }

  get freeCount(): number {
    return this.#free.length;
  }

  take(): number | undefined {
    return this.#free.pop();
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }

  /** A place in the buffer is told by its number. */
  place(slot: number): number {
    return slot;
  }
}

/** The experts of all layers of a GPU: who has which slot, in JavaScript and in the GPU's table. */
export class GpuSlots {
  /** u32 `[layers, expertsPerLayer]`: the slot of each expert in its layer's arena, or `noSlot`. */
  readonly table: GpuBuffer;
  readonly #backend: GpuBackend;
  /** By layer. */
  readonly #arenas: readonly GpuSlotArena[];
  readonly #tables: ReadonlyMap<GpuSlotArena, SlotTable<number>>;
  readonly #expertsPerLayer: number;
  #uploadedBytes = 0;

  /** @param arenas by layer; layers may share one */
  constructor(backend: GpuBackend, arenas: readonly GpuSlotArena[], expertsPerLayer: number) {
    this.#backend = backend;
    this.#arenas = arenas;
    this.#expertsPerLayer = expertsPerLayer;
    this.#tables = new Map(arenas.map((arena) => [arena, new SlotTable(arena)]));
    const entries = new Uint32Array(arenas.length * expertsPerLayer).fill(noSlot);
    this.table = backend.createBuffer(entries.byteLength, "slots of experts");
    backend.write(this.table, 0, entries);
  }

  /** Bytes of weights that were sent so far. */
  get uploadedBytes(): number {
    return this.#uploadedBytes;
  }

  arena(layer: number): GpuSlotArena {
    return this.#arenas[layer]!;
  }

  find(expert: ExpertId): number | undefined {
    return this.#tableOf(expert).find(expert);
  }

  /**
   * Gives `expert` a slot, the victim's or a free one, and sends its weights. Steps submitted before
   * still find the victim there, steps submitted later find the expert: the queue keeps the order.
   */
  admit(expert: ExpertId, victim: ExpertId | undefined, weights: Uint8Array): void {
    const slot = this.#tableOf(expert).admit(expert, victim);
    const { buffer, slotBytes } = this.arena(this.#layerOf(expert));
    if (victim !== undefined) this.#enter(victim, noSlot);
    this.#backend.write(buffer, slot * slotBytes, weights);
    this.#enter(expert, slot);
    this.#uploadedBytes += weights.byteLength;
  }

  /** Takes back the slot of an expert that left for one that never came. */
  release(expert: ExpertId): void {
    this.#tableOf(expert).release(expert);
    this.#enter(expert, noSlot);
  }

  #enter(expert: ExpertId, slot: number): void {
    this.#backend.write(this.table, expert * 4, Uint32Array.of(slot));
  }

  #tableOf(expert: ExpertId): SlotTable<number> {
    return this.#tables.get(this.arena(this.#layerOf(expert)))!;
  }

  #layerOf(expert: ExpertId): number {
    return Math.floor(expert / this.#expertsPerLayer);
  }
}
