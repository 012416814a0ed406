/** The verbs of `ops.ts` on a GPU. Each records its steps; what JavaScript must see is waited for. */
import { ropeAngles } from "../../numerics/rope.ts";
import { isHeard, publish } from "../../support/events.ts";
import { type EncodingName, encodings, multiplicationOf } from "../cpu/encodings.ts";
import type { KeyValueCache } from "../keyValueCache.ts";
import type { Hidden, Matrix, Ops, Vector } from "../ops.ts";
import {
  type AttendShape,
  attend,
  attendMerge,
  attendPartialSize,
  attendSplit,
  remember,
  rotate,
  visiblePositions,
} from "./attentionShaders.ts";
import type { GpuBackend } from "./gpuBackend.ts";
import { GpuKeyValueCache } from "./gpuKeyValueCache.ts";
import type { GpuStep } from "./gpuProgram.ts";
import { GpuAngles, type GpuBuffer, GpuHidden, type GpuPlace, gpu } from "./gpuTensors.ts";
import { matvecCall } from "./matvecShaders.ts";
import { add, addBias, encodeQ8_0, encodeQ8_K, rmsNorm, round, swiglu } from "./stepShaders.ts";

/** Where a handle's bytes lie on this GPU. */
export type Locate = (handle: Matrix | Vector) => GpuPlace | undefined;

export interface GpuOps {
  readonly verbs: Ops;
  /** Activations from JavaScript. */
  readonly upload: (values: Float32Array, tokens: number, width: number) => GpuHidden;
  /** `x` as matrices of this encoding want it; made at most once per `x`. */
  readonly encode: (x: GpuHidden, encoding: EncodingName) => GpuBuffer;
  readonly allocate: (tokens: number, width: number) => GpuHidden;
}

/** Beyond so many positions attention is split over workgroups: quicker, in another order of sums. */
const longContext = 4096;
/** Bytes of scores that a dispatch of attention may have; of a larger batch some tokens at a time. */
export const scratchBytes: number = 32 * 2 ** 20;

export function createGpuOps(backend: GpuBackend, locate: Locate): GpuOps {
  const { stack } = backend;
  const nowhere: GpuPlace = { buffer: backend.createBuffer(16, "nowhere"), byteOffset: 0 };

  const verbs: Ops = {
    embed() {
      throw new Error("tokens are embedded by the processor");
    },

    linear(weights, input) {
      const x = gpu(input, GpuHidden);
      const { format, rows, columns, bias } = weights;
      const output = allocate(x.tokens, rows);
      const { encoding } = multiplicationOf(format, backend.arithmetic);
      const { buffer, byteOffset } = place(weights);
      const { arithmetic, device } = backend;
      const shape = { format: format.name, arithmetic, rows, columns, tokens: x.tokens };
      const own = { weightBytes: byteOffset };
      const encoded = encode(x, encoding);
      const stepTo = (target: GpuBuffer, accumulate: boolean): GpuStep => ({
        ...matvecCall(shape, { ...own, accumulate }, device),
        bindings: [buffer, encoded, target, undefined, undefined],
      });
      const queued = backend.run(stepTo(output.buffer, false));
      output.adds = { queued, addedTo: (target) => stepTo(target, true) };
      if (bias !== undefined) {
        const step = addBias(rows, x.tokens * rows);
        backend.run({ ...step, bindings: [output.buffer, place(bias).buffer] });
      }
      return output;
    },

    addTo(target, addend) {
      const x = gpu(target, GpuHidden);
      const y = gpu(addend, GpuHidden);
      x.encoded.clear();
      const { adds } = y;
      // Nothing may come between the sum's making and the addition that could read either.
      if (adds !== undefined && adds.queued.isOpen && backend.isLast(adds.queued)) {
        backend.replace(adds.queued, adds.addedTo(x.buffer));
        y.adds = undefined;
        return;
      }
      backend.run({ ...add(x.tokens * x.width), bindings: [x.buffer, y.buffer] });
    },

    rmsNorm: (x, gain, epsilon) => normalise(x, gain, epsilon),
    rmsNormHeads: (x, gain, epsilon) => normalise(x, gain, epsilon),

    rotation(rope, positions) {
      const angles = new Float32Array(positions.length * rope.rotarySize);
      if (!backend.measuring) ropeAngles(rope, positions, angles);
      const buffer = stack.allocate(angles.byteLength);
      backend.write(buffer, 0, angles);
      return new GpuAngles(buffer, rope);
    },

    rotate(input, turn) {
      const x = gpu(input, GpuHidden);
      const { buffer, rope } = gpu(turn, GpuAngles);
      const { headSize, rotarySize, pairing } = rope;
      const shape = { headSize, rotarySize, pairing, heads: x.width / headSize, tokens: x.tokens };
      backend.run({ ...rotate(shape), bindings: [x.buffer, buffer] });
      return x;
    },

    remember(target, layer, keyRows, valueRows) {
      const cache = gpu(target, GpuKeyValueCache);
      const { keys, values } = cache.layer(layer);
      const { headSize, valueSize } = cache.shape;
      rememberRows(cache, gpu(keyRows, GpuHidden), keys, headSize);
      rememberRows(cache, gpu(valueRows, GpuHidden), values, valueSize);
    },

    attend: (queries, cache, layer, scale) => attention(queries, cache, layer, scale),

    swiglu(first, second) {
      const gate = gpu(first, GpuHidden);
      const up = gpu(second, GpuHidden);
      const output = allocate(gate.tokens, gate.width);
      const step = swiglu(gate.tokens * gate.width);
      backend.run({ ...step, bindings: [gate.buffer, up.buffer, output.buffer] });
      return output;
    },

    rows(input, indices) {
      const x = gpu(input, GpuHidden);
      const output = allocate(indices.length, x.width);
      if (backend.measuring) return output;
      const rowBytes = x.width * 4;
      for (const [row, index] of indices.entries()) {
        const { buffer } = x.buffer;
        backend.program.copy(buffer, index * rowBytes, output.buffer.buffer, row * rowBytes, rowBytes);
      }
      return output;
    },

    async eachLayer(layer, input, run) {
      const x = gpu(input, GpuHidden);
      const { mark } = stack;
      await backend.breathe();
      await run();
      x.encoded.clear();
      stack.release(mark);
      if (backend.measuring || !isHeard("sluice:layer")) return;
      const hidden = await backend.floatsOf(x);
      publish("sluice:layer", () => {
        return { model: backend.identity, layer, tokens: x.tokens, width: x.width, hidden };
      });
    },
  };
  return { verbs, upload, encode, allocate };

  function allocate(tokens: number, width: number): GpuHidden {
    return new GpuHidden(stack.allocate(tokens * width * 4), tokens, width);
  }

  function upload(values: Float32Array, tokens: number, width: number): GpuHidden {
    const x = allocate(tokens, width);
    backend.write(x.buffer, 0, values);
    return x;
  }

  function place(handle: Matrix | Vector): GpuPlace {
    const found = locate(handle);
    if (found !== undefined) return found;
    if (backend.measuring) return nowhere;
    throw new Error(`${handle.name} is not on ${backend.device.label}`);
  }

  function encode(x: GpuHidden, encoding: EncodingName): GpuBuffer {
    if (encoding === "f32") return x.buffer;
    const made = x.encoded.get(encoding);
    if (made !== undefined) return made;
    const output = stack.allocate(x.tokens * encodings[encoding].rowBytes(x.width));
    backend.run({ ...encodingStep(x, encoding), bindings: [x.buffer, output] });
    x.encoded.set(encoding, output);
    return output;
  }

  function normalise(input: Hidden, gain: Vector, epsilon: number): GpuHidden {
    const x = gpu(input, GpuHidden);
    const output = allocate(x.tokens, x.width);
    const rows = (x.tokens * x.width) / gain.length;
    const step = rmsNorm(gain.length, rows, epsilon);
    backend.run({ ...step, bindings: [x.buffer, place(gain).buffer, output.buffer] });
    return output;
  }

  function rememberRows(
    cache: GpuKeyValueCache,
    x: GpuHidden,
    buffer: GpuBuffer,
    size: number,
  ): void {
    const { format, capacity, shape } = cache;
    const { tokens } = x;
    // A measured batch has advanced nothing.
    const first = Math.max(0, cache.length - tokens);
    const heads = shape.keyValueHeadCount;
    const step = remember({ format, heads, size, capacity, first, tokens });
    backend.run({ ...step, bindings: [x.buffer, buffer] });
  }

  function attention(
    input: Hidden,
    target: KeyValueCache,
    layer: number,
    scale: number,
  ): GpuHidden {
    const queries = gpu(input, GpuHidden);
    const cache = gpu(target, GpuKeyValueCache);
    const { keyValueHeadCount, headSize, valueSize } = cache.shape;
    const heads = queries.width / headSize;
    const { format, capacity } = cache;
    const shape = {
      ...{ format, heads, headsPerKeyValueHead: heads / keyValueHeadCount },
      ...{ headSize, valueSize, capacity, scale },
    };
    const output = allocate(queries.tokens, heads * valueSize);
    const lengths = backend.measuring ? measuredLengths(capacity) : [cache.length];
    for (const length of lengths) attendBatch({ ...shape, length }, cache, layer, queries, output);
    return output;
  }

  /** Some tokens at a time, if the scratch of all would be large. */
  function attendBatch(
    { length, ...shape }: Omit<AttendShape, "first" | "tokens"> & { readonly length: number },
    cache: GpuKeyValueCache,
    layer: number,
    queries: GpuHidden,
    output: GpuHidden,
  ): void {
    const { tokens } = queries;
    const first = Math.max(0, length - tokens);
    const perToken = scratchSize({ ...shape, first: length - 1, tokens: 1 }) * 4;
    const tokensAtOnce = Math.max(1, Math.floor(scratchBytes / perToken));
    if (tokens <= tokensAtOnce) {
      attendTo({ ...shape, first, tokens }, cache, layer, queries, output);
      return;
    }
    const { mark } = stack;
    const some = allocate(tokensAtOnce, queries.width);
    const result = allocate(tokensAtOnce, output.width);
    for (let token = 0; token < tokens; token += tokensAtOnce) {
      const count = Math.min(tokensAtOnce, tokens - token);
      copyRows(queries, token, some, 0, count);
      attendTo({ ...shape, first: first + token, tokens: count }, cache, layer, some, result);
      copyRows(result, 0, output, token, count);
    }
    stack.release(mark);
  }

  function attendTo(
    shape: AttendShape,
    cache: GpuKeyValueCache,
    layer: number,
    queries: GpuHidden,
    output: GpuHidden,
  ): void {
    const { keys, values } = cache.layer(layer);
    const { mark } = stack;
    const scratch = stack.allocate(scratchSize(shape) * 4);
    if (isLong(shape)) {
      backend.run({ ...attendSplit(shape), bindings: [queries.buffer, keys, values, scratch] });
      backend.run({ ...attendMerge(shape), bindings: [scratch, undefined, output.buffer] });
    } else {
      const bindings = [queries.buffer, keys, values, scratch, undefined, output.buffer];
      backend.run({ ...attend(shape, visiblePositions(shape)), bindings });
    }
    stack.release(mark);
  }

  function copyRows(
    from: GpuHidden,
    fromRow: number,
    to: GpuHidden,
    toRow: number,
    rows: number,
  ): void {
    if (backend.measuring) return;
    const bytes = from.width * 4;
    const source = from.buffer.buffer;
    const target = to.buffer.buffer;
    backend.program.copy(source, fromRow * bytes, target, toRow * bytes, rows * bytes);
  }
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

function encodingStep(x: GpuHidden, encoding: EncodingName) {
  switch (encoding) {
    case "blocksQ8_0":
      return encodeQ8_0(x.width, x.tokens);
    case "blocksQ8_K":
      return encodeQ8_K(x.width, x.tokens);
    case "roundedF16":
      return round("f16", x.tokens * x.width);
    case "roundedBF16":
      return round("bf16", x.tokens * x.width);
    default:
      throw new Error(`no shader encodes activations as ${encoding}`);
  }
}
