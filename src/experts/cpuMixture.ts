/**
 * A layer's mixture on the CPU: the chosen experts' outputs for a batch, weighted and added up.
 *
 * Experts may be computed in any grouping and order, as their weights come: each (token, expert)
 * pair has a row of its own, and the rows are added up in routing order when all are there. So who
 * came late changes no bit.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuHidden, type CpuMatrix, cpu } from "../compute/cpu/cpuTensors.ts";
import { encodings } from "../compute/cpu/encodings.ts";
import { mix as mixJob } from "../compute/cpu/jobs/elementwise.ts";
import type { Product } from "../compute/cpu/multiplier.ts";
import type { Ops } from "../compute/ops.ts";
import type { Region } from "../memory/arena.ts";
import { type CpuExpertLayer, type ExpertPart, partOfSlot } from "./cpuExpertLayer.ts";
import type { Routing } from "./experts.ts";
import { type ExpertGroup, groupByExpert } from "./mixture.ts";

/** The slot that holds an expert of the layer; none while batches are only measured. */
export type SlotOf = (expert: number) => Region | undefined;

/** A group, and where its rows begin among those computed together. */
interface PlacedGroup extends ExpertGroup {
  readonly firstLocalRow: number;
}

export class CpuMixture {
  /** One group per expert that was chosen, in the order in which the routing first names them. */
  readonly groups: readonly ExpertGroup[];
  readonly #backend: CpuBackend;
  readonly #ops: Ops;
  readonly #layer: CpuExpertLayer;
  readonly #x: CpuHidden;
  readonly #routing: Routing;
  readonly #rows: Int32Array;
  readonly #output: CpuHidden;
  /** `[rowCount, width]`: what each pair's expert says. */
  readonly #outputs: CpuHidden;
  readonly #mark: number;

  constructor(
    backend: CpuBackend,
    ops: Ops,
    { layer, x, routing }: { layer: CpuExpertLayer; x: CpuHidden; routing: Routing },
  ) {
    this.#backend = backend;
    this.#ops = ops;
    this.#layer = layer;
    this.#x = x;
    this.#routing = routing;
    const { groups, rows, rowCount } = groupByExpert(routing);
    this.groups = groups;
    this.#rows = rows;
    this.#output = this.#allocate(x.tokens, x.width);
    // Made now and kept: whoever reads the batch after us, a shared expert say, finds them made.
    for (const { matrix } of [layer.gate, layer.up]) backend.multiplier.encode(x, matrix);
    this.#mark = backend.workspace.mark;
    this.#outputs = this.#allocate(rowCount, x.width);
  }

  /** Computes some of the groups, all of whose weights are in their slots. */
  compute(groups: readonly ExpertGroup[], slotOf: SlotOf): void {
    const { workspace, multiplier } = this.#backend;
    const layer = this.#layer;
    const mark = workspace.mark;
    const placed = place(groups);
    const rowCount = groups.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const expertSize = layer.gate.matrix.rows;

    const gate = this.#allocate(rowCount, expertSize);
    const up = this.#allocate(rowCount, expertSize);
    const gateInputs = this.#gather(layer.gate.matrix, placed, rowCount);
    const upInputs = this.#sameEncoding
      ? gateInputs
      : this.#gather(layer.up.matrix, placed, rowCount);
    const localRow = (rows: CpuHidden) => (group: PlacedGroup) =>
      rows.address + group.firstLocalRow * rows.width * 4;
    multiplier.multiply([
      ...this.#products(layer.gate, placed, slotOf, gateInputs, localRow(gate)),
      ...this.#products(layer.up, placed, slotOf, upInputs, localRow(up)),
    ]);

    const activated = cpu(this.#ops.swiglu(gate, up), CpuHidden);
    const encoded = multiplier.encode(activated, layer.down.matrix);
    const encodedRow = this.#encodedRowBytes(layer.down.matrix);
    multiplier.multiply(
      this.#products(
        layer.down,
        placed,
        slotOf,
        (group) => encoded + group.firstLocalRow * encodedRow,
        (group) => this.#outputs.address + group.firstRow * this.#outputs.width * 4,
      ),
    );
    workspace.release(mark);
  }

  /** Adds each token's expert outputs, in routing order, times their weights: `[tokens, width]`. */
  finish(): CpuHidden {
    const { workspace, jobs } = this.#backend;
    const { tokens, k, weights } = this.#routing;
    const output = this.#output;
    const pairs = tokens * k;
    const addresses = workspace.allocate(pairs * 4);
    const shares = workspace.allocate(pairs * 4);
    if (!this.#backend.measuring) {
      const { buffer } = this.#backend.hub.bytes;
      const table = new Uint32Array(buffer, addresses, pairs);
      for (const [pair, row] of this.#rows.entries())
        table[pair] = this.#outputs.address + row * this.#outputs.width * 4;
      new Float32Array(buffer, shares, pairs).set(weights);
      jobs.add(
        mixJob,
        { items: tokens, workPerItem: k * output.width },
        { rows: addresses, weights: shares, output: output.address, width: output.width, k },
      );
      this.#backend.run(jobs);
    }
    workspace.release(this.#mark);
    return output;
  }

  /**
   * The inputs of each expert as rows that lie together. One token's row serves all its experts as
   * it is; a batch's rows are copied per expert.
   */
  #gather(
    matrix: CpuMatrix,
    groups: readonly PlacedGroup[],
    rowCount: number,
  ): (group: PlacedGroup) => number {
    const { workspace, multiplier, measuring } = this.#backend;
    const encoded = multiplier.encode(this.#x, matrix);
    if (this.#x.tokens === 1) return () => encoded;
    const rowBytes = this.#encodedRowBytes(matrix);
    const gathered = workspace.allocate(rowCount * rowBytes);
    if (!measuring) {
      const { bytes } = this.#backend.hub;
      for (const { tokens, firstLocalRow } of groups) {
        for (const [offset, token] of tokens.entries()) {
          const from = encoded + token * rowBytes;
          bytes.copyWithin(gathered + (firstLocalRow + offset) * rowBytes, from, from + rowBytes);
        }
      }
    }
    return (group) => gathered + group.firstLocalRow * rowBytes;
  }

  #products(
    part: ExpertPart,
    groups: readonly PlacedGroup[],
    slotOf: SlotOf,
    inputOf: (group: PlacedGroup) => number,
    outputOf: (group: PlacedGroup) => number,
  ): Product[] {
    return groups.map((group) => {
      const slot = slotOf(group.expert);
      return {
        matrix: part.matrix,
        region: this.#backend.place(part.matrix.name, slot && partOfSlot(slot, part)),
        input: inputOf(group),
        tokens: group.tokens.length,
        output: outputOf(group),
      };
    });
  }

  get #sameEncoding(): boolean {
    const { multiplier } = this.#backend;
    const { gate, up } = this.#layer;
    return multiplier.encodingFor(gate.matrix) === multiplier.encodingFor(up.matrix);
  }

  #encodedRowBytes(matrix: CpuMatrix): number {
    return encodings[this.#backend.multiplier.encodingFor(matrix)].rowBytes(matrix.columns);
  }

  #allocate(tokens: number, width: number): CpuHidden {
    return new CpuHidden(this.#backend.workspace.allocate(tokens * width * 4), tokens, width);
  }
}

function place(groups: readonly ExpertGroup[]): PlacedGroup[] {
  let firstLocalRow = 0;
  return groups.map((group) => {
    const placed = { ...group, firstLocalRow };
    firstLocalRow += group.tokens.length;
    return placed;
  });
}
