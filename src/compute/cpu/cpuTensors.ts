/** The CPU's side of the handles in `ops.ts`: where activations and weights really lie. */
import type { Region } from "../../memory/arena.ts";
import type { BlockFormat } from "../../numerics/formats/blockFormat.ts";
import type { Rope } from "../../numerics/rope.ts";
import type { Angles, Hidden, Matrix, Vector } from "../ops.ts";
import type { EncodingName } from "./encodings.ts";

/** f32 activations `[tokens, width]` in the hub (arena 0). */
export class CpuHidden implements Hidden {
  readonly address: number;
  readonly tokens: number;
  readonly width: number;
  /** Encoded forms made so far, by address; several matrices often read the same `x`. */
  readonly encoded: Map<EncodingName, number> = new Map();

  constructor(address: number, tokens: number, width: number) {
    this.address = address;
    this.tokens = tokens;
    this.width = width;
  }
}

/** Weights `[rows, columns]`; the bytes are at `region` once they are loaded. */
export class CpuMatrix implements Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly format: BlockFormat;
  readonly bias: CpuVector | undefined;
  region: Region | undefined;

  constructor(
    name: string,
    format: BlockFormat,
    shape: { rows: number; columns: number; bias?: CpuVector | undefined },
  ) {
    this.name = name;
    this.format = format;
    this.rows = shape.rows;
    this.columns = shape.columns;
    this.bias = shape.bias;
  }

  get rowBytes(): number {
    return (this.columns / this.format.blockElements) * this.format.blockBytes;
  }

  get byteLength(): number {
    return this.rows * this.rowBytes;
  }
}

/** f32 values in the hub. */
export class CpuVector implements Vector {
  readonly name: string;
  readonly length: number;
  region: Region | undefined;

  constructor(name: string, length: number) {
    this.name = name;
    this.length = length;
  }
}

/** Cosines and sines of a batch in the hub: per position, `rotarySize / 2` of each. */
export class CpuAngles implements Angles {
  readonly address: number;
  readonly rope: Rope;

  constructor(address: number, rope: Rope) {
    this.address = address;
    this.rope = rope;
  }
}

/** A handle of `ops.ts` as this backend made it. */
export function cpu<T>(handle: object, kind: abstract new (...parameters: never[]) => T): T {
  if (handle instanceof kind) return handle;
  throw new TypeError(`a ${kind.name} was expected: this handle belongs to another device`);
}
