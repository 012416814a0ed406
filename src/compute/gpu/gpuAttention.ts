/**
 * Attention of a batch on a GPU: in the processor's order, or in chunks where the context is long; of
 * a batch whose scores would take much room, some tokens at a time.
 */
import {
  type AttendShape,
  attend,
  attendMerge,
  attendPartialSize,
  attendSplit,
  type HeadEncoding,
  visiblePositions,
} from "./attentionShaders.ts";
import type { GpuBackend } from "./gpuBackend.ts";
import { mostRowBytes } from "./gpuEncodings.ts";
import type { GpuKeyValueCache } from "./gpuKeyValueCache.ts";
import type { GpuStep, QueuedStep } from "./gpuProgram.ts";
import { type GpuBuffer, GpuHidden } from "./gpuTensors.ts";
import type { GpuBlockEncoding } from "./stepShaders.ts";

/** Beyond so many positions attention is split over workgroups: quicker, in another order of sums. */
const longContext = 4096;
/** Bytes of scores that a dispatch of attention may have; of a larger batch some tokens at a time. */
export const scratchBytes: number = 32 * 2 ** 20;

/** Attention of `queries` to what the cache holds of a layer: `[tokens, heads * valueSize]`. */
export function attention(
  backend: GpuBackend,
  queries: GpuHidden,
  cache: GpuKeyValueCache,
  layer: number,
  scale: number,
): GpuHidden {
  const { keyValueHeadCount, headSize, valueSize } = cache.shape;
  const heads = queries.width / headSize;
  const { format, capacity } = cache;
  const shape = {
    ...{ format, heads, headsPerKeyValueHead: heads / keyValueHeadCount },
    ...{ headSize, valueSize, capacity, scale },
  };
  const output = allocate(backend, queries.tokens, heads * valueSize);
  const lengths = backend.measuring ? measuredLengths(capacity) : [cache.length];
  if (queries.tokens > 1) {
    for (const length of lengths) {
      attendBatch(backend, { ...shape, length }, cache, layer, queries, output);
    }
    return output;
  }
  const room = backend.stack.allocate(mostRowBytes(output.width));
  const all = lengths.map((length) => {
    const own = { ...shape, first: Math.max(0, length - 1), tokens: 1 };
    return attendTo(backend, own, cache, layer, queries, output);
  });
  output.encodes = {
    queued: all.at(-1)!.queued,
    room,
    encodedAs(encoding) {
      if (valueSize % blockValues[encoding] !== 0) return undefined;
      const steps = all.map(({ encodedTo }) => encodedTo(encoding, room));
      for (const step of steps) backend.want(step);
      return steps.at(-1);
    },
  };
  return output;
}

/** A head must be whole blocks to be encoded by those who make it. */
const blockValues: Readonly<Record<GpuBlockEncoding, number>> = { Q8_0: 32, Q8_K: 256 };

/** The last step of attention, and how it can encode what it makes. */
interface LastStep {
  readonly queued: QueuedStep;
  readonly encodedTo: (encoding: GpuBlockEncoding, target: GpuBuffer) => GpuStep;
}

/** Some tokens at a time, if the scratch of all would be large. */
function attendBatch(
  backend: GpuBackend,
  { length, ...shape }: Omit<AttendShape, "first" | "tokens"> & { readonly length: number },
  cache: GpuKeyValueCache,
  layer: number,
  queries: GpuHidden,
  output: GpuHidden,
): void {
  const { stack } = backend;
  const { tokens } = queries;
  const first = Math.max(0, length - tokens);
  const perToken = scratchSize({ ...shape, first: length - 1, tokens: 1 }) * 4;
  const tokensAtOnce = Math.max(1, Math.floor(scratchBytes / perToken));
  if (tokens <= tokensAtOnce) {
    attendTo(backend, { ...shape, first, tokens }, cache, layer, queries, output);
    return;
  }
  const { mark } = stack;
  const some = allocate(backend, tokensAtOnce, queries.width);
  const result = allocate(backend, tokensAtOnce, output.width);
  for (let token = 0; token < tokens; token += tokensAtOnce) {
    const count = Math.min(tokensAtOnce, tokens - token);
    copyRows(backend, queries, token, some, 0, count);
    attendTo(
      backend,
      { ...shape, first: first + token, tokens: count },
      cache,
      layer,
      some,
      result,
    );
    copyRows(backend, result, 0, output, token, count);
  }
  stack.release(mark);
}

function attendTo(
  backend: GpuBackend,
  shape: AttendShape,
  cache: GpuKeyValueCache,
  layer: number,
  queries: GpuHidden,
  output: GpuHidden,
): LastStep {
  const { stack } = backend;
  const { keys, values } = cache.layer(layer);
  const { mark } = stack;
  const scratch = stack.allocate(scratchSize(shape) * 4);
  const target = output.buffer;
  const isSplit = isLong(shape);
  const query = queries.buffer;
  if (isSplit) backend.run({ ...attendSplit(shape), bindings: [query, keys, values, scratch] });
  const last = (encoding: HeadEncoding, encoded: GpuBuffer | undefined): GpuStep =>
    isSplit
      ? { ...attendMerge(shape, encoding), bindings: [scratch, undefined, target, encoded] }
      : {
          ...attend(shape, visiblePositions(shape), encoding),
          bindings: [query, keys, values, scratch, undefined, target, encoded],
        };
  const queued = backend.run(last("off", undefined));
  stack.release(mark);
  return { queued, encodedTo: last };
}

function allocate({ stack }: GpuBackend, tokens: number, width: number): GpuHidden {
  return new GpuHidden(stack.allocate(tokens * width * 4), tokens, width);
}

function copyRows(
  { program }: GpuBackend,
  from: GpuHidden,
  fromRow: number,
  to: GpuHidden,
  toRow: number,
  rows: number,
): void {
  const bytes = from.width * 4;
  const source = from.buffer.buffer;
  program.copy(source, fromRow * bytes, to.buffer.buffer, toRow * bytes, rows * bytes);
}

function isLong(shape: AttendShape): boolean {
  return visiblePositions(shape) > longContext;
}

/** f32 of scratch that attention takes. */
function scratchSize(shape: AttendShape): number {
  if (isLong(shape)) return attendPartialSize(shape);
  return shape.tokens * shape.heads * visiblePositions(shape);
}

/** What a batch is measured at: the ends of both ways of attention. */
function measuredLengths(capacity: number): number[] {
  return capacity > longContext ? [longContext, capacity] : [capacity];
}
