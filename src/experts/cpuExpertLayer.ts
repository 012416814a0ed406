/** The experts of one layer as the CPU sees them: which matrices a slot holds, and where in it. */
import type { CpuMatrix } from "../compute/cpu/cpuTensors.ts";
import { type Region, roundUp } from "../memory/arena.ts";
import type { ExpertLayer } from "./experts.ts";

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
}

/** Where one matrix lies, of the expert that a slot holds. */
export function partOfSlot({ arena, address }: Region, { matrix, slotOffset }: ExpertPart): Region {
  return { arena, address: address + slotOffset, byteLength: matrix.byteLength };
}
