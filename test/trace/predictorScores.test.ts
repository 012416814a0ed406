/** The scoreboard of predictors: what is scored, when, and the published values. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type PredictorScore,
  scorePredictors,
  standardPredictors,
} from "../../src/trace/metrics/predictorScores.ts";
import { openTrace } from "../../src/trace/openTrace.ts";
import { type RoutingTrace, RoutingTraceBuilder } from "../../src/trace/routingTrace.ts";
import { anyTrace, headerOf, traceOf } from "./metricSamples.ts";

const folder = fileURLToPath(new URL("../fixtures/traces/", import.meta.url));
const fixture = (model: string) =>
  openTrace(`${folder}${readdirSync(folder).find((name) => name.startsWith(`${model}.route`))}`);

function scoreOf(trace: RoutingTrace, name: string): PredictorScore | undefined {
  return scorePredictors(trace).find(({ predictor }) => predictor === name);
}

// Recalls published with the traces: previous token, static hot list, random.
test.for([
  ["qwen", 38.0, 37.6, 4.7],
  ["gptoss", 17.9, 26.7, 1.6],
] as const)("%s: the published recalls", async ([model, previous, hotList, random]) => {
  const trace = await fixture(model);
  const percent = (name: string) => 100 * scoreOf(trace, name)!.recall;
  expect(Math.abs(percent("previous-token") - previous)).toBeLessThan(0.1);
  expect(Math.abs(percent("static-hot-list") - hotList)).toBeLessThan(0.1);
  // The random ones depend on their numbers.
  expect(Math.abs(percent("random") - random)).toBeLessThan(0.3);
  expect(percent("transitions")).toBeGreaterThan(hotList + 5);
});

test("previous token and hot list are what plain counting says", () => {
  fc.assert(
    fc.property(anyTrace, (trace) => {
      const naive = naiveScores(trace);
      for (const name of ["previous-token", "static-hot-list"] as const) {
        const { used, found } = scoreOf(trace, name)!;
        expect({ used, found }).toEqual({ used: naive.used, found: naive[name] });
      }
    }),
  );
});

const shape = { layerCount: 2, expertsPerLayer: 4, expertsPerToken: 1 };

test("the first decode token of a sequence is not scored, nor is the prompt", () => {
  const token = [[0], [1]];
  const trace = traceOf(shape, [
    { phase: "prefill", experts: [token, token] },
    { experts: [token] },
    { experts: [token] },
    { sequence: 1, experts: [token] },
    { sequence: 1, experts: [token] },
  ]);
  expect(scoreOf(trace, "previous-token")).toMatchObject({ used: 4, recall: 1, precision: 1 });
});

test("a layer is guessed before it is seen, and after all before it", () => {
  // Layer 1 always takes the number of layer 0, which nobody can foresee.
  const numbers = [0, 1, 2, 3, 2, 1, 3, 0, 1, 2, 0, 3, 1, 0, 2, 3];
  const passes = [...numbers, ...numbers].map((n) => ({ experts: [[[n], [n]]] }));
  const { recallByLayer } = scoreOf(traceOf(shape, passes), "transitions")!;
  expect(recallByLayer[0]).toBeLessThan(0.6);
  expect(recallByLayer[1]).toBeGreaterThan(0.85);
});

test("look-ahead is scored where the trace has it, with what it says of the next layer", () => {
  const builder = new RoutingTraceBuilder(headerOf(shape), { lookahead: true });
  for (let position = 0; position < 5; position++) {
    for (const layer of [0, 1]) {
      const experts = Uint16Array.of((position * 3 + layer) % 4);
      const lookahead = new Float32Array(4);
      lookahead[(position * 3 + 1) % 4] = 1;
      const record = { sequence: 0, phase: "decode", position, layer, tokens: 1, experts } as const;
      builder.add(layer === 0 ? { ...record, lookahead } : record);
    }
  }
  const trace = builder.build();
  expect(standardPredictors(trace)[0]?.name).toBe("gate-lookahead");
  // Nothing foretells layer 0: it is not guessed, which costs recall but no precision.
  expect(scoreOf(trace, "gate-lookahead")).toMatchObject({
    ...{ used: 8, guessed: 4, found: 4 },
    ...{ recall: 0.5, precision: 1, recallByLayer: [0, 1] },
  });
  const without = traceOf(shape, [{ experts: [[[0], [0]]] }]);
  expect(standardPredictors(without).map(({ name }) => name)).not.toContain("gate-lookahead");
});

/** The two predictors as sentences, on the tokens that are scored. */
function naiveScores(trace: RoutingTrace) {
  const records = [...trace];
  const decode = records.filter(({ phase }) => phase === "decode");
  const result = { used: 0, "previous-token": 0, "static-hot-list": 0 };
  records.forEach((record, index) => {
    if (record.phase !== "decode") return;
    const first = decode.find(({ sequence }) => sequence === record.sequence)!;
    if (first.position === record.position) return;
    const { layer, experts } = record;
    const count = experts.length;
    const before = records.slice(0, index).findLast((one) => one.layer === layer)!;
    const previous = [...new Set(before.experts)].slice(0, trace.header.expertsPerToken);
    const uses = (expert: number) =>
      decode.filter((one) => one.layer === layer && one.experts.includes(expert)).length;
    const hotList = Array.from({ length: trace.header.expertsPerLayer }, (_, expert) => expert)
      .sort((a, b) => uses(b) - uses(a) || a - b)
      .slice(0, count);
    result.used += count;
    result["previous-token"] += [...experts].filter((one) => previous.includes(one)).length;
    result["static-hot-list"] += [...experts].filter((one) => hotList.includes(one)).length;
  });
  return result;
}
