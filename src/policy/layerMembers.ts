/** The residents of each layer, in no order: a change costs one swap, and a search looks at no others. */
import { type ExpertGrid, type ExpertId, expertCount, layerOf } from "./expertId.ts";
import type { RulePart } from "./replacementRule.ts";

export class LayerMembers implements RulePart {
  readonly #layers: ExpertId[][];
  /** By resident: its place in its layer's list; -1 for the absent. */
  readonly #places: Int32Array;
  readonly #grid: ExpertGrid;

  constructor(grid: ExpertGrid) {
    this.#grid = grid;
    this.#layers = Array.from({ length: grid.layerCount }, () => []);
    this.#places = new Int32Array(expertCount(grid)).fill(-1);
  }

  of(layer: number): readonly ExpertId[] {
    return this.#layers[layer]!;
  }

  add(expert: ExpertId): void {
    if (this.#places[expert] !== -1) return;
    this.#places[expert] = this.#layers[layerOf(this.#grid, expert)]!.push(expert) - 1;
  }

  remove(expert: ExpertId): void {
    const members = this.#layers[layerOf(this.#grid, expert)]!;
    const last = members.pop()!;
    const place = this.#places[expert]!;
    this.#places[expert] = -1;
    if (last === expert) return;
    members[place] = last;
    this.#places[last] = place;
  }

  save(): number[] {
    return this.#layers.flat();
  }

  load(saved: readonly number[]): void {
    this.clear();
    for (const expert of saved) this.add(expert);
  }

  clear(): void {
    for (const members of this.#layers) members.length = 0;
    this.#places.fill(-1);
  }
}
