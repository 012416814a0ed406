/** A conversation computes only what is new, and says the same as if it computed everything. */
import { expect, test } from "vitest";
import { type AskOptions, Conversation } from "../../src/generation/conversation.ts";
import { type LanguageModel, openModel } from "../../src/generation/languageModel.ts";
import type { ChatMessage } from "../../src/text/chatTemplate.ts";
import { errorOf } from "../support/errorOf.ts";

const fox = "Tell me a story about a fox.";
const who = "Who are you?";
const system = "You are Sluice, a very small model.";

/** Deterministic, but with a seed that matters. */
const sampled: AskOptions = { temperature: 1, seed: 5, maxTokens: 24 };

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

/** What the model says to these messages when it begins with nothing. */
async function freshTokens(model: LanguageModel, messages: readonly ChatMessage[]) {
  const generation = model.generate(messages, sampled);
  await textOf(generation);
  return generation.tokens;
}

test("later questions compute only what is new, and the answers are those of a full prefill", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model, { system });
  let held: number[] = [];
  for (const question of [who, fox, who]) {
    const asked = [...conversation.messages, { role: "user", content: question }];
    const prompt = model.tokenizer.encode(model.chatTemplate.render(asked));
    const common = prompt.findIndex((token, index) => token !== held[index]);
    const answer = conversation.ask(question, sampled);
    await textOf(answer);
    expect(answer.tokens).toEqual(await freshTokens(model, asked));
    const { statistics } = answer;
    expect(statistics).toMatchObject({ promptTokens: prompt.length, reusedTokens: common });
    // The last token of an answer is known, but it was never fed unless the model went on from it.
    const fed = statistics.finishReason === "end" ? answer.tokens : answer.tokens.slice(0, -1);
    held = [...prompt, ...fed];
    expect(conversation.cachedTokens).toBe(held.length);
    // Were nothing reused, this test would compare a prefill with itself.
    if (asked.length > 2) expect(common).toBeGreaterThan(prompt.length / 2);
  }
  expect(conversation.messages.map(({ role }) => role).join()).toBe(
    "system,user,assistant,user,assistant,user,assistant",
  );
});

test("asking the same again computes one token of the prompt", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model);
  const first = conversation.ask(fox, sampled);
  await textOf(first);
  expect(conversation.undo()).toBe(fox);
  const again = conversation.ask(fox, sampled);
  await textOf(again);
  expect(again.tokens).toEqual(first.tokens);
  const { promptTokens, reusedTokens } = again.statistics;
  expect(reusedTokens).toBe(promptTokens - 1);
});

test("undo, reset and another system prompt change what the model sees", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model, { system });
  await textOf(conversation.ask(fox, sampled));
  conversation.reset();
  expect(conversation.messages).toEqual([{ role: "system", content: system }]);
  expect(conversation.undo()).toBeUndefined();

  await textOf(conversation.ask(who, sampled));
  await textOf(conversation.ask(fox, sampled));
  const kept = conversation.messages.slice(1, 3);
  expect(conversation.undo()).toBe(fox);
  conversation.system = "Be brief.";
  expect(conversation.system).toBe("Be brief.");
  expect(conversation.messages).toEqual([{ role: "system", content: "Be brief." }, ...kept]);
  const asked = [...conversation.messages, { role: "user", content: fox }];
  const answer = conversation.ask(fox, sampled);
  await textOf(answer);
  expect(answer.tokens).toEqual(await freshTokens(model, asked));

  conversation.system = undefined;
  expect(conversation.messages[0]).toEqual(kept[0]);
  expect(conversation.messages).toHaveLength(4);
});

test("a cancelled answer is kept as far as it came, and the conversation goes on", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model);
  const stop = new AbortController();
  const answer = conversation.ask(fox, { ...sampled, maxTokens: 100, signal: stop.signal });
  const reading = (async () => {
    for await (const _ of answer) if (answer.tokens.length === 5) stop.abort();
  })();
  expect(await errorOf(reading)).toBe("aborted: the generation was cancelled");
  expect(answer.tokens).toHaveLength(5);
  expect(answer.statistics.finishReason).toBeUndefined();
  const asked = [
    { role: "user", content: fox },
    { role: "assistant", content: answer.text },
  ];
  expect(conversation.messages).toEqual(asked);

  const next = conversation.ask(who, sampled);
  await textOf(next);
  expect(next.tokens).toEqual(await freshTokens(model, [...asked, { role: "user", content: who }]));
  expect(next.statistics.reusedTokens).toBeGreaterThan(10);
});

test("a reader who leaves in the middle keeps the part that was read", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model);
  const answer = conversation.ask(fox, sampled);
  for await (const _ of answer) break;
  expect(conversation.messages.at(-1)).toEqual({ role: "assistant", content: answer.text });
  await textOf(conversation.ask(who, sampled));
  expect(conversation.messages).toHaveLength(4);
});

test("a question whose answer never began leaves no trace", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model);
  await textOf(conversation.ask(who, sampled));
  const before = conversation.messages;
  const signal = AbortSignal.abort();
  expect(await errorOf(textOf(conversation.ask(fox, { ...sampled, signal })))).toContain("aborted");
  expect(conversation.messages).toBe(before);
  await textOf(conversation.ask(fox, sampled));
  expect(conversation.messages).toHaveLength(4);
});

test("one answer at a time: anything else meanwhile is refused and does no harm", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model, { system });
  const answer = conversation.ask(fox, sampled);
  const rival = conversation.ask(who, sampled);
  const pieces = answer[Symbol.asyncIterator]();
  const first = await pieces.next();
  const busy = "an answer is under way in this conversation";
  expect(() => conversation.ask(who)).toThrow(busy);
  expect(() => conversation.reset()).toThrow(busy);
  expect(() => conversation.undo()).toThrow(busy);
  expect(() => conversation.load(conversation.save())).toThrow(busy);
  expect(() => {
    conversation.system = "x";
  }).toThrow(busy);
  expect(await errorOf(textOf(rival))).toBe(`busy: ${busy}`);
  let text = first.value ?? "";
  for (;;) {
    const { value, done } = await pieces.next();
    if (done) break;
    text += value;
  }
  expect(text).toBe(answer.text);
  // It was asked of another conversation than the one there is now.
  expect(await errorOf(textOf(rival))).toMatch(/^busy: the conversation went on/);
  expect(conversation.messages).toHaveLength(3);
});

test("options out of range are refused before anything is computed", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model);
  expect(() => conversation.ask(who, { maxTokens: 0 })).toThrow("maxTokens is 0");
  expect(conversation.messages).toEqual([]);
  expect(conversation.cachedTokens).toBe(0);
});
