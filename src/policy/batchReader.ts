/** Checks what callers hand to a policy before anything is changed by it. */
import { PolicyMisuseError } from "../support/errors.ts";
import type { Access } from "./evictionPolicy.ts";
import { type ExpertGrid, type ExpertId, expertCount } from "./expertId.ts";
import type { Batch } from "./replacementRule.ts";

export class BatchReader {
  readonly #grid: ExpertGrid;
  /** The number of the last batch that named the expert. */
  readonly #seenIn: Float64Array;
  #batchNumber = 0;
  /** The clock: the step of the last batch. */
  step = 0;

  constructor(grid: ExpertGrid) {
    this.#grid = grid;
    this.#seenIn = new Float64Array(expertCount(grid));
  }

  /**
   * The access with its defaults. Throws PolicyMisuseError if it names an expert of another layer
   * or one expert twice, or if its clock runs backwards.
   */
  read({ step, layer, experts, tokenCount = 1 }: Access): Batch {
    if (!(step >= this.step)) {
      throw new PolicyMisuseError(`step ${step} comes before step ${this.step}, which is over`);
    }
    const { layerCount, expertsPerLayer } = this.#grid;
    if (!(layer >= 0 && layer < layerCount)) {
      throw new PolicyMisuseError(`there is no layer ${layer}: layers go to ${layerCount - 1}`);
    }
    const first = layer * expertsPerLayer;
    this.#batchNumber++;
    for (const expert of experts) {
      const seenIn = this.#seenIn[expert];
      if (seenIn === undefined || expert < first || expert >= first + expertsPerLayer) {
        this.checkId(expert);
        throw new PolicyMisuseError(`expert ${expert} is not of layer ${layer}`);
      }
      if (seenIn === this.#batchNumber) {
        throw new PolicyMisuseError(`expert ${expert} is twice in one batch: name each once`);
      }
      this.#seenIn[expert] = this.#batchNumber;
    }
    this.step = step;
    return { step, layer, experts, tokenCount };
  }

  /** Throws PolicyMisuseError unless the model has such an expert. */
  checkId(expert: ExpertId): void {
    if (this.#seenIn[expert] === undefined) {
      throw new PolicyMisuseError(
        `there is no expert ${expert}: ids go to ${this.#seenIn.length - 1}`,
      );
    }
  }
}
