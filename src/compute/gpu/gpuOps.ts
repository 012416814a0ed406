/** The verbs of `ops.ts` on a GPU. Each records its steps; what JavaScript must see is waited for. */
import { ropeAngles } from "../../numerics/rope.ts";
import { isHeard, publish } from "../../support/events.ts";
import type { EncodingName } from "../cpu/encodings.ts";
import type { Matrix, Ops, Vector } from "../ops.ts";
import { remember, rotate } from "./attentionShaders.ts";
import { attention } from "./gpuAttention.ts";
import type { GpuBackend } from "./gpuBackend.ts";
import { GpuEncodings } from "./gpuEncodings.ts";
import { GpuHeads } from "./gpuHeads.ts";
import { GpuKeyValueCache } from "./gpuKeyValueCache.ts";
import { GpuProducts } from "./gpuProducts.ts";
import { GpuAngles, type GpuBuffer, GpuHidden, type GpuPlace, gpu } from "./gpuTensors.ts";
import { add, addBias, swiglu } from "./stepShaders.ts";

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

export function createGpuOps(backend: GpuBackend, locate: Locate): GpuOps {
  const { stack } = backend;
  const encodings = new GpuEncodings(backend);
  const products = new GpuProducts(backend, encodings);
  const heads = new GpuHeads(backend);
  const nowhere: GpuPlace = { buffer: backend.createBuffer(16, "nowhere"), byteOffset: 0 };

  const verbs: Ops = {
    embed() {
      throw new Error("tokens are embedded by the processor");
    },

    linear(weights, input) {
      const x = gpu(input, GpuHidden);
      const { rows, bias } = weights;
      const output = allocate(x.tokens, rows);
      products.multiply(weights, place(weights), x, output);
      if (bias !== undefined) {
        const step = addBias(rows, x.tokens * rows);
        backend.run({ ...step, bindings: [output.buffer, place(bias).buffer] });
      }
      return output;
    },

    addTo(target, addend) {
      const x = gpu(target, GpuHidden);
      const y = gpu(addend, GpuHidden);
      x.change();
      const { adds } = y;
      y.adds = undefined;
      const plain = { ...add(x.tokens * x.width), bindings: [x.buffer, y.buffer] };
      if (adds !== undefined && backend.program.isUntouchedSince(adds.queued, plain.bindings)) {
        const step = adds.addedTo(x.buffer);
        // A step may not read what it adds to.
        if (step.bindings.filter((buffer) => buffer === x.buffer).length === 1) {
          adds.queued.replace(step);
          // What the processor makes of another batch has no step to do it.
          backend.want(plain);
          return;
        }
      }
      backend.run(plain);
    },

    rmsNorm: (x, gain, epsilon) =>
      encodings.normalise(gpu(x, GpuHidden), gain, place(gain).buffer, epsilon),

    rmsNormHeads(input, gain, epsilon) {
      const x = gpu(input, GpuHidden);
      const { buffer } = place(gain);
      if (GpuHeads.fits(gain.length)) return heads.norm(x, gain.length, buffer, epsilon);
      return encodings.normalise(x, gain, buffer, epsilon);
    },

    rotation(rope, positions) {
      const angles = new Float32Array(positions.length * rope.rotarySize);
      if (!backend.measuring) ropeAngles(rope, positions, angles);
      const buffer = stack.allocate(angles.byteLength);
      backend.write(buffer, 0, angles);
      return new GpuAngles(buffer, rope);
    },

    rotate(input, turn) {
      const x = gpu(input, GpuHidden);
      const angles = gpu(turn, GpuAngles);
      const { headSize, rotarySize, pairing } = angles.rope;
      if (GpuHeads.fits(headSize)) {
        heads.rotate(x, angles);
        return x;
      }
      x.change();
      const shape = { headSize, rotarySize, pairing, heads: x.width / headSize, tokens: x.tokens };
      backend.run({ ...rotate(shape), bindings: [x.buffer, angles.buffer] });
      return x;
    },

    remember(target, layer, keyRows, valueRows) {
      const cache = gpu(target, GpuKeyValueCache);
      const keys = gpu(keyRows, GpuHidden);
      const values = gpu(valueRows, GpuHidden);
      const { headSize, valueSize } = cache.shape;
      // One step may not bind what it changes twice.
      const areOne = keys.buffer === values.buffer;
      if (!areOne && GpuHeads.fits(Math.max(headSize, valueSize))) {
        heads.remember(cache, layer, keys, values);
        return;
      }
      const kept = cache.layer(layer);
      rememberRows(cache, keys, kept.keys, headSize);
      rememberRows(cache, values, kept.values, valueSize);
    },

    attend: (queries, cache, layer, scale) =>
      attention(backend, gpu(queries, GpuHidden), gpu(cache, GpuKeyValueCache), layer, scale),

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
      const rowBytes = x.width * 4;
      for (const [row, index] of indices.entries()) {
        const { buffer } = x.buffer;
        backend.program.copy(
          buffer,
          index * rowBytes,
          output.buffer.buffer,
          row * rowBytes,
          rowBytes,
        );
      }
      return output;
    },

    async eachLayer(layer, input, run) {
      const x = gpu(input, GpuHidden);
      const { mark } = stack;
      await backend.breathe();
      await run();
      x.change();
      stack.release(mark);
      if (backend.measuring || !isHeard("sluice:layer")) return;
      const hidden = await backend.floatsOf(x);
      publish("sluice:layer", () => {
        return { model: backend.identity, layer, tokens: x.tokens, width: x.width, hidden };
      });
    },
  };
  const encode = (x: GpuHidden, encoding: EncodingName) => encodings.encode(x, encoding);
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
    const step = remember({
      ...{ format, capacity, size, first, tokens },
      heads: shape.keyValueHeadCount,
    });
    backend.run({ ...step, bindings: [x.buffer, buffer] });
  }
}
