/**
 * What a GPU does for a layer's mixture: decides a single token's routing, computes the experts that
 * have a slot, and adds up the rows of all, whoever computed them.
 */
import type { BlockFormat } from "../../numerics/formats/blockFormat.ts";
import { multiplicationOf } from "../cpu/encodings.ts";
import type { GpuBackend } from "./gpuBackend.ts";
import type { GpuOps } from "./gpuOps.ts";
import type { GpuStep } from "./gpuProgram.ts";
import type { GpuBuffer, GpuHidden } from "./gpuTensors.ts";
import { gateUpCall, type MatvecShape, matvecCall, mixDownCall } from "./matvecShaders.ts";
import { mix, swiglu, topK, topKExpertLimit } from "./stepShaders.ts";

/** One of an expert's matrices: where it begins in a slot. */
export interface GpuExpertPart {
  readonly matrix: {
    readonly rows: number;
    readonly columns: number;
    readonly format: BlockFormat;
  };
  readonly slotOffset: number;
}

/** The experts of a layer as they lie in slots. */
export interface GpuExpertShape {
  readonly gate: GpuExpertPart;
  readonly up: GpuExpertPart;
  readonly down: GpuExpertPart;
  readonly slotBytes: number;
}

/** What the GPU decided for one token. Its buffers stay as they are until the layer's next token. */
export interface GpuDecision {
  readonly k: number;
  /** u32 `[k]` */
  readonly ids: GpuBuffer;
  /** f32 `[k]` */
  readonly weights: GpuBuffer;
  /** vec4 of u32 `[k]`: slot, row, 1, expert. */
  readonly groups: GpuBuffer;
}

/** The rows of a layer's pairs while they are being computed. */
export interface GpuRows {
  readonly shape: GpuExpertShape;
  readonly x: GpuHidden;
  /** u32 `[pairs]`: the token of each row. */
  readonly inputRows: GpuBuffer;
  /** f32 `[pairs, expertSize]` */
  readonly activated: GpuHidden;
  /** f32 `[pairs, hiddenSize]` */
  readonly outputs: GpuHidden;
}

export class GpuMixer {
  readonly #backend: GpuBackend;
  readonly #ops: GpuOps;
  readonly #decisions = new Map<number, GpuDecision>();
  /** All rows of a single token read input row 0. */
  readonly onlyToken: GpuBuffer;
  /** Row j is that of pair j. */
  readonly inOrder: GpuBuffer;

  constructor(backend: GpuBackend, ops: GpuOps) {
    this.#backend = backend;
    this.#ops = ops;
    this.onlyToken = backend.createBuffer(topKExpertLimit * 4, "rows of one token");
    this.inOrder = backend.createBuffer(topKExpertLimit * 4, "rows in order");
    const numbers = Uint32Array.from({ length: topKExpertLimit }, (_, index) => index);
    backend.device.write(this.inOrder.buffer, 0, numbers);
  }

  /**
   * Softmax over the logits of one token, the top k of it, and where these experts have their slots.
   *
   * @param layer each has buffers of its own, so that the decisions of a pass can be read at its end
   * @param slotOffset where the layer's experts begin in `slotOf`
   */
  decide(
    layer: number,
    logits: GpuHidden,
    { k, renormalise }: { readonly k: number; readonly renormalise: boolean },
    slotOf: GpuBuffer,
    slotOffset: number,
  ): GpuDecision {
    const decision = this.#decisions.get(layer) ?? this.#newDecision(k);
    this.#decisions.set(layer, decision);
    const { ids, weights, groups } = decision;
    this.#backend.run({
      ...topK({ experts: logits.width, k, renormalise, slotOffset, tokens: 1 }),
      bindings: [logits.buffer, slotOf, ids, weights, groups],
    });
    return decision;
  }

  /** Activations from JavaScript. */
  upload(values: Float32Array, tokens: number, width: number): GpuHidden {
    return this.#ops.upload(values, tokens, width);
  }

  uploadWords(words: Uint32Array | Float32Array): GpuBuffer {
    const buffer = this.#backend.stack.allocate(words.byteLength);
    this.#backend.write(buffer, 0, words);
    return buffer;
  }

  /** Room for a layer's rows; nothing is computed yet. */
  begin(shape: GpuExpertShape, x: GpuHidden, pairs: number, inputRows: GpuBuffer): GpuRows {
    // Made here, where they outlast the parts of a batch.
    for (const part of [shape.gate, shape.up]) this.#inputFor(part, x);
    const activated = this.#ops.allocate(pairs, shape.gate.matrix.rows);
    const outputs = this.#ops.allocate(pairs, x.width);
    return { shape, x, inputRows, activated, outputs };
  }

  /**
   * Computes the rows of some groups of pairs, an expert each.
   *
   * @param slots what holds the experts
   * @param groups vec4 of u32: slot, first row, rows; of those without a slot nothing happens
   */
  compute(rows: GpuRows, slots: GpuBuffer, groups: GpuBuffer, groupCount: number): void {
    const { shape, inputRows, activated, outputs } = rows;
    const { stack } = this.#backend;
    const { mark } = stack;
    this.#activate(rows, slots, groups, groupCount);
    const input = this.#inputFor(shape.down, activated);
    const bindings = [slots, input, outputs.buffer, groups, inputRows];
    this.#multiply(rows, shape.down, groupCount, true, bindings);
    activated.change();
    stack.release(mark);
  }

  /** Of one token whose experts all have slots: their rows, added up by their weights. */
  computeSum(rows: GpuRows, slots: GpuBuffer, { groups, weights, k }: GpuDecision): GpuHidden {
    const { shape, x, inputRows, activated } = rows;
    const { stack, arithmetic, device } = this.#backend;
    const output = this.#ops.allocate(1, x.width);
    const { mark } = stack;
    this.#activate(rows, slots, groups, k);
    const { down, slotBytes } = shape;
    const { rows: matrixRows, columns, format } = down.matrix;
    const product = { format: format.name, arithmetic, rows: matrixRows, columns };
    const place = { weightBytes: down.slotOffset, slotBytes };
    const input = this.#inputFor(down, activated);
    const stepTo = (target: GpuBuffer, accumulate: boolean): GpuStep => ({
      ...mixDownCall(product, place, { k, accumulate }, device),
      bindings: [slots, input, target, groups, inputRows, weights],
    });
    const queued = this.#backend.run(stepTo(output.buffer, false));
    output.adds = { queued, addedTo: (target) => stepTo(target, true) };
    activated.change();
    stack.release(mark);
    return output;
  }

  /** The first half of an expert: `activated`, of all groups that have a slot. */
  #activate(rows: GpuRows, slots: GpuBuffer, groups: GpuBuffer, groupCount: number): void {
    const { shape, x, inputRows, activated } = rows;
    const { gate, up, slotBytes } = shape;
    if (gate.matrix.format.name === up.matrix.format.name) {
      const place = { weightBytes: gate.slotOffset, upBytes: up.slotOffset, slotBytes };
      this.#backend.run({
        ...gateUpCall(this.#shapeOf(rows, gate, groupCount), place, this.#backend.device),
        bindings: [slots, this.#inputFor(gate, x), activated.buffer, groups, inputRows],
      });
    } else {
      const gated = this.#ops.allocate(activated.tokens, activated.width);
      const raised = this.#ops.allocate(activated.tokens, activated.width);
      for (const [part, output] of [
        [gate, gated],
        [up, raised],
      ] as const) {
        const bindings = [slots, this.#inputFor(part, x), output.buffer, groups, inputRows];
        this.#multiply(rows, part, groupCount, false, bindings);
      }
      const step = swiglu(activated.tokens * activated.width);
      this.#backend.run({ ...step, bindings: [gated.buffer, raised.buffer, activated.buffer] });
    }
    activated.change();
  }

  /** @param inputByRow whether row r is multiplied with input row r, not with that of its token */
  #multiply(
    rows: GpuRows,
    part: GpuExpertPart,
    groupCount: number,
    inputByRow: boolean,
    bindings: GpuStep["bindings"],
  ): void {
    const { slotBytes } = rows.shape;
    const shape = this.#shapeOf(rows, part, groupCount);
    const place = { weightBytes: part.slotOffset, slotBytes, inputByRow };
    this.#backend.run({ ...matvecCall(shape, place, this.#backend.device), bindings });
  }

  #shapeOf({ x }: GpuRows, { matrix }: GpuExpertPart, groups: number): MatvecShape {
    const { rows, columns, format } = matrix;
    const { arithmetic } = this.#backend;
    // Of the largest group there may be: a token asks an expert once.
    return { format: format.name, arithmetic, rows, columns, tokens: x.tokens, groups };
  }

  /** Rows that were computed elsewhere: f32 `[rows, hiddenSize]` from row `firstRow` on. */
  writeRows({ outputs }: GpuRows, firstRow: number, values: Float32Array): void {
    this.#backend.write(outputs.buffer, firstRow * outputs.width * 4, values);
  }

  /**
   * Each token's rows, added up in routing order by their weights: `[tokens, hiddenSize]`.
   *
   * @param rowOf u32 `[tokens, k]`: the row of each pair
   * @param weights f32 `[tokens, k]`
   */
  finish({ x, outputs }: GpuRows, rowOf: GpuBuffer, weights: GpuBuffer): GpuHidden {
    const output = this.#ops.allocate(x.tokens, x.width);
    const k = outputs.tokens / x.tokens;
    const stepTo = (target: GpuBuffer, accumulate: boolean): GpuStep => ({
      ...mix({ tokens: x.tokens, k, width: x.width, accumulate }),
      bindings: [outputs.buffer, rowOf, weights, target],
    });
    const queued = this.#backend.run(stepTo(output.buffer, false));
    output.adds = { queued, addedTo: (target) => stepTo(target, true) };
    return output;
  }

  #inputFor({ matrix }: GpuExpertPart, x: GpuHidden): GpuBuffer {
    const { encoding } = multiplicationOf(matrix.format, this.#backend.arithmetic);
    return this.#ops.encode(x, encoding);
  }

  #newDecision(k: number): GpuDecision {
    const buffer = (words: number) => this.#backend.createBuffer(words * 4, "routing");
    return { k, ids: buffer(k), weights: buffer(k), groups: buffer(4 * k) };
  }
}
