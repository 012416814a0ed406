/**
 * Decayed use counts: popularity that forgets. A use counts 1, and half as much after every
 * `halfLife` tokens of its layer.
 *
 *   score(e) = sum over uses u of e:  2 ^ -((now - u) / halfLife)
 *
 * `now` and `u` in tokens that the layer has seen. Only the sum and the time of its last use are kept
 * per expert; ageing a sum is one multiplication, because every term ages by the same factor.
 * Source: the combined recency and frequency of D. Lee et al., "LRFU: a spectrum of policies that
 * subsumes the least recently used and least frequently used policies", IEEE Transactions on Computers
 * 50 (12), 2001, with F(x) = 2^-(x / halfLife). Lifetime counts, which never forget, collapse when the
 * topic changes.
 */
import type { Access } from "../evictionPolicy.ts";
import { type ExpertGrid, expertCount, expertId } from "../expertId.ts";
import { requireAmount } from "../requireNumber.ts";
import type { ExpertPredictor } from "./predictor.ts";

export interface DecayedCountsOptions extends ExpertGrid {
  /** Tokens after which a use counts half. @default 32 */
  readonly halfLife?: number;
}

export class DecayedCountsPredictor implements ExpertPredictor {
  readonly name = "decayed-counts";
  readonly #grid: ExpertGrid;
  readonly #halfLife: number;
  /** Tokens that each layer has seen. */
  readonly #now: Float64Array;
  /** By expert id: the sum as it was at its last use, and when that was. */
  readonly #sums: Float64Array;
  readonly #lastUse: Float64Array;

  constructor({ halfLife = 32, ...grid }: DecayedCountsOptions) {
    this.#grid = grid;
    this.#halfLife = requireAmount("halfLife", halfLife, Number.MIN_VALUE);
    this.#now = new Float64Array(grid.layerCount);
    this.#sums = new Float64Array(expertCount(grid));
    this.#lastUse = new Float64Array(expertCount(grid));
  }

  observe({ layer, experts, tokenCount = 1 }: Access): void {
    if (layer >= this.#grid.layerCount) return;
    const now = this.#now[layer]! + tokenCount;
    this.#now[layer] = now;
    for (const id of experts) {
      this.#sums[id] = this.#aged(id, now) + 1;
      this.#lastUse[id] = now;
    }
  }

  predict(layer: number): Float64Array | undefined {
    const now = this.#now[layer];
    if (now === undefined || now === 0) return undefined;
    return Float64Array.from({ length: this.#grid.expertsPerLayer }, (_, expert) =>
      this.#aged(expertId(this.#grid, layer, expert), now),
    );
  }

  reset(): void {
    this.#now.fill(0);
    this.#sums.fill(0);
    this.#lastUse.fill(0);
  }

  #aged(id: number, now: number): number {
    return this.#sums[id]! * 2 ** ((this.#lastUse[id]! - now) / this.#halfLife);
  }
}
