/**
 * The verbs of `ops.ts` on WASM kernels and threads. A verb appends jobs to the schedule; they have
 * run when somebody reads their results, or the layer ends.
 */
import { channel } from "node:diagnostics_channel";
import { ropeAngles } from "../../numerics/rope.ts";
import { publish } from "../../support/events.ts";
import { type KeyValueCache, keyValueFormats } from "../keyValueCache.ts";
import type { Hidden, Ops, Vector } from "../ops.ts";
import type { CpuBackend } from "./cpuBackend.ts";
import { CpuKeyValueCache } from "./cpuKeyValueCache.ts";
import { CpuAngles, CpuHidden, CpuMatrix, CpuVector, cpu } from "./cpuTensors.ts";
import { attend, remember, rotate } from "./jobs/attention.ts";
import { add, rmsNorm, swiglu } from "./jobs/elementwise.ts";

/** Multiply-adds of a matrix that take as long as one value does here, roughly. */
const valueWork = { add: 8, rmsNorm: 40, rotate: 16, remember: 16, swiglu: 60 } as const;

const layerEvents = channel("sluice:layer");

export function createCpuOps(backend: CpuBackend): Ops {
  const { activations, workspace, multiplier, schedule } = backend;
  /** The latest round in which some cache is read or written. */
  let cacheRound = 0;

  return {
    embed(table, tokens) {
      const matrix = cpu(table, CpuMatrix);
      const x = activations.allocate(tokens.length, matrix.columns);
      if (backend.measuring) return x;
      const output = backend.floatsOf(x);
      const { arena, address } = backend.place(matrix.name, matrix.region);
      for (const [index, token] of tokens.entries()) {
        const start = address + token * matrix.rowBytes;
        const row = arena.bytes.subarray(start, start + matrix.rowBytes);
        matrix.format.dequantise(row, output.subarray(index * x.width, (index + 1) * x.width));
      }
      return x;
    },

    linear(weights, input) {
      const matrix = cpu(weights, CpuMatrix);
      const x = cpu(input, CpuHidden);
      const output = activations.allocate(x.tokens, matrix.rows);
      const region = backend.place(matrix.name, matrix.region);
      const { bias } = matrix;
      const biasAddress = bias === undefined ? 0 : backend.place(bias.name, bias.region).address;
      multiplier.multiply(matrix, region, x, output, biasAddress);
      return output;
    },

    addTo(target, addend) {
      const x = cpu(target, CpuHidden);
      const y = cpu(addend, CpuHidden);
      const job = schedule.addByRow(add, valueWork.add * x.width, x, y, x);
      job.x = x.address;
      job.y = y.address;
      job.width = x.width;
      x.forgetEncoded();
    },

    rmsNorm: (x, gain, epsilon) => normalise(x, gain, epsilon),
    rmsNormHeads: (x, gain, epsilon) => normalise(x, gain, epsilon),

    rotation(rope, positions) {
      const byteLength = positions.length * rope.rotarySize * 4;
      const address = workspace.allocate(byteLength);
      if (!backend.measuring) {
        const table = new Float32Array(backend.hub.bytes.buffer, address, byteLength / 4);
        ropeAngles(rope, positions, table);
      }
      return new CpuAngles(address, rope);
    },

    rotate(input, turn) {
      const x = cpu(input, CpuHidden);
      const { address, rope } = cpu(turn, CpuAngles);
      const job = schedule.addByRow(rotate, valueWork.rotate * x.width, x, x, x);
      job.x = x.address;
      job.angles = address;
      job.headSize = rope.headSize;
      job.rotarySize = rope.rotarySize;
      job.heads = x.width / rope.headSize;
      job.neox = rope.pairing === "neox" ? 1 : 0;
      x.forgetEncoded();
      return x;
    },

    remember(target, layer, keys, values) {
      const cache = cpu(target, CpuKeyValueCache);
      const { headSize, valueSize } = cache.shape;
      if (cacheRound === schedule.round) schedule.finishAll();
      const place = backend.measuring ? undefined : cache.layer(layer);
      const arena = place?.arena.index ?? 0;
      addRemember(cache, arena, cpu(keys, CpuHidden), place?.keys ?? 0, headSize);
      addRemember(cache, arena, cpu(values, CpuHidden), place?.values ?? 0, valueSize);
      cacheRound = schedule.round;
    },

    attend: (queries, cache, layer, scale) => attention(queries, cache, layer, scale),

    swiglu(first, second) {
      const gate = cpu(first, CpuHidden);
      const up = cpu(second, CpuHidden);
      const output = activations.allocate(gate.tokens, gate.width);
      const job = schedule.addByRow(swiglu, valueWork.swiglu * gate.width, gate, up, output);
      job.gate = gate.address;
      job.up = up.address;
      job.output = output.address;
      job.width = gate.width;
      return output;
    },

    rows(input, indices) {
      const x = cpu(input, CpuHidden);
      const output = activations.allocate(indices.length, x.width);
      schedule.finish(x);
      if (backend.measuring) return output;
      const from = backend.floatsOf(x);
      const to = backend.floatsOf(output);
      for (const [row, index] of indices.entries()) {
        to.set(from.subarray(index * x.width, (index + 1) * x.width), row * x.width);
      }
      return output;
    },

    async eachLayer(layer, input, run) {
      const x = cpu(input, CpuHidden);
      const { mark } = workspace;
      await backend.breathe();
      await run();
      schedule.finishAll();
      x.forgetEncoded();
      workspace.release(mark);
      if (backend.measuring || !layerEvents.hasSubscribers) return;
      publish("sluice:layer", () => ({
        model: backend.identity,
        layer,
        tokens: x.tokens,
        width: x.width,
        hidden: backend.floatsOf(x).slice(),
      }));
    },
  };

  function normalise(input: Hidden, gain: Vector, epsilon: number): CpuHidden {
    const x = cpu(input, CpuHidden);
    const output = activations.allocate(x.tokens, x.width);
    const region = backend.place(gain.name, cpu(gain, CpuVector).region);
    const job = schedule.addByRow(rmsNorm, valueWork.rmsNorm * x.width, x, x, output);
    job.source = x.address;
    job.gain = region.address;
    job.output = output.address;
    job.width = gain.length;
    job.parts = x.width / gain.length;
    job.epsilon = epsilon;
    return output;
  }

  function addRemember(
    cache: CpuKeyValueCache,
    arena: number,
    x: CpuHidden,
    address: number,
    size: number,
  ): void {
    const work = valueWork.remember * x.width;
    const job = schedule.addByRow(remember, work, x, x, undefined, arena);
    job.source = x.address;
    job.cache = address;
    job.format = keyValueFormats.indexOf(cache.format);
    job.heads = cache.shape.keyValueHeadCount;
    job.size = size;
    job.capacity = cache.capacity;
    job.first = cache.length - x.tokens;
  }

  function attention(
    input: Hidden,
    target: KeyValueCache,
    layer: number,
    scale: number,
  ): CpuHidden {
    const queries = cpu(input, CpuHidden);
    const cache = cpu(target, CpuKeyValueCache);
    const { keyValueHeadCount, headSize, valueSize } = cache.shape;
    const heads = queries.width / headSize;
    const output = activations.allocate(queries.tokens, heads * valueSize);
    // The queries, and what the cache is to remember.
    schedule.finishAll();
    const place = backend.measuring ? undefined : cache.layer(layer);
    const work = cache.length * (headSize + valueSize);
    const job = schedule.add(attend, queries.tokens * heads, work, place?.arena.index ?? 0);
    job.queries = queries.address;
    job.output = output.address;
    job.keys = place?.keys ?? 0;
    job.values = place?.values ?? 0;
    job.format = keyValueFormats.indexOf(cache.format);
    job.tokens = queries.tokens;
    job.heads = heads;
    job.headsPerKeyValueHead = heads / keyValueHeadCount;
    job.sizes = headSize | (valueSize << 16);
    job.capacity = cache.capacity;
    job.first = cache.length - queries.tokens;
    job.scale = scale;
    schedule.noteRead(queries);
    schedule.noteWritten(output);
    cacheRound = schedule.round;
    return output;
  }
}
