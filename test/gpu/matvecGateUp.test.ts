import { describe, expect, test } from "vitest";
import {
  type GateActivation,
  gateUpCall,
  type MatvecShape,
} from "../../src/compute/gpu/matvecShaders.ts";
import { bits } from "../kernels/kernelBed.ts";
import type { Product } from "../kernels/kernelRun.ts";
import {
  encodedInput,
  inLargeTiles,
  inNumbers,
  MatvecBench,
  onCpu,
  randomProduct,
  swigluOnCpu,
} from "./matvecRun.ts";
import { testDevice } from "./testDevice.ts";

const device = await testDevice();
const bench = new MatvecBench(device);
const adapter = { features: new Set<string>() };

/** A gate and an up-projection of the same input, and both matrices in one buffer. */
function pairOf(shape: Parameters<typeof randomProduct>[0], scale = 1) {
  const gate = randomProduct(shape, 1);
  gate.x.forEach((value, i) => {
    gate.x[i] = value * scale;
  });
  const up: Product = { ...randomProduct(shape, 2), x: gate.x };
  const upBytes = Math.ceil(gate.weights.length / 4) * 4;
  const weights = new Uint8Array(upBytes + up.weights.length);
  weights.set(gate.weights);
  weights.set(up.weights, upBytes);
  return { gate, up, upBytes, weights };
}

describe.each(["Q4_K", "Q8_0", "MXFP4", "F16"] as const)("%s", (format) => {
  test.each([1, 6])(
    "with %i tokens, fast has the bits of two products and swiglu",
    async (tokens) => {
      const { gate, up, upBytes, weights } = pairOf({ format, rows: 21, columns: 512, tokens });
      const make = (shape: MatvecShape) => gateUpCall(shape, { weightBytes: 0, upBytes }, adapter);
      const result = await bench.run(inLargeTiles(make, { ...gate, arithmetic: "fast" }), {
        weights,
        input: encodedInput(gate),
        output: new Float32Array(21 * tokens),
      });
      expect(bits(result)).toEqual(bits(swigluOnCpu(onCpu(gate), onCpu(up))));
    },
  );
});

test("a small matrix, in small tiles", async () => {
  const { gate, up, upBytes, weights } = pairOf({
    format: "Q5_K",
    rows: 3,
    columns: 256,
    tokens: 1,
  });
  const shape: MatvecShape = { ...gate, arithmetic: "fast" };
  const result = await bench.run(gateUpCall(shape, { weightBytes: 0, upBytes }, adapter), {
    weights,
    input: encodedInput(gate),
    output: new Float32Array(3),
  });
  expect(bits(result)).toEqual(bits(swigluOnCpu(onCpu(gate), onCpu(up))));
});

test("slots hold both matrices; absent ones are skipped", async () => {
  const { gate, up, upBytes, weights } = pairOf({
    format: "Q4_0",
    rows: 9,
    columns: 96,
    tokens: 2,
  });
  const place = { weightBytes: 0, upBytes, slotBytes: 8 };
  const shape: MatvecShape = { ...gate, arithmetic: "fast", groups: 3 };
  const result = await bench.run(gateUpCall(shape, place, adapter), {
    weights: Buffer.concat([new Uint8Array(16), weights]),
    input: encodedInput(gate),
    output: new Float32Array(36).fill(7),
    groups: [2, 0, 1, 0, 0xffffffff, 1, 2, 0, 2, 3, 1, 0],
    inputRows: [1, 0, 0, 0],
  });
  const expected = swigluOnCpu(onCpu(gate), onCpu(up));
  expect(bits(result.subarray(0, 9))).toEqual(bits(expected.subarray(9)));
  expect([...result.subarray(9, 27)]).toEqual(new Array(18).fill(7));
  expect(bits(result.subarray(27))).toEqual(bits(expected.subarray(0, 9)));
});

const formulas: Record<GateActivation, (gate: number, up: number) => number> = {
  swiglu: (gate, up) => (gate / (1 + Math.exp(-gate))) * up,
  swigluClamped: (gate, up) => {
    const g = Math.min(gate, 7);
    return (g / (1 + Math.exp(-1.702 * g))) * (Math.max(-7, Math.min(up, 7)) + 1);
  },
  geglu: (gate, up) => {
    const inner = Math.sqrt(2 / Math.PI) * (gate + 0.044715 * gate ** 3);
    return 0.5 * gate * (1 + Math.tanh(inner)) * up;
  },
};

test.each(Object.keys(formulas) as GateActivation[])(
  "exact %s is the formula",
  async (activation) => {
    const { gate, up, upBytes, weights } = pairOf({
      format: "Q8_0",
      rows: 30,
      columns: 64,
      tokens: 1,
    });
    const shape: MatvecShape = { ...gate, arithmetic: "exact" };
    const call = gateUpCall(shape, { weightBytes: 0, upBytes, activation }, adapter);
    const result = await bench.run(call, {
      weights,
      input: gate.x,
      output: new Float32Array(30),
    });
    const gates = inNumbers(gate).values;
    const ups = inNumbers(up).values;
    for (const [i, value] of result.entries()) {
      const expected = formulas[activation](gates[i], ups[i]);
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(
        1e-4 * Math.max(1, Math.abs(expected)),
      );
    }
  },
);
