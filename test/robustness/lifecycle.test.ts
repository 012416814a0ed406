/** Calls at the wrong moment get a typed error, and the next call works. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { type LanguageModel, openModel } from "../../src/generation/languageModel.ts";
import { subscribe } from "../../src/support/events.ts";
import { errorOf } from "../support/errorOf.ts";
import { writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { holdings } from "./holdings.ts";
import { tinyModel } from "./tinyModels.ts";

const path = writeGguf(join(scratchFolder(), "tiny.gguf"), tinyModel("qwen3moe"));
const open = () => openModel(path, { threads: 2, contextLength: 64, batchTokens: 4 });
const prompt = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14];

/** Greedy: the same tokens from every healthy model. */
async function generated(model: LanguageModel): Promise<readonly number[]> {
  const generation = model.generate(prompt, { maxTokens: 6, temperature: 0 });
  await Array.fromAsync(generation);
  return generation.tokens;
}

await using healthy = await open();
const expected = await generated(healthy);

test("a second feed of one sequence is refused, and the first is not disturbed", async () => {
  await using model = await open();
  using sequence = model.createSequence();
  const first = sequence.feed(prompt);
  expect(await errorOf(sequence.feed([1]))).toMatchInlineSnapshot(
    `"busy: this sequence is being fed; wait until that call has ended"`,
  );
  expect(() => sequence.rewind(0)).toThrow("is being fed");
  const logits = await first;
  expect(sequence.tokens).toEqual(prompt);
  using fresh = model.createSequence();
  expect(await fresh.feed(prompt)).toEqual(logits);
  sequence.rewind(4);
  expect(await sequence.feed(prompt.slice(4))).toEqual(logits);
});

test("of two generations on one sequence the second is refused", async () => {
  await using model = await open();
  using sequence = model.createSequence();
  const options = { sequence, maxTokens: 6, temperature: 0 };
  const first = model.generate(prompt, options);
  const running = Array.fromAsync(first);
  const second = Array.fromAsync(model.generate(prompt, options));
  expect(await errorOf(second)).toContain("busy");
  await running;
  expect(first.tokens).toEqual(expected);
});

test("a sequence disposed of while it is fed ends that call, and its memory serves the next", async () => {
  await using model = await open();
  const sequence = model.createSequence();
  await sequence.feed(prompt);
  const stop = subscribe("sluice:layer", () => sequence[Symbol.dispose]());
  expect(await errorOf(sequence.feed(prompt))).toBe("closed: this sequence has been closed");
  stop();
  expect(sequence.tokens).toEqual([]);
  expect(await generated(model)).toEqual(expected);
});

test("a cancellation in the middle of a token ends it there", async () => {
  await using model = await open();
  const controller = new AbortController();
  const generation = model.generate(prompt, { temperature: 0, signal: controller.signal });
  const layers: number[] = [];
  const stop = subscribe("sluice:layer", ({ model: source, layer, tokens }) => {
    if (source !== model.identity || tokens > 1) return;
    layers.push(layer);
    controller.abort("enough");
  });
  expect(await errorOf(Array.fromAsync(generation))).toBe("aborted: the generation was cancelled");
  stop();
  expect(layers).toEqual([0]);
  expect(generation.tokens).toHaveLength(1);
  expect(await generated(model)).toEqual(expected);
});

test("a model closed while it generates ends the generation, and nothing stays", async () => {
  const before = await holdings();
  const model = await open();
  const unused = model.generate(prompt);
  const run = async () => {
    for await (const _ of model.generate(prompt, { maxTokens: 50, temperature: 0 })) {
      void model[Symbol.asyncDispose]();
    }
  };
  expect(await errorOf(run())).toBe("closed: tiny.gguf has been closed");
  expect(await errorOf(Array.fromAsync(unused))).toBe("closed: tiny.gguf has been closed");
  expect(await errorOf(model.holdThreads())).toBe("closed: tiny.gguf has been closed");
  await model[Symbol.asyncDispose]();
  const after = await holdings();
  expect(after.openFiles).toBe(before.openFiles);
  expect(after.threads).toBeLessThanOrEqual(before.threads);
  await using next = await open();
  expect(await generated(next)).toEqual(expected);
});

test("a prompt longer than the context and an empty one are refused", async () => {
  await using model = await open();
  const long = new Array<number>(65).fill(1);
  expect(await errorOf(Array.fromAsync(model.generate(long)))).toBe(
    "context-full: 65 tokens do not fit a context of 64; ask for a longer context or feed less",
  );
  expect(await errorOf(Array.fromAsync(model.generate([])))).toBe("bad-option: no tokens to feed");
  expect(await generated(model)).toEqual(expected);
});

test("an iteration that is broken off gives sequence and threads back", async () => {
  await using model = await open();
  for (let round = 0; round < 5; round++) {
    for await (const _ of model.generate(prompt, { temperature: 0 })) break;
  }
  expect(await generated(model)).toEqual(expected);
});
