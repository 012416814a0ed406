/** Compute threads that die, rest or starve: a typed error at worst, and the next generation works. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as wait } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeEach, expect, test } from "vitest";
import { type LanguageModel, openModel } from "../../src/generation/languageModel.ts";
import { subscribe as subscribeTo } from "../../src/support/events.ts";
import { goldenModel } from "../cli/sluice.ts";

/** Node reports every thread that is started. */
const started: Worker[] = [];
const onStart = (message: unknown) => {
  started.push((message as { worker: Worker }).worker);
};
subscribe("worker_threads", onStart);
afterAll(() => unsubscribe("worker_threads", onStart));
beforeEach(() => {
  started.length = 0;
});

const prompt = Array.from({ length: 40 }, (_, index) => index + 3);
const open = () => openModel(goldenModel, { threads: 2, contextLength: 128, stallMs: 500 });

async function generated(model: LanguageModel): Promise<readonly number[]> {
  const generation = model.generate(prompt, { maxTokens: 20, temperature: 0 });
  await Array.fromAsync(generation);
  return generation.tokens;
}

await using healthy = await openModel(goldenModel, { threads: 1, contextLength: 128 });
const expected = await generated(healthy);

test("a thread killed between two tokens is replaced, and not a token changes", async () => {
  await using model = await open();
  const generation = model.generate(prompt, { maxTokens: 20, temperature: 0 });
  for await (const _ of generation) {
    if (generation.tokens.length === 4) await started[0].terminate();
  }
  expect(generation.tokens).toEqual(expected);
  expect(started.length).toBeGreaterThan(1);
});

test("a thread killed inside a token ends the generation at worst, and the next one is whole", async () => {
  await using model = await open();
  for (let layer = 0; layer < 2; layer++) {
    const stop = subscribeTo("sluice:layer", (event) => {
      if (event.layer === layer && event.model === model.identity) void started.pop()?.terminate();
    });
    const outcome = await generated(model).catch((error: unknown) => error);
    stop();
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: "thread-failed" });
    else expect(outcome).toEqual(expected);
    expect(await generated(model)).toEqual(expected);
  }
}, 30_000);

test("threads rest while nobody asks for the next piece, and come back", async () => {
  await using model = await open();
  const generation = model.generate(prompt, { maxTokens: 20, temperature: 0 });
  const pieces = generation[Symbol.asyncIterator]();
  await pieces.next();
  await wait(2500);
  while (!(await pieces.next()).done);
  expect(generation.tokens).toEqual(expected);
  expect(started.length).toBe(1);
});
