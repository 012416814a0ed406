/** What generations do with the options about the text: stops, ends, masks, seeds, logprobs. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GenerateOptions, Generation } from "../../src/generation/generation.ts";
import { type LanguageModel, openModel } from "../../src/generation/languageModel.ts";
import { logprobsOf } from "../../src/generation/sampling/logprobs.ts";
import { OptionError } from "../../src/support/errors.ts";
import { errorOf } from "../support/errorOf.ts";

let model: LanguageModel;
beforeAll(async () => {
  model = await openModel();
});
afterAll(async () => model[Symbol.asyncDispose]());

const question = [{ role: "user", content: "What is a mixture of experts?" }] as const;
const greedy = { temperature: 0, maxTokens: 40 } as const;

async function answer(options: GenerateOptions): Promise<{ text: string; generation: Generation }> {
  const generation = model.generate(question, options);
  let text = "";
  for await (const piece of generation) text += piece;
  return { text, generation };
}

describe("stop strings", () => {
  test("end the text in front of the first, though it lies across tokens", async () => {
    const { text: whole, generation: unstopped } = await answer(greedy);
    for (const stop of [" small networks", ["called", "net", "s, c"], "A", "r pick"]) {
      const places = [stop].flat().map((one) => whole.indexOf(one));
      const { text, generation } = await answer({ ...greedy, stop });
      expect(text).toBe(whole.slice(0, Math.min(...places.filter((place) => place >= 0))));
      expect(generation.statistics.finishReason).toBe("stop");
      const count = generation.tokens.length;
      expect(generation.tokens).toEqual(unstopped.tokens.slice(0, count));
      expect(generation.statistics.generatedTokens).toBe(count);
      // It ended with the very token that completed the stop.
      expect(model.tokenizer.decode(generation.tokens)).toMatch(
        new RegExp([stop].flat().join("|")),
      );
      expect(model.tokenizer.decode(generation.tokens.slice(0, -1))).not.toMatch(
        new RegExp([stop].flat().join("|")),
      );
    }
  });

  test("hold nothing back for good if they do not come", async () => {
    const { text: whole } = await answer(greedy);
    const { text, generation } = await answer({ ...greedy, stop: [`${whole.slice(-9)}?`, "€"] });
    expect(text).toBe(whole);
    expect(generation.statistics.finishReason).toBe("length");
  });

  test("found only when the text is over anyway count as the reason", async () => {
    const { text: whole } = await answer(greedy);
    const tail = whole.slice(-12);
    const { text, generation } = await answer({
      ...greedy,
      stop: [tail.slice(1), `${tail}and more`],
    });
    expect(text).toBe(whole.slice(0, -11));
    expect(generation.statistics.finishReason).toBe("stop");
  });
});

test("with ignoreEos only maxTokens ends the text", async () => {
  const options = { temperature: 0, maxTokens: 90 };
  const ended = await answer(options);
  const { text, generation } = await answer({ ...options, ignoreEos: true, logitBias: { 5: 0 } });
  expect(ended.generation.statistics.finishReason).toBe("end");
  expect(generation.statistics).toMatchObject({ generatedTokens: 90, finishReason: "length" });
  expect(text.startsWith(ended.text)).toBe(true);
});

test("a seed repeats the text with every random stage in use", async () => {
  const options = { maxTokens: 60, temperature: 1.5, xtcProbability: 0.5, dryMultiplier: 1 };
  for (const mirostat of [0, 2] as const) {
    const first = await answer({ ...options, mirostat, seed: 5 });
    const again = await answer({ ...options, mirostat, seed: 5 });
    const other = await answer({ ...options, mirostat, seed: 6 });
    expect(again.text).toBe(first.text);
    expect(other.text).not.toBe(first.text);
  }
});

test("penalties look back on the prompt", async () => {
  const { generation } = await answer({ ...greedy, maxTokens: 4 });
  const [first = 0] = generation.tokens;
  const prompt = [...model.tokenizer.encode("Once upon a time"), first, first, first];
  const firstOf = async (options: GenerateOptions) => {
    const penalised = model.generate(prompt, { temperature: 0, maxTokens: 1, ...options });
    for await (const _ of penalised);
    return penalised.tokens[0];
  };
  const likely = await firstOf({});
  expect(await firstOf({ logitBias: { [likely ?? 0]: -1, [first]: 60 } })).toBe(first);
  // 60 more, but 25 less for each of three occurrences.
  expect(await firstOf({ logitBias: { [first]: 60 }, frequencyPenalty: 25 })).not.toBe(first);
});

test("a token mask says what may come", async () => {
  const accepted: number[] = [];
  const letters = new Set(
    Array.from({ length: model.vocabularySize }, (_, token) => token).filter((token) =>
      /^ ?[a-m]+$/.test(model.tokenizer.piece(token)),
    ),
  );
  const tokenMask = {
    allows: (token: number) => letters.has(token),
    accept: (token: number) => accepted.push(token),
  };
  const { text, generation } = await answer({ ...greedy, maxTokens: 12, tokenMask });
  expect(text).toMatch(/^[a-m ]+$/);
  expect(accepted).toEqual(generation.tokens);
});

test("grammars and schemas are masks of their own, one at a time", async () => {
  const { text } = await answer({ ...greedy, grammar: 'root ::= "yes" | "no"' });
  expect(text).toMatch(/^(yes|no)$/);
  const jsonSchema = { type: "object", properties: { a: { type: "boolean" } }, required: ["a"] };
  const json = await answer({ temperature: 0, maxTokens: 100, jsonSchema });
  expect(JSON.parse(json.text)).toEqual({ a: expect.any(Boolean) });
  expect(() => model.generate("x", { grammar: "root ::= [a]", jsonSchema })).toThrow(
    "only one of tokenMask, grammar and jsonSchema can be given",
  );
});

describe("logprobs", () => {
  test("come one for each token, from the model's own distribution", async () => {
    const stages = { temperature: 3, repeatPenalty: 1.5, logitBias: { 7: 2 }, seed: 3 };
    const { generation } = await answer({ ...stages, maxTokens: 6, logprobs: 3 });
    expect(generation.logprobs.map(({ token }) => token)).toEqual(generation.tokens);

    using sequence = model.createSequence();
    let logits = await sequence.feed(
      model.tokenizer.encode(model.chatTemplate.render([...question])),
    );
    for (const [i, token] of generation.tokens.entries()) {
      expect(generation.logprobs[i]).toEqual(logprobsOf(logits, token, 3));
      logits = await sequence.feed([token]);
    }
  });

  test("0 reports the tokens alone; without the option there are none", async () => {
    const { generation } = await answer({ ...greedy, maxTokens: 3, logprobs: 0 });
    expect(generation.logprobs.map(({ alternatives }) => alternatives)).toEqual([[], [], []]);
    expect((await answer({ ...greedy, maxTokens: 3 })).generation.logprobs).toEqual([]);
  });
});

test("a generation that is cut off knows how far it came", async () => {
  const controller = new AbortController();
  const options = { ...greedy, ignoreEos: true, logprobs: 1, signal: controller.signal };
  const generation = model.generate(question, options);
  const read = async () => {
    for await (const _ of generation) if (generation.tokens.length === 4) controller.abort();
  };
  expect(await errorOf(read())).toMatch(/^aborted/);
  const { statistics, tokens, logprobs } = generation;
  expect(tokens).toHaveLength(4);
  expect(logprobs).toHaveLength(4);
  expect(statistics).toMatchObject({ generatedTokens: 4, finishReason: undefined });
  expect(statistics.prefillMs).toBeGreaterThan(0);
  expect(statistics.decodeMs).toBeGreaterThan(0);

  const left = model.generate(question, greedy);
  for await (const _ of left) break;
  expect(left.statistics).toMatchObject({ finishReason: undefined, decodeMs: 0 });
});

test.each<[GenerateOptions, string]>([
  [{ logprobs: -1 }, "logprobs is -1; it may be a whole number from 0 up"],
  [{ maxTokens: 0 }, "maxTokens is 0; it may be a whole number from 1 up"],
  [{ stop: "" }, 'stop is ""; it may be a text that is not empty, or a list of them'],
  [
    { logitBias: { 99999999: 1 } },
    "logitBias names token 99999999; the model has the tokens 0 to ",
  ],
])("%j is refused at once", (options, message) => {
  expect(() => model.generate("x", options)).toThrow(OptionError);
  expect(() => model.generate("x", options)).toThrow(message);
});
