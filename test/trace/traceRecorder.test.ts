/** The recorder: several sequences of its own model, and failures told once. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModel } from "../../src/generation/languageModel.ts";
import { publish } from "../../src/support/events.ts";
import { openTrace } from "../../src/trace/openTrace.ts";
import { TraceRecorder } from "../../src/trace/traceRecorder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();

test("sequences that take turns are told apart, and other models are not recorded", async () => {
  await using model = await openModel(undefined, { threads: 1 });
  await using other = await openModel(undefined, { threads: 1 });
  const path = join(scratch, "turns.trace");
  const recorder = new TraceRecorder(path, model);
  const [one, two] = [model.createSequence(), model.createSequence()];
  await one.feed([1, 2, 3]);
  await other.createSequence().feed([1, 2]);
  await Promise.all([two.feed([4, 5]), one.feed([6])]);
  await two.feed([7]);
  recorder.close();
  const trace = await openTrace(path);
  const passes = [...trace].filter(({ layer }) => layer === 0);
  expect(
    passes.map(({ sequence, phase, position, tokens }) => [sequence, phase, position, tokens]),
  ).toEqual([
    [0, "prefill", 0, 3],
    [1, "prefill", 0, 2],
    [0, "decode", 3, 1],
    [1, "decode", 2, 1],
  ]);
  expect(trace.recordCount).toBe(4 * model.expertLayers.length);
});

/** A model of one layer with 4 experts, of which each token gets 2. */
const identity = {};
const shape = { architecture: "none", expertsPerToken: 2 };
const expertLayers = [{ layer: 0, expertCount: 4, expertBytes: 10 }];
const model = { identity, name: "none", shape, expertLayers };

function route(experts: readonly number[]): void {
  publish("sluice:routing", () => ({
    ...{ model: identity, layer: 0, tokens: 1, k: 2, lookahead: undefined },
    experts: Int32Array.from(experts),
    weights: new Float32Array(2),
    logits: new Float32Array(4),
    pass: { sequence: 0, position: 0, phase: "decode" },
  }));
}

test("a record that cannot be is told at once and once, and the others are kept", async () => {
  const path = join(scratch, "wrong.trace");
  const told: string[] = [];
  const recorder = new TraceRecorder(path, model, {
    onFailure: ({ message }) => told.push(message),
  });
  route([0, 1]);
  expect(told).toEqual([]);
  route([0, 4]);
  route([5, 1]);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("expert 4 of 4");
  expect(recorder.failure?.message).toBe(told[0]);
  route([2, 3]);
  expect(() => recorder.close()).toThrow("expert 4 of 4");
  expect(() => recorder.close()).not.toThrow();
  route([2, 3]);
  expect((await openTrace(path)).recordCount).toBe(2);
});

test("a place that is full from the start is refused", () => {
  const refused = () => new TraceRecorder("/dev/full", model);
  expect(refused).toThrow("no space left on device");
  // Nobody listens any more.
  expect(() => route([0, 4])).not.toThrow();
});
