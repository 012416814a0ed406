/** Small random traces for tests of metrics, and a way to write one down. */
import fc from "fast-check";
import { type RoutingTrace, RoutingTraceBuilder } from "../../src/trace/routingTrace.ts";
import type { TraceHeader } from "../../src/trace/traceHeader.ts";
import type { Phase } from "../../src/trace/traceRecord.ts";

export interface Shape {
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  readonly expertsPerToken: number;
}

/** One forward pass: per token and layer the experts, `experts[token][layer]`. */
export interface Pass {
  readonly sequence?: number;
  readonly phase?: Phase;
  readonly experts: readonly (readonly (readonly number[])[])[];
}

export function headerOf(shape: Shape, model = "sample"): TraceHeader {
  return {
    ...shape,
    model,
    architecture: "test",
    expertBytes: [],
    origin: "test",
    hasWeights: false,
    hasLogits: false,
  };
}

export function traceOf(shape: Shape, passes: readonly Pass[]): RoutingTrace {
  const builder = new RoutingTraceBuilder(headerOf(shape));
  const positions = new Map<number, number>();
  for (const { sequence = 0, phase = "decode", experts } of passes) {
    const position = positions.get(sequence) ?? 0;
    for (let layer = 0; layer < shape.layerCount; layer++) {
      const chosen = Uint16Array.from(experts.flatMap((token) => token[layer] ?? []));
      builder.add({ sequence, phase, position, layer, tokens: experts.length, experts: chosen });
    }
    positions.set(sequence, position + experts.length);
  }
  return builder.build();
}

const anyShape = fc.record({
  layerCount: fc.integer({ min: 1, max: 3 }),
  expertsPerLayer: fc.integer({ min: 3, max: 6 }),
  expertsPerToken: fc.integer({ min: 1, max: 3 }),
});

/** A prompt now and then, several sequences, one to three layers. */
export const anyTrace: fc.Arbitrary<RoutingTrace> = anyShape.chain((shape) => {
  const choice = fc.uniqueArray(fc.nat({ max: shape.expertsPerLayer - 1 }), {
    minLength: shape.expertsPerToken,
    maxLength: shape.expertsPerToken,
  });
  const token = fc.array(choice, { minLength: shape.layerCount, maxLength: shape.layerCount });
  const pass = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        sequence: fc.nat({ max: 1 }),
        phase: fc.constant("decode" as const),
        experts: fc.array(token, { minLength: 1, maxLength: 1 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        sequence: fc.nat({ max: 1 }),
        phase: fc.constant("prefill" as const),
        experts: fc.array(token, { minLength: 1, maxLength: 4 }),
      }),
    },
  );
  return fc.array(pass, { minLength: 1, maxLength: 14 }).map((passes) => traceOf(shape, passes));
});
