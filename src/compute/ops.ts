/**
 * The verbs a forward pass is written in. A device implements them, an architecture composes them.
 * A verb returns a handle; whether it has run by then is the device's business. Only what JavaScript
 * must see is awaited.
 */
import type { BlockFormat } from "../numerics/formats/blockFormat.ts";
import type { Rope } from "../numerics/rope.ts";
import type { KeyValueCache } from "./keyValueCache.ts";

/** Activations, one row per token: f32 `[tokens, width]`, on the device that computes the layer. */
export interface Hidden {
  readonly tokens: number;
  readonly width: number;
}

/** A weight matrix `[rows, columns]` in whatever format the file has, with its bias if it has one. */
export interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly format: BlockFormat;
  readonly bias: Vector | undefined;
}

/** A small f32 weight vector, such as the gain of a norm. */
export interface Vector {
  readonly name: string;
  readonly length: number;
}

/** Cosines and sines of one batch's positions, ready for `rotate`. */
export interface Angles {
  readonly rope: Rope;
}

export interface Ops {
  /** One row of `table` per token. */
  readonly embed: (table: Matrix, tokens: Int32Array) => Hidden;
  /** `x` times the transposed weights, plus the bias where there is one: `[tokens, weights.rows]`. */
  readonly linear: (weights: Matrix, x: Hidden) => Hidden;
  /** Adds `y` to `x` in place. Nobody may read `y` afterwards: it may never have been anywhere else. */
  readonly addTo: (x: Hidden, y: Hidden) => void;
  /** Scales each row to a root mean square of 1, then by `gain`. */
  readonly rmsNorm: (x: Hidden, gain: Vector, epsilon: number) => Hidden;
  /** The same for each head of `gain.length` values by itself. Nobody may read `x` afterwards. */
  readonly rmsNormHeads: (x: Hidden, gain: Vector, epsilon: number) => Hidden;
  readonly rotation: (rope: Rope, positions: Int32Array) => Angles;
  /** Turns each head of `x` by its position, in place; returns `x`. */
  readonly rotate: (x: Hidden, angles: Angles) => Hidden;
  /** Keeps the keys and values of a batch: `[tokens, keyValueHeadCount * headSize]`. */
  readonly remember: (cache: KeyValueCache, layer: number, keys: Hidden, values: Hidden) => void;
  /** Causal attention of a batch's queries over all that the cache holds: `[tokens, queries.width]`. */
  readonly attend: (queries: Hidden, cache: KeyValueCache, layer: number, scale: number) => Hidden;
  /** `silu(gate) * up`. */
  readonly swiglu: (gate: Hidden, up: Hidden) => Hidden;
  /** The rows of `x` at `indices`, in that order. */
  readonly rows: (x: Hidden, indices: Int32Array) => Hidden;
  /**
   * Runs one layer. What it makes is given back when it ends; only `x`, which it adds to, stays.
   * Publishes `x` to whoever listens, and is where a generation notices that it was cancelled.
   */
  readonly eachLayer: (layer: number, x: Hidden, run: () => Promise<void>) => Promise<void>;
}
