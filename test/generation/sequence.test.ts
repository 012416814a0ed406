import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openModel } from "../../src/generation/languageModel.ts";
import { errorOf } from "../support/errorOf.ts";

const file = fileURLToPath(new URL("../fixtures/golden/qwen3moe/q8_0.gguf", import.meta.url));
const tokens = [195, 267, 274, 29, 183, 211, 141, 82, 223, 192];

test("a rewound sequence gives the logits of a fresh one", async () => {
  await using model = await openModel(file, { contextLength: 32 });
  using fresh = model.createSequence();
  const expected = await fresh.feed(tokens);

  using sequence = model.createSequence();
  await sequence.feed([...tokens.slice(0, 4), 1, 2, 3, 4, 5, 6, 7]);
  sequence.rewind(4);
  expect(sequence.tokens).toEqual(tokens.slice(0, 4));
  expect(await sequence.feed(tokens.slice(4))).toEqual(expected);
});

test("sequences of one model do not disturb each other, even at the same time", async () => {
  await using model = await openModel(file, { contextLength: 32, batchTokens: 3 });
  using alone = model.createSequence();
  const expected = await alone.feed(tokens, { outputs: "all" });
  using first = model.createSequence();
  using second = model.createSequence();
  const [a, b] = await Promise.all([
    first.feed(tokens, { outputs: "all" }),
    second.feed(tokens.toReversed(), { outputs: "all" }),
  ]);
  expect(a).toEqual(expected);
  expect(b).not.toEqual(expected);
});

test("the memory of an ended sequence serves the next, with nothing left of the old one", async () => {
  await using model = await openModel(file, { contextLength: 32 });
  const first = model.createSequence();
  const expected = await first.feed(tokens);
  first[Symbol.dispose]();
  using second = model.createSequence();
  expect(await second.feed(tokens)).toEqual(expected);
  expect(await errorOf(first.feed([1]))).toMatchInlineSnapshot(
    `"closed: this sequence has been closed"`,
  );
});

test("too many tokens for the context are refused and leave the sequence as it was", async () => {
  await using model = await openModel(file, { contextLength: 12, batchTokens: 4 });
  using sequence = model.createSequence();
  await sequence.feed(tokens.slice(0, 5));
  expect(await errorOf(sequence.feed(tokens))).toMatchInlineSnapshot(
    `"context-full: 15 tokens do not fit a context of 12; ask for a longer context or feed less"`,
  );
  expect(sequence.length).toBe(5);
  using fresh = model.createSequence();
  expect(await sequence.feed(tokens.slice(5))).toEqual(await fresh.feed(tokens));
});

test("tokens outside the vocabulary, none at all and bad rewinds are refused", async () => {
  await using model = await openModel(file, { contextLength: 16 });
  using sequence = model.createSequence();
  expect(await errorOf(sequence.feed([1, 320]))).toMatchInlineSnapshot(
    `"bad-option: 320 is not a token of this model; tokens go from 0 to 319"`,
  );
  expect(await errorOf(sequence.feed([Number.NaN]))).toContain("not a token");
  expect(await errorOf(sequence.feed([]))).toContain("no tokens");
  expect(() => sequence.rewind(3)).toThrow("cannot rewind 0 tokens to 3");
});

test("a cancelled batch leaves the sequence as it was", async () => {
  await using model = await openModel(file, { contextLength: 32, batchTokens: 2 });
  using sequence = model.createSequence();
  const stop = new AbortController();
  const fed = sequence.feed(tokens, { signal: stop.signal });
  stop.abort();
  expect(await errorOf(fed)).toMatchInlineSnapshot(`"aborted: the generation was cancelled"`);
  expect(sequence.length).toBe(0);
  using fresh = model.createSequence();
  expect(await sequence.feed(tokens)).toEqual(await fresh.feed(tokens));
});

test("a closed model says so, and closing twice is fine", async () => {
  const model = await openModel(file, { contextLength: 16 });
  const sequence = model.createSequence();
  await model[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
  expect(await errorOf(sequence.feed([1]))).toMatchInlineSnapshot(
    `"closed: q8_0.gguf has been closed"`,
  );
  expect(() => model.generate("x")).toThrow("has been closed");
});

test("options out of range are refused by name", async () => {
  expect(await errorOf(openModel(file, { threads: 0 }))).toMatchInlineSnapshot(
    `"bad-option: threads is 0; it may be a whole number from 1 to 256"`,
  );
  expect(await errorOf(openModel(file, { contextLength: 513 }))).toMatchInlineSnapshot(
    `"bad-option: contextLength is 513; it may be a whole number from 1 to 512 (what this model was trained for)"`,
  );
  expect(await errorOf(openModel(file, { batchTokens: 1.5 }))).toMatchInlineSnapshot(
    `"bad-option: batchTokens is 1.5; it may be a whole number from 1 to 8192"`,
  );
});
