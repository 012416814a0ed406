/** Arbitrary traces for property tests: small, but with every optional column and odd order. */
import fc from "fast-check";
import type { TraceHeader, TraceRecord } from "../../src/trace/index.ts";

export interface SomeTrace {
  readonly header: TraceHeader;
  readonly records: readonly TraceRecord[];
}

const shapes = fc
  .record({
    layerCount: fc.integer({ min: 1, max: 4 }),
    // On both sides of the border between ids of one byte and of two.
    expertsPerLayer: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(256, 257, 65536)),
    fanOut: fc.integer({ min: 1, max: 4 }),
    withBytes: fc.boolean(),
    hasWeights: fc.boolean(),
    hasLogits: fc.boolean(),
    model: fc.string({ unit: "grapheme", maxLength: 12 }),
  })
  .map(({ layerCount, expertsPerLayer, fanOut, withBytes, hasWeights, hasLogits, model }) => ({
    model,
    architecture: "any",
    layerCount,
    expertsPerLayer,
    expertsPerToken: Math.min(fanOut, expertsPerLayer),
    expertBytes: withBytes ? Array.from({ length: layerCount }, (_, layer) => 100 + layer) : [],
    origin: "a property test",
    hasWeights,
    hasLogits: hasLogits && expertsPerLayer < 300,
  }));

/** Traces whose records come in any order, or (`orderly`) as a real engine's would. */
export function anyTrace({ orderly = false } = {}): fc.Arbitrary<SomeTrace> {
  return shapes.chain((header) =>
    (orderly ? orderlyPlaces(header) : fc.array(anyPlace(header), { maxLength: 12 }))
      .chain((places) => fc.tuple(...places.map((place) => anyRecord(header, place))))
      .map((records) => ({ header, records })),
  );
}

type Place = Pick<TraceRecord, "sequence" | "phase" | "position" | "layer" | "tokens">;

const anyCount = fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(2 ** 28, 2 ** 32 - 1));

function anyPlace({ layerCount }: TraceHeader): fc.Arbitrary<Place> {
  return fc.record({
    sequence: anyCount,
    phase: fc.constantFrom("prefill", "decode"),
    position: anyCount,
    layer: fc.nat({ max: layerCount - 1 }),
    tokens: fc.integer({ min: 1, max: 5 }),
  });
}

/** Prompts, computed in pieces of some tokens, each followed by a few generated tokens. */
function orderlyPlaces({ layerCount }: TraceHeader): fc.Arbitrary<Place[]> {
  const layers = Array.from({ length: layerCount }, (_, layer) => layer);
  const turn = fc.record({
    prompt: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    answer: fc.nat({ max: 3 }),
  });
  return fc.array(turn, { maxLength: 3 }).map((turns) =>
    turns.flatMap(({ prompt, answer }, sequence) => {
      let position = 0;
      const pass = (phase: "prefill" | "decode", tokens: number): Place[] => {
        const first = position;
        position += tokens;
        return layers.map((layer) => ({ sequence, phase, position: first, layer, tokens }));
      };
      const pieces = prompt.map((tokens) => pass("prefill", tokens));
      const steps = Array.from({ length: answer }, () => pass("decode", 1));
      return [...pieces, ...steps].flat();
    }),
  );
}

function anyRecord(header: TraceHeader, place: Place): fc.Arbitrary<TraceRecord> {
  const { expertsPerLayer, expertsPerToken, hasWeights, hasLogits } = header;
  const choices = place.tokens * expertsPerToken;
  return fc
    .record({
      experts: numbers(fc.nat({ max: expertsPerLayer - 1 }), choices),
      weights: floats(choices),
      logits: floats(hasLogits ? place.tokens * expertsPerLayer : 0),
      lookahead: expertsPerLayer < 300 ? fc.option(floats(expertsPerLayer)) : fc.constant(null),
    })
    .map(({ experts, weights, logits, lookahead }) => ({
      ...place,
      experts: Uint16Array.from(experts),
      ...(hasWeights && { weights }),
      ...(hasLogits && { logits }),
      ...(lookahead !== null && { lookahead }),
    }));
}

function numbers(each: fc.Arbitrary<number>, length: number): fc.Arbitrary<number[]> {
  return fc.array(each, { minLength: length, maxLength: length });
}

function floats(length: number): fc.Arbitrary<Float32Array> {
  const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
  // Minus zero is lost in text: no router's weight is one.
  return numbers(finite, length).map((values) => Float32Array.from(values, (value) => value + 0));
}
