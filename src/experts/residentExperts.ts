/** Experts that all lie in RAM: the door's simplest room. */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuHidden, type CpuMatrix, cpu } from "../compute/cpu/cpuTensors.ts";
import { encodings } from "../compute/cpu/encodings.ts";
import { mix as mixJob } from "../compute/cpu/jobs/elementwise.ts";
import type { Product } from "../compute/cpu/multiplier.ts";
import type { Ops } from "../compute/ops.ts";
import type { Region } from "../memory/arena.ts";
import { roundUp } from "../memory/arena.ts";
import type { SlotArena } from "../memory/slotArena.ts";
import { publish } from "../support/events.ts";
import type { ExpertLayer, Experts, Routing } from "./experts.ts";
import { type ExpertGroup, groupByExpert, type Mixture } from "./mixture.ts";

/** One of the three matrices of every expert of a layer: its shape, and where it begins in a slot. */
export interface ExpertPart {
  /** Shape and format of one expert's matrix; it has no place of its own. */
  readonly matrix: CpuMatrix;
  readonly slotOffset: number;
}

export class CpuExpertLayer implements ExpertLayer {
  readonly layer: number;
  readonly expertCount: number;
  readonly gate: ExpertPart;
  readonly up: ExpertPart;
  readonly down: ExpertPart;
  readonly #slots: number[] = [];
  #arena: SlotArena | undefined;

  constructor(
    layer: number,
    expertCount: number,
    matrices: { gate: CpuMatrix; up: CpuMatrix; down: CpuMatrix },
  ) {
    this.layer = layer;
    this.expertCount = expertCount;
    this.gate = { matrix: matrices.gate, slotOffset: 0 };
    this.up = { matrix: matrices.up, slotOffset: roundUp(matrices.gate.byteLength) };
    this.down = {
      matrix: matrices.down,
      slotOffset: this.up.slotOffset + roundUp(matrices.up.byteLength),
    };
  }

  get parts(): readonly ExpertPart[] {
    return [this.gate, this.up, this.down];
  }

  get expertBytes(): number {
    return this.parts.reduce((sum, { matrix }) => sum + matrix.byteLength, 0);
  }

  /** Bytes of a slot that holds one expert, each matrix on a cache line. */
  get slotBytes(): number {
    return this.down.slotOffset + roundUp(this.down.matrix.byteLength);
  }

  /** Takes a slot for every expert. */
  takeSlots(arena: SlotArena): void {
    this.#arena = arena;
    for (let expert = 0; expert < this.expertCount; expert++) {
      const slot = arena.take();
      if (slot === undefined)
        throw new Error(`no slot left for expert ${expert} of layer ${this.layer}`);
      this.#slots.push(slot);
    }
  }

  /** Where one matrix of `expert` lies; nowhere before `takeSlots`. */
  region(expert: number, part: ExpertPart): Region | undefined {
    const slot = this.#slots[expert];
    if (slot === undefined || this.#arena === undefined) return undefined;
    const { arena, address } = this.#arena.region(slot);
    return { arena, address: address + part.slotOffset, byteLength: part.matrix.byteLength };
  }
}

export function createResidentExperts(backend: CpuBackend, ops: Ops): Experts {
  const { workspace, multiplier, jobs } = backend;

  return { route, mix };

  async function route(
    ...[layer, router, x, rule]: Parameters<Experts["route"]>
  ): Promise<Routing> {
    const logits = ops.linear(router, x);
    if (backend.measuring)
      return scattered(
        rule(new Float32Array(x.tokens * router.rows), x.tokens, router.rows),
        router.rows,
      );
    const routing = rule(backend.floatsOf(logits), x.tokens, router.rows);
    publish("sluice:routing", () => ({ model: backend.identity, layer, ...routing }));
    return routing;
  }

  async function mix(...[door, input, routing]: Parameters<Experts["mix"]>): Promise<CpuHidden> {
    const layer = cpu(door, CpuExpertLayer);
    const x = cpu(input, CpuHidden);
    const mixture = groupByExpert(routing);
    const expertSize = layer.gate.matrix.rows;
    const output = allocate(x.tokens, x.width);
    const mark = workspace.mark;

    const gate = allocate(mixture.rowCount, expertSize);
    const up = allocate(mixture.rowCount, expertSize);
    const gateInputs = gather(x, layer.gate.matrix, mixture);
    const upInputs = sameEncoding(layer) ? gateInputs : gather(x, layer.up.matrix, mixture);
    multiplier.multiply([
      ...productsOf(layer, layer.gate, mixture, (group) => gateInputs(group), gate),
      ...productsOf(layer, layer.up, mixture, (group) => upInputs(group), up),
    ]);

    const activated = cpu(ops.swiglu(gate, up), CpuHidden);
    const encoded = multiplier.encode(activated, layer.down.matrix);
    const encodedRow = encodedRowBytes(layer.down.matrix);
    const outputs = allocate(mixture.rowCount, x.width);
    multiplier.multiply(
      productsOf(
        layer,
        layer.down,
        mixture,
        (group) => encoded + group.firstRow * encodedRow,
        outputs,
      ),
    );

    weigh(mixture, routing, outputs, output);
    workspace.release(mark);
    return output;
  }

  /**
   * The inputs of each expert as rows that lie together. One token's row serves all its experts as
   * it is; a batch's rows are copied per expert.
   */
  function gather(
    x: CpuHidden,
    matrix: CpuMatrix,
    mixture: Mixture,
  ): (group: ExpertGroup) => number {
    const encoded = multiplier.encode(x, matrix);
    if (x.tokens === 1) return () => encoded;
    const rowBytes = encodedRowBytes(matrix);
    const gathered = workspace.allocate(mixture.rowCount * rowBytes);
    if (!backend.measuring) {
      const { bytes } = backend.hub;
      for (const { tokens, firstRow } of mixture.groups) {
        for (const [offset, token] of tokens.entries()) {
          const from = encoded + token * rowBytes;
          bytes.copyWithin(gathered + (firstRow + offset) * rowBytes, from, from + rowBytes);
        }
      }
    }
    return (group) => gathered + group.firstRow * rowBytes;
  }

  function productsOf(
    layer: CpuExpertLayer,
    part: ExpertPart,
    mixture: Mixture,
    inputOf: (group: ExpertGroup) => number,
    output: CpuHidden,
  ): Product[] {
    return mixture.groups.map((group) => ({
      matrix: part.matrix,
      region: backend.place(part.matrix.name, layer.region(group.expert, part)),
      input: inputOf(group),
      tokens: group.tokens.length,
      output: output.address + group.firstRow * output.width * 4,
    }));
  }

  /** Adds each token's expert outputs, in routing order, times their weights. */
  function weigh(mixture: Mixture, routing: Routing, outputs: CpuHidden, output: CpuHidden): void {
    const pairs = routing.tokens * routing.k;
    const addresses = workspace.allocate(pairs * 4);
    const weights = workspace.allocate(pairs * 4);
    if (backend.measuring) return;
    const { buffer } = backend.hub.bytes;
    const table = new Uint32Array(buffer, addresses, pairs);
    for (const [pair, row] of mixture.rows.entries())
      table[pair] = outputs.address + row * outputs.width * 4;
    new Float32Array(buffer, weights, pairs).set(routing.weights);
    jobs.add(
      mixJob,
      { items: routing.tokens, workPerItem: routing.k * output.width },
      { rows: addresses, weights, output: output.address, width: output.width, k: routing.k },
    );
    backend.run(jobs);
  }

  function sameEncoding(layer: CpuExpertLayer): boolean {
    return multiplier.encodingFor(layer.gate.matrix) === multiplier.encodingFor(layer.up.matrix);
  }

  function encodedRowBytes(matrix: CpuMatrix): number {
    return encodings[multiplier.encodingFor(matrix)].rowBytes(matrix.columns);
  }

  function allocate(tokens: number, width: number): CpuHidden {
    return new CpuHidden(workspace.allocate(tokens * width * 4), tokens, width);
  }
}

/** The routing that takes most memory: as many different experts as there can be. */
function scattered(routing: Routing, expertCount: number): Routing {
  return { ...routing, experts: routing.experts.map((_, pair) => pair % expertCount) };
}
