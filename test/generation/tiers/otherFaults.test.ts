/** Models that are closed, memory that is refused and threads that die while experts are on their way. */
import diagnostics from "node:diagnostics_channel";
import { setTimeout as wait } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import { openModel } from "../../../src/generation/languageModel.ts";
import { subscribe } from "../../../src/support/events.ts";
import { holdings } from "../../robustness/holdings.ts";
import { errorOf } from "../../support/errorOf.ts";
import {
  expected,
  expectNoLeases,
  generated,
  generation,
  openWith,
  path,
  prompt,
  roomy,
  tight,
} from "./faultBed.ts";
import { gate, openFaulty } from "./faultyFile.ts";
import { budgetsOf, fixture } from "./tierModels.ts";

describe("closing", () => {
  test("while experts are read in the background leaves nothing open", async () => {
    const before = await holdings();
    const faulty = await openFaulty(path);
    const door = gate();
    faulty.onRead = door.wait;
    const model = await openWith(faulty, roomy);
    expect(model.experts.pending).toBe(model.experts.experts);
    const closing = model[Symbol.asyncDispose]();
    expect(await errorOf(generated(model))).toMatch(/^closed/);
    door.open();
    await closing;
    expect(faulty.reads).toBeLessThan(30); // of 24 experts, in three parts each
    expect((await holdings()).openFiles).toBe(before.openFiles);
  });

  test("during a generation waits for its token, and ends it then", async () => {
    const faulty = await openFaulty(path);
    const model = await openWith(faulty);
    const answer = generation(model);
    const pieces = answer[Symbol.asyncIterator]();
    await pieces.next();
    const door = gate();
    faulty.onRead = door.wait;
    const rest = errorOf(Array.fromAsync({ [Symbol.asyncIterator]: () => pieces }));
    await wait(20);
    const closing = model[Symbol.asyncDispose]();
    door.open();
    expect(await rest).toBe("closed: q4_0.gguf has been closed");
    await closing;
    expect(answer.tokens).toEqual(expected.slice(0, answer.tokens.length));
    expect(answer.tokens.length).toBeGreaterThan(0);
  });
});

describe("memory that the system refuses", () => {
  const refuseFrom = (first: number) => {
    const { Memory } = WebAssembly;
    let asked = 0;
    vi.spyOn(WebAssembly, "Memory").mockImplementation(function (this: unknown, descriptor) {
      if (++asked >= first) throw new RangeError("could not allocate memory");
      return new Memory(descriptor);
    });
  };

  test.for([1, 2, 3])("for arena %i fails the opening, and nothing stays", async (first) => {
    const before = await holdings();
    refuseFrom(first);
    const small = { ...tight, arenaBytes: 65_536 };
    expect(await errorOf(openModel(path, small))).toMatch(
      /^out-of-memory: the system refused 0.00 GiB of memory/,
    );
    vi.restoreAllMocks();
    expect((await holdings()).openFiles).toBe(before.openFiles);
    await using model = await openModel(path, small);
    expect(await generated(model)).toEqual(expected);
  });

  test("for one more sequence leaves the others whole", async () => {
    await using model = await openModel(path, tight);
    await using others = new AsyncDisposableStack();
    using first = model.createSequence();
    const logits = await first.feed(prompt);
    refuseFrom(1);
    const addSequences = () => {
      for (let count = 0; count < 8; count++) others.use(model.createSequence());
    };
    expect(addSequences).toThrow("the system refused 0.00 GiB of memory");
    first.rewind(5);
    expect(await first.feed(prompt.slice(5))).toEqual(logits);
    vi.restoreAllMocks();
    addSequences();
    using last = model.createSequence();
    expect(await last.feed(prompt)).toEqual(logits);
  });
});

test("a compute thread that dies in a mixture ends the generation at worst", async () => {
  // Large enough for its mixtures to be shared between threads.
  const large = fixture("tiny-moe-q4_0");
  const sizes = { ...roomy, threads: 2, stallMs: 500, batchTokens: 16 };
  const budgets = await budgetsOf(large, sizes);
  const started: Worker[] = [];
  const onStart = (message: unknown) => {
    started.push((message as { worker: Worker }).worker);
  };
  diagnostics.subscribe("worker_threads", onStart);
  await using whole = await openModel(large, { ...sizes, threads: 1 });
  const right = await generated(whole);
  await using model = await openModel(large, { ...sizes, ramBytes: budgets.leastBytes });
  let failures = 0;
  for (let layer = 0; layer < 6; layer++) {
    const stop = subscribe("sluice:routing", (event) => {
      if (event.layer === layer && event.model === model.identity) void started.pop()?.terminate();
    });
    const outcome = await errorOf(generated(model)).catch(() => "no error");
    stop();
    if (outcome !== "no error") {
      expect(outcome).toMatch(/^thread-failed/);
      failures++;
    }
    expectNoLeases();
    expect(await generated(model)).toEqual(right);
  }
  diagnostics.unsubscribe("worker_threads", onStart);
  expect(failures).toBeGreaterThan(0);
}, 60_000);
