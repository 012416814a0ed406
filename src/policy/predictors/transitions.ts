/**
 * Transitions: experts of one layer tell which experts of the next one follow.
 *
 *   score(to) = mean over the latest experts `from` of the layer before:  P(to | from)
 *   P(to | from) = tokens that used both / tokens that used `from`
 *
 * The layer before is learnt: whichever was observed before this one, so layers without experts are
 * skipped, and the first layer follows the last one of the token before.
 * Source: the first-order case of expert activation tracing, L. Xue et al., "MoE-Infinity",
 * arXiv:2401.14361, which matches whole activation matrices.
 */
import type { Access } from "../evictionPolicy.ts";
import { type ExpertGrid, expertInLayer } from "../expertId.ts";
import type { ExpertPredictor } from "./predictor.ts";

interface Table {
  readonly previousLayer: number;
  /** `[from, to]`: tokens that used `from` in the layer before and `to` in this one. */
  readonly together: Uint32Array;
  /** `[from]`: tokens that used `from`. */
  readonly uses: Uint32Array;
}

interface Selection {
  readonly layer: number;
  readonly experts: readonly number[];
  readonly isOneToken: boolean;
}

export class TransitionPredictor implements ExpertPredictor {
  readonly name = "transitions";
  readonly #grid: ExpertGrid;
  readonly #tables = new Map<number, Table>();
  readonly #latest = new Map<number, Selection>();
  #previous: Selection | undefined;

  constructor(grid: ExpertGrid) {
    this.#grid = grid;
  }

  observe({ layer, experts, tokenCount = 1 }: Access): void {
    const selection = {
      layer,
      experts: experts.map((id) => expertInLayer(this.#grid, id)),
      isOneToken: tokenCount === 1,
    };
    if (this.#previous !== undefined) this.#learn(this.#previous, selection);
    this.#latest.set(layer, selection);
    this.#previous = selection;
  }

  predict(layer: number): Float64Array | undefined {
    const table = this.#tables.get(layer);
    if (table === undefined) return undefined;
    const from = this.#latest.get(table.previousLayer)!.experts;
    const { expertsPerLayer } = this.#grid;
    const scores = new Float64Array(expertsPerLayer);
    for (const one of from) {
      // An expert never seen before this layer says nothing; 0 / 0 would say NaN.
      const uses = Math.max(1, table.uses[one]!);
      for (let to = 0; to < expertsPerLayer; to++) {
        const share = table.together[one * expertsPerLayer + to]! / uses;
        scores[to] = scores[to]! + share / from.length;
      }
    }
    return scores;
  }

  reset(): void {
    this.#tables.clear();
    this.#latest.clear();
    this.#previous = undefined;
  }

  /** In a batch nobody knows which expert followed which, so only single tokens teach. */
  #learn(previous: Selection, { layer, experts, isOneToken }: Selection): void {
    if (!previous.isOneToken || !isOneToken) return;
    const { expertsPerLayer } = this.#grid;
    let table = this.#tables.get(layer);
    if (table === undefined) {
      table = {
        previousLayer: previous.layer,
        together: new Uint32Array(expertsPerLayer ** 2),
        uses: new Uint32Array(expertsPerLayer),
      };
      this.#tables.set(layer, table);
    }
    if (table.previousLayer !== previous.layer) return;
    for (const from of previous.experts) {
      table.uses[from] = table.uses[from]! + 1;
      for (const to of experts) {
        const pair = from * expertsPerLayer + to;
        table.together[pair] = table.together[pair]! + 1;
      }
    }
  }
}
