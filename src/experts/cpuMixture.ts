/**
 * A layer's mixture on the CPU: the chosen experts' outputs for a batch, weighted and added up.
 *
 * Experts may be computed in any grouping and order, as their weights come: each (token, expert)
 * pair has a row of its own, and the rows are added up in routing order when all are there. So who
 * came late changes no bit.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuHidden, type CpuMatrix, cpu } from "../compute/cpu/cpuTensors.ts";
import { mix as mixJob } from "../compute/cpu/jobs/elementwise.ts";
import type { Ops } from "../compute/ops.ts";
import type { Region } from "../memory/arena.ts";
import type { CpuExpertLayer, ExpertPart } from "./cpuExpertLayer.ts";
import type { Routing } from "./experts.ts";
import { type ExpertGroup, groupByExpert } from "./mixture.ts";

/** Multiply-adds of a matrix that take as long as adding one value of one expert. */
const mixWork = 6;

/** The slot that holds an expert of the layer; none while batches are only measured. */
export type SlotOf = (expert: number) => Region | undefined;

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
    const { activations, multiplier } = backend;
    this.#output = activations.allocate(x.tokens, x.width);
    // Made now and kept: whoever reads the batch after us, a shared expert say, finds them made.
    multiplier.encode(x, layer.gate.matrix);
    multiplier.encode(x, layer.up.matrix);
    this.#outputs = activations.allocate(rowCount, x.width);
  }

  /** Computes some of the groups, all of whose weights are in their slots. */
  compute(groups: readonly ExpertGroup[], slotOf: SlotOf): void {
    const { activations, workspace, multiplier, schedule } = this.#backend;
    const { gate, up, down } = this.#layer;
    const { mark } = workspace;
    const slots = groups.map(({ expert }) => slotOf(expert));
    const rowCount = groups.reduce((sum, { tokens }) => sum + tokens.length, 0);

    const gates = activations.allocate(rowCount, gate.matrix.rows);
    const ups = activations.allocate(rowCount, up.matrix.rows);
    const gateInputs = this.#gather(gate.matrix, groups, rowCount);
    const sharesInputs = multiplier.encodingFor(gate.matrix) === multiplier.encodingFor(up.matrix);
    const upInputs = sharesInputs ? gateInputs : this.#gather(up.matrix, groups, rowCount);
    this.#multiply(gate, groups, slots, gateInputs, gates);
    this.#multiply(up, groups, slots, upInputs, ups);

    const activated = cpu(this.#ops.swiglu(gates, ups), CpuHidden);
    const encoded = multiplier.encode(activated, down.matrix);
    schedule.finish(encoded);
    this.#multiply(down, groups, slots, encoded.address, this.#outputs);
    schedule.finishAll();
    workspace.release(mark);
  }

  /** What a computed group's expert says: f32 `[tokens, width]`, a view until the mixture is finished. */
  rowsOf({ firstRow, tokens }: ExpertGroup): Float32Array {
    const { width, address } = this.#outputs;
    const { buffer } = this.#backend.hub.bytes;
    return new Float32Array(buffer, address + firstRow * width * 4, tokens.length * width);
  }

  /** Adds each token's expert outputs, in routing order, times their weights: `[tokens, width]`. */
  finish(): CpuHidden {
    const { workspace, schedule, measuring } = this.#backend;
    const { tokens, k, weights } = this.#routing;
    const output = this.#output;
    const pairs = tokens * k;
    const addresses = workspace.allocate(pairs * 4);
    const shares = workspace.allocate(pairs * 4);
    if (!measuring) {
      const { hubWords, hubFloats } = this.#backend;
      const rowBytes = this.#outputs.width * 4;
      for (let pair = 0; pair < pairs; pair++) {
        hubWords[addresses / 4 + pair] = this.#outputs.address + (this.#rows[pair] ?? 0) * rowBytes;
      }
      hubFloats.set(weights, shares / 4);
    }
    const job = schedule.addByRow(mixJob, mixWork * k * output.width, output, output, output);
    job.rows = addresses;
    job.weights = shares;
    job.output = output.address;
    job.width = output.width;
    job.k = k;
    // The memory of the mixture is given back with that of its layer: this job still reads it.
    return output;
  }

  /**
   * Address of the inputs of each expert as rows that lie together. One token's row serves all its
   * experts as it is; a batch's rows are copied per expert.
   */
  #gather(matrix: CpuMatrix, groups: readonly ExpertGroup[], rowCount: number): number {
    const { workspace, multiplier, schedule, measuring } = this.#backend;
    const encoded = multiplier.encode(this.#x, matrix);
    schedule.finish(encoded);
    if (this.#isOneRow) return encoded.address;
    const rowBytes = multiplier.encodedRowBytes(matrix);
    const gathered = workspace.allocate(rowCount * rowBytes);
    if (measuring) return gathered;
    const { bytes } = this.#backend.hub;
    let to = gathered;
    for (const { tokens } of groups) {
      for (const token of tokens) {
        const from = encoded.address + token * rowBytes;
        bytes.copyWithin(to, from, from + rowBytes);
        to += rowBytes;
      }
    }
    return gathered;
  }

  /**
   * Appends the products of one part of some experts.
   *
   * @param inputs  address of their rows, group after group, encoded
   * @param outputs the same rows of results; in `#outputs`, all groups have theirs
   */
  #multiply(
    part: ExpertPart,
    groups: readonly ExpertGroup[],
    slots: readonly (Region | undefined)[],
    inputs: number,
    outputs: CpuHidden,
  ): void {
    const { multiplier, schedule } = this.#backend;
    const { matrix, slotOffset } = part;
    const isShared = this.#isOneRow && part !== this.#layer.down;
    const inputBytes = isShared ? 0 : multiplier.encodedRowBytes(matrix);
    let row = 0;
    for (let index = 0; index < groups.length; index++) {
      const { tokens, firstRow } = groups[index] as ExpertGroup;
      const { arena, address } = this.#backend.place(matrix.name, slots[index]);
      const outputRow = outputs === this.#outputs ? firstRow : row;
      multiplier.multiplyRows(
        matrix,
        arena,
        address + slotOffset,
        inputs + row * inputBytes,
        tokens.length,
        outputs.address + outputRow * outputs.width * 4,
      );
      row += tokens.length;
    }
    schedule.noteWritten(outputs);
  }

  get #isOneRow(): boolean {
    return this.#x.tokens === 1;
  }
}
