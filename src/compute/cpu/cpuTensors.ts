/** The CPU's side of the handles in `ops.ts`: where activations and weights really lie. */
import type { Region } from "../../memory/arena.ts";
import type { BlockFormat } from "../../numerics/formats/blockFormat.ts";
import type { Rope } from "../../numerics/rope.ts";
import type { Angles, Hidden, Matrix, Vector } from "../ops.ts";
import { encodingNames } from "./encodings.ts";

/** A buffer in the hub with a row per token, and what the round under way does with it. */
export class Rows {
  address = 0;
  tokens = 0;
  /** The latest round with a job that touches it. */
  usedIn = 0;
  /** The chain of that round that touches it row by row; -1 for other jobs, or several. */
  usedBy = -1;
  /** The latest round with a job that writes it. */
  writtenIn = 0;

  /** From now on other rows, which no job has touched yet. */
  place(address: number, tokens: number): void {
    this.address = address;
    this.tokens = tokens;
    this.usedIn = 0;
    this.writtenIn = 0;
  }
}

/** f32 activations `[tokens, width]` in the hub (arena 0). */
export class CpuHidden extends Rows implements Hidden {
  width = 0;
  /** Encoded forms, in the order of `encodingNames`: several matrices often read the same `x`. */
  readonly #encoded = encodingNames.map(() => new Rows());
  #floats: Float32Array | undefined;

  constructor(address: number, tokens: number, width: number) {
    super();
    this.set(address, tokens, width);
  }

  /** From now on other activations: handles are used again, see `Activations`. */
  set(address: number, tokens: number, width: number): void {
    if (address !== this.address || tokens * width !== this.#floats?.length)
      this.#floats = undefined;
    this.place(address, tokens);
    this.width = width;
    this.forgetEncoded();
  }

  /** The rows in an encoding, by its place in `encodingNames`; at address 0 if not made yet. */
  encodedAs(encoding: number): Rows {
    return this.#encoded[encoding] as Rows;
  }

  /** Encoded forms hold no longer, or their memory is given back. */
  forgetEncoded(): void {
    for (const rows of this.#encoded) rows.address = 0;
  }

  /** A view of the values in the hub's memory. */
  floats(hub: ArrayBufferLike): Float32Array {
    this.#floats ??= new Float32Array(hub, this.address, this.tokens * this.width);
    return this.#floats;
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
