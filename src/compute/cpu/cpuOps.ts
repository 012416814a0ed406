/** The verbs of `ops.ts` on WASM kernels and threads. Each runs when it is called. */
import { ropeAngles } from "../../numerics/rope.ts";
import { publish } from "../../support/events.ts";
import type { KeyValueCache } from "../keyValueCache.ts";
import type { Hidden, Ops, Vector } from "../ops.ts";
import type { CpuBackend } from "./cpuBackend.ts";
import { CpuKeyValueCache } from "./cpuKeyValueCache.ts";
import { CpuAngles, CpuHidden, CpuMatrix, CpuVector, cpu } from "./cpuTensors.ts";
import { attend, remember, rotate } from "./jobs/attention.ts";
import { add, rmsNorm, swiglu } from "./jobs/elementwise.ts";

export function createCpuOps(backend: CpuBackend): Ops {
  const { workspace, multiplier, jobs } = backend;

  return {
    embed(table, tokens) {
      const matrix = cpu(table, CpuMatrix);
      const x = allocate(tokens.length, matrix.columns);
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
      const output = allocate(x.tokens, matrix.rows);
      const region = backend.place(matrix.name, matrix.region);
      multiplier.multiply([
        {
          matrix,
          region,
          input: multiplier.encode(x, matrix),
          tokens: x.tokens,
          output: output.address,
        },
      ]);
      if (matrix.bias !== undefined) addBias(output, matrix.bias);
      return output;
    },

    addTo(target, addend) {
      const x = cpu(target, CpuHidden);
      const y = cpu(addend, CpuHidden);
      x.encoded.clear();
      jobs.add(
        add,
        { items: x.tokens, workPerItem: x.width },
        { x: x.address, y: y.address, width: x.width },
      );
      backend.run(jobs);
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
      jobs.add(
        rotate,
        { items: x.tokens, workPerItem: 2 * x.width },
        {
          x: x.address,
          angles: address,
          headSize: rope.headSize,
          rotarySize: rope.rotarySize,
          heads: x.width / rope.headSize,
          neox: rope.pairing === "neox" ? 1 : 0,
        },
      );
      backend.run(jobs);
      return x;
    },

    remember(target, layer, keys, values) {
      const cache = cpu(target, CpuKeyValueCache);
      if (backend.measuring) return;
      const { headSize, valueSize } = cache.shape;
      const place = cache.layer(layer);
      addRemember(cache, place.arena.index, cpu(keys, CpuHidden), place.keys, headSize);
      addRemember(cache, place.arena.index, cpu(values, CpuHidden), place.values, valueSize);
      backend.run(jobs);
    },

    attend: (queries, cache, layer, scale) => attention(queries, cache, layer, scale),

    swiglu(first, second) {
      const gate = cpu(first, CpuHidden);
      const up = cpu(second, CpuHidden);
      const output = allocate(gate.tokens, gate.width);
      jobs.add(
        swiglu,
        { items: gate.tokens, workPerItem: 8 * gate.width },
        { gate: gate.address, up: up.address, output: output.address, width: gate.width },
      );
      backend.run(jobs);
      return output;
    },

    rows(input, indices) {
      const x = cpu(input, CpuHidden);
      const output = allocate(indices.length, x.width);
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
      const mark = workspace.mark;
      await backend.breathe();
      await run();
      x.encoded.clear();
      workspace.release(mark);
      if (backend.measuring) return;
      publish("sluice:layer", () => ({
        model: backend.identity,
        layer,
        tokens: x.tokens,
        width: x.width,
        hidden: backend.floatsOf(x).slice(),
      }));
    },
  };

  function allocate(tokens: number, width: number): CpuHidden {
    return new CpuHidden(workspace.allocate(tokens * width * 4), tokens, width);
  }

  function normalise(input: Hidden, gain: Vector, epsilon: number): CpuHidden {
    const x = cpu(input, CpuHidden);
    const output = allocate(x.tokens, x.width);
    const region = backend.place(gain.name, cpu(gain, CpuVector).region);
    const rows = (x.tokens * x.width) / gain.length;
    jobs.add(
      rmsNorm,
      { items: rows, workPerItem: 2 * gain.length },
      {
        source: x.address,
        gain: region.address,
        output: output.address,
        width: gain.length,
        epsilon,
      },
    );
    backend.run(jobs);
    return output;
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
    const output = allocate(queries.tokens, heads * valueSize);
    if (backend.measuring) return output;
    const { arena, keys, values } = cache.layer(layer);
    const items = queries.tokens * heads;
    jobs.add(
      attend,
      { arena: arena.index, items, workPerItem: cache.length * (headSize + valueSize) },
      {
        queries: queries.address,
        output: output.address,
        keys,
        values,
        half: cache.format === "f16" ? 1 : 0,
        heads,
        headsPerKeyValueHead: heads / keyValueHeadCount,
        sizes: headSize | (valueSize << 16),
        capacity: cache.capacity,
        first: cache.length - queries.tokens,
        scale,
      },
    );
    backend.run(jobs);
    return output;
  }

  function addRemember(
    cache: CpuKeyValueCache,
    arena: number,
    x: CpuHidden,
    address: number,
    size: number,
  ): void {
    jobs.add(
      remember,
      { arena, items: x.tokens, workPerItem: 2 * x.width },
      {
        source: x.address,
        cache: address,
        half: cache.format === "f16" ? 1 : 0,
        heads: cache.shape.keyValueHeadCount,
        size,
        capacity: cache.capacity,
        first: cache.length - x.tokens,
      },
    );
  }

  function addBias(output: CpuHidden, bias: CpuVector): void {
    if (backend.measuring) return;
    const { arena, address } = backend.place(bias.name, bias.region);
    const added = new Float32Array(arena.bytes.buffer, address, bias.length);
    const sum = backend.floatsOf(output);
    for (let index = 0; index < sum.length; index++) {
      sum[index] = (sum[index] ?? 0) + (added[index % bias.length] ?? 0);
    }
  }
}
