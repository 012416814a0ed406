/**
 * How attention's own shaders are dispatched: rotation, what the cache remembers, and the attention of
 * heads, either in the CPU's order (`attend`) or in chunks, for long contexts (`attendSplit` and
 * `attendMerge`). Bindings are listed in their order; what they hold is in the head of each shader.
 */
import type { KeyValueFormat } from "../keyValueCache.ts";
import type { ShaderVariant } from "./shaderLibrary.ts";
import { type GpuBlockEncoding, grid, type UnboundStep } from "./stepShaders.ts";

/** What the shaders can read and write of a cache's formats. */
export type GpuCacheFormat = Extract<KeyValueFormat, "f16" | "f32">;

/** Positions that a workgroup of `attendSplit.wgsl` attends to. */
const attendChunkSize = 64;

/** Invocations of a workgroup of `rotate` and `remember`. */
const workgroupSize = 64;

export interface RotateShape {
  readonly headSize: number;
  readonly rotarySize: number;
  /** Per token. */
  readonly heads: number;
  readonly tokens: number;
  readonly pairing: "norm" | "neox";
}

/** Bindings: x, angles. */
export function rotate(shape: RotateShape): UnboundStep {
  const { headSize, rotarySize, heads, tokens, pairing } = shape;
  return {
    shader: "rotate",
    parameters: [headSize, rotarySize, heads, tokens, pairing === "neox" ? 1 : 0],
    grid: grid(Math.ceil((tokens * heads * rotarySize) / 2 / workgroupSize)),
  };
}

const stores: Readonly<Record<GpuCacheFormat, ShaderVariant>> = {
  f16: { choices: { values: "f16" } },
  f32: { choices: { values: "f32" } },
};

export interface RememberShape {
  readonly format: GpuCacheFormat;
  readonly heads: number;
  /** Values of a head; even for f16. */
  readonly size: number;
  readonly capacity: number;
  /** Position of the first token. */
  readonly first: number;
  readonly tokens: number;
  /** Where the cache begins in its buffer, in words. @default 0 */
  readonly cacheOffset?: number;
}

/** Bindings: source, cache. */
export function remember(shape: RememberShape): UnboundStep {
  const { format, heads, size, capacity, first, tokens, cacheOffset = 0 } = shape;
  const words = tokens * heads * (format === "f16" ? size / 2 : size);
  return {
    shader: "remember",
    variant: stores[format],
    parameters: [heads, size, capacity, first, tokens, cacheOffset],
    grid: grid(Math.ceil(words / workgroupSize)),
  };
}

/** Values of a head at most that `heads.wgsl` has room for. */
export const headLimit = 512;

/** What is to become of the queries, or of the keys. */
export interface HeadShape {
  /** Per token; 0: there are none. */
  readonly heads: number;
  readonly isNormed: boolean;
  readonly isRotated: boolean;
}

export interface HeadsShape {
  readonly format: GpuCacheFormat;
  readonly tokens: number;
  /** At most `headLimit`, as `valueSize`; even for f16, if they are stored. */
  readonly headSize: number;
  readonly queries: HeadShape;
  readonly keys: HeadShape;
  /** Of all norms. */
  readonly epsilon: number;
  readonly rotarySize: number;
  readonly pairing: "norm" | "neox";
  /** Where keys and values are put; there are as many heads of values as of keys. */
  readonly storage:
    | { readonly valueSize: number; readonly capacity: number; readonly first: number }
    | undefined;
}

/**
 * Bindings: queries, keys, values, the queries' gain, the keys' gain, angles, cache of keys, cache of
 * values; where there is nothing, a buffer of its own.
 */
export function heads(shape: HeadsShape): UnboundStep {
  const { format, tokens, headSize, queries, keys, epsilon, rotarySize, pairing, storage } = shape;
  const valueHeads = storage === undefined ? 0 : keys.heads;
  const steps =
    (queries.isNormed ? 1 : 0) +
    (queries.isRotated ? 2 : 0) +
    (keys.isNormed ? 4 : 0) +
    (keys.isRotated ? 8 : 0);
  return {
    shader: "heads",
    variant: stores[format],
    parameters: [
      ...[tokens, queries.heads, keys.heads, valueHeads, headSize, storage?.valueSize ?? 0, steps],
      ...[{ float: epsilon }, rotarySize, pairing === "neox" ? 1 : 0],
      ...[storage?.capacity ?? 0, storage?.first ?? 0],
    ],
    grid: grid(tokens * (queries.heads + keys.heads + valueHeads)),
  };
}

export interface AttendShape {
  readonly format: GpuCacheFormat;
  readonly sinks?: boolean;
  readonly heads: number;
  readonly headsPerKeyValueHead: number;
  /** Values of a key and of a value; even for f16. */
  readonly headSize: number;
  readonly valueSize: number;
  readonly capacity: number;
  /** Position of the first token. */
  readonly first: number;
  readonly tokens: number;
  /** Positions that a token sees, its own included; 0: all. @default 0 */
  readonly window?: number;
  readonly scale: number;
  /** Where keys and values begin in their buffers, in words. @default 0 */
  readonly keysOffset?: number;
  readonly valuesOffset?: number;
}

/** What the values of heads are encoded as besides. */
export type HeadEncoding = GpuBlockEncoding | "off";

const splits: Readonly<Record<GpuCacheFormat, ShaderVariant>> = {
  f16: { choices: { values: "f16" }, constants: { chunkSize: attendChunkSize } },
  f32: { choices: { values: "f32" }, constants: { chunkSize: attendChunkSize } },
};

/** One object for equal choices: pipelines are looked up by it. */
const variants = new Map<string, ShaderVariant>();

function variantOf(choices: Readonly<Record<string, string>>): ShaderVariant {
  const key = Object.values(choices).join();
  const known = variants.get(key);
  if (known !== undefined) return known;
  const variant = { choices };
  variants.set(key, variant);
  return variant;
}

/** Positions that the last token of a batch sees: the scores of a row of `attend.wgsl`. */
export function visiblePositions({ first, tokens, window = 0 }: AttendShape): number {
  return window === 0 ? first + tokens : Math.min(window, first + tokens);
}

/**
 * Bindings: queries, keys, values, scores, sinks (or undefined), output, encoded (or undefined).
 *
 * @param scoresStride f32 per row of `scores`, of which there is one per token and head; at least
 *   `visiblePositions`
 */
export function attend(
  shape: AttendShape,
  scoresStride: number,
  encoding: HeadEncoding = "off",
): UnboundStep {
  const sinks = shape.sinks === true ? "on" : "off";
  return {
    shader: "attend",
    variant: variantOf({ values: shape.format, sinks, encoding }),
    parameters: attentionParameters(shape, scoresStride),
    grid: [shape.heads, shape.tokens],
  };
}

/** Chunks of a token's positions: what `attendSplit` makes, and `attendMerge` puts together. */
function attendChunks(shape: AttendShape): number {
  return Math.ceil(visiblePositions(shape) / attendChunkSize);
}

/** f32 that the chunks of all tokens and heads take. */
export function attendPartialSize(shape: AttendShape): number {
  return shape.tokens * shape.heads * attendChunks(shape) * (shape.valueSize + 2);
}

/** Bindings: queries, keys, values, partial. `attendMerge` must follow. */
export function attendSplit(shape: AttendShape): UnboundStep {
  const chunks = attendChunks(shape);
  return {
    shader: "attendSplit",
    variant: splits[shape.format],
    parameters: attentionParameters(shape, chunks),
    grid: [chunks, shape.heads, shape.tokens],
  };
}

/** Bindings: partial, sinks (or undefined), output, encoded (or undefined). */
export function attendMerge(shape: AttendShape, encoding: HeadEncoding = "off"): UnboundStep {
  return {
    shader: "attendMerge",
    variant: variantOf({ sinks: shape.sinks === true ? "on" : "off", encoding }),
    parameters: [shape.heads, shape.valueSize, attendChunks(shape)],
    grid: [shape.heads, shape.tokens],
  };
}

function attentionParameters(shape: AttendShape, rowLength: number): UnboundStep["parameters"] {
  return [
    shape.heads,
    shape.headsPerKeyValueHead,
    shape.headSize,
    shape.valueSize,
    shape.capacity,
    shape.first,
    shape.window ?? 0,
    { float: shape.scale },
    rowLength,
    shape.keysOffset ?? 0,
    shape.valuesOffset ?? 0,
  ];
}
