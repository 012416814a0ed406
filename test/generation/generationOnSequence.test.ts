/** Generating on a sequence of the caller's: what it holds already is not computed again. */
import { expect, test } from "vitest";
import { openModel } from "../../src/generation/languageModel.ts";
import { errorOf } from "../support/errorOf.ts";

const options = { temperature: 0, maxTokens: 12 };

async function read(pieces: AsyncIterable<string>): Promise<void> {
  for await (const _ of pieces);
}

test("only the tokens after the common beginning are computed; the sequence outlives it", async () => {
  await using model = await openModel();
  const prompt = model.tokenizer.encode("Once upon a time there was a fox");
  using sequence = model.createSequence();
  await sequence.feed([...prompt.slice(0, 4), 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
  const reusing = model.generate(prompt, { ...options, sequence });
  const fresh = model.generate(prompt, options);
  await read(reusing);
  await read(fresh);
  expect(reusing.tokens).toEqual(fresh.tokens);
  expect(reusing.statistics).toMatchObject({ promptTokens: prompt.length, reusedTokens: 4 });
  expect(fresh.statistics.reusedTokens).toBe(0);
  expect(sequence.tokens).toEqual([...prompt, ...fresh.tokens.slice(0, -1)]);
});

test("two generations on one sequence at once are refused; afterwards it is free again", async () => {
  await using model = await openModel();
  using sequence = model.createSequence();
  const first = model
    .generate("Once upon a time", { ...options, sequence })
    [Symbol.asyncIterator]();
  await first.next();
  const second = model.generate("Who are you?", { ...options, sequence });
  expect(await errorOf(read(second))).toMatchInlineSnapshot(
    `"busy: another generation is computing on this sequence"`,
  );
  await first.return();
  await read(model.generate("Who are you?", { ...options, sequence }));
});
