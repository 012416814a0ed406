/** What a model family is: how it reads its sizes and tensors, and its forward pass. */
import type { KeyValueCache } from "../compute/keyValueCache.ts";
import type { Hidden, Matrix, Ops, Vector } from "../compute/ops.ts";
import type { ExpertLayer, Experts } from "../experts/experts.ts";
import type { Metadata } from "../gguf/metadata.ts";
import type { Shape } from "./shape.ts";

export interface Architecture {
  /** Sizes of the model, from the file's header alone. */
  readonly readShape: (metadata: Metadata) => Shape;
  /** Names the tensors it needs and returns the forward pass over them. */
  readonly build: (shape: Shape, weights: WeightSource, runtime: Runtime) => Promise<Model>;
}

interface Runtime {
  readonly ops: Ops;
  readonly experts: Experts;
  readonly metadata: Metadata;
}

export interface Model {
  readonly vocabularySize: number;
  /** Logits of the tokens that `batch.outputs` names: `[outputs, vocabularySize]`. */
  readonly forward: (batch: Batch) => Promise<Hidden>;
}

/** Consecutive tokens of one sequence. One in decode, many in prefill: the code is the same. */
export interface Batch {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  /** Indices into `tokens` of those whose logits are wanted. */
  readonly outputs: Int32Array;
  readonly cache: KeyValueCache;
}

/** A file's tensors by name. Handles come at once; their bytes are read after the model is built. */
export interface WeightSource {
  has(name: string): boolean;
  /**
   * A matrix `name.weight` `[rows, columns]`, with `name.bias` where the file has one.
   *
   * @throws MissingTensorError; BadGgufError when its shape is another
   */
  matrix(name: string, shape: MatrixShape): Matrix;
  /** A vector, decoded to f32. */
  vector(name: string, length: number): Vector;
  /** A small tensor's values, right away. */
  values(name: string, length: number): Promise<Float32Array>;
  /** One layer's experts: `gate` and `up` `[expertSize, hiddenSize]`, `down` the other way round. */
  experts(layer: number, names: ExpertNames, shape: ExpertShape): ExpertLayer;
}

export interface MatrixShape {
  /** As many as the tensor has when left out. */
  readonly rows?: number;
  readonly columns: number;
  /** Where it lies in a tensor that several matrices share; else the tensor is the matrix. */
  readonly part?: { readonly firstRow: number; readonly tensorRows: number };
}

export interface ExpertNames {
  readonly gate: string;
  readonly up: string;
  /** Gate and up in one tensor `[2 * expertSize, hiddenSize]`, the gate first, if the file has it. */
  readonly gateUp: string;
  readonly down: string;
}

export interface ExpertShape {
  readonly expertCount: number;
  readonly hiddenSize: number;
  readonly expertSize: number;
}
