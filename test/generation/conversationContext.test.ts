/** A full context: refused with a sentence, or the oldest turns go. */
import { expect, test } from "vitest";
import { Conversation } from "../../src/generation/conversation.ts";
import { fitConversation } from "../../src/generation/conversationWindow.ts";
import { openModel } from "../../src/generation/languageModel.ts";
import type { ChatMessage } from "../../src/text/chatTemplate.ts";

const fox = "Tell me a story about a fox.";
const greedy = { temperature: 0, maxTokens: 30 };

async function read(pieces: AsyncIterable<string>): Promise<void> {
  for await (const _ of pieces);
}

test("without shift the question that does not fit is refused, and nothing is lost", async () => {
  await using model = await openModel(undefined, { contextLength: 96 });
  using conversation = new Conversation(model);
  await read(conversation.ask(fox, greedy));
  await read(conversation.ask(fox, greedy));
  const before = conversation.messages;
  expect(() => conversation.ask(fox, greedy)).toThrowErrorMatchingInlineSnapshot(
    `[SluiceError: the conversation takes 112 tokens, more than the context of 96: start a new one, let it shift (drop its oldest turns) or open the model with a longer context]`,
  );
  expect(conversation.messages).toBe(before);
  conversation.undo();
  await read(conversation.ask("Hi.", greedy));
  expect(conversation.messages).toHaveLength(4);
});

test("an answer that reaches the end of the context ends there and is kept", async () => {
  await using model = await openModel(undefined, { contextLength: 32 });
  using conversation = new Conversation(model);
  const answer = conversation.ask(fox, { temperature: 0, maxTokens: 500 });
  await read(answer);
  expect(answer.statistics.finishReason).toBe("context");
  expect(conversation.messages).toHaveLength(2);
});

test("with shift a conversation goes on for ever; the system prompt and the last turns stay", async () => {
  await using model = await openModel(undefined, { contextLength: 128 });
  using conversation = new Conversation(model, { system: "Be brief.", shift: true });
  let dropped = 0;
  for (let turn = 0; turn < 8; turn++) {
    const before = conversation.messages;
    const answer = conversation.ask(fox, greedy);
    await read(answer);
    const { droppedMessages, promptTokens, reusedTokens } = answer.statistics;
    dropped += droppedMessages;
    const last = { role: "assistant", content: answer.text };
    expect(conversation.messages).toEqual([
      { role: "system", content: "Be brief." },
      ...before.slice(1 + droppedMessages),
      { role: "user", content: fox },
      last,
    ]);
    expect(promptTokens).toBeLessThanOrEqual(96);
    // What stays in front, the system prompt, is not computed again.
    if (turn > 0) expect(reusedTokens).toBeGreaterThan(5);
  }
  expect(dropped).toBeGreaterThan(4);
  expect(dropped % 2).toBe(0);
});

test("with shift, a question too long by itself is refused and drops nothing", async () => {
  await using model = await openModel(undefined, { contextLength: 64 });
  using conversation = new Conversation(model, { shift: true });
  await read(conversation.ask("Hi.", greedy));
  const before = conversation.messages;
  expect(() => conversation.ask("word ".repeat(100))).toThrowErrorMatchingInlineSnapshot(
    `[SluiceError: the conversation takes 109 tokens, more than the context of 64: even without its older turns; ask something shorter or open the model with a longer context]`,
  );
  expect(conversation.messages).toBe(before);
});

test("turns go until half of the context is free, and only once a quarter is left", () => {
  // A message is as long as its text.
  const countTokens = (messages: readonly ChatMessage[]) =>
    messages.reduce((sum, { content }) => sum + content.length, 0);
  const message = (role: string, length: number) => ({ role, content: "x".repeat(length) });
  const turns = (count: number) => [
    message("system", 10),
    ...Array.from({ length: count }, () => [message("user", 5), message("assistant", 5)]).flat(),
    message("user", 5),
  ];
  const lengthOf = (messages: readonly ChatMessage[], shift = true) =>
    countTokens(fitConversation(messages, { capacity: 100, shift, countTokens }));
  expect(lengthOf(turns(6))).toBe(75);
  expect(lengthOf(turns(7))).toBe(45);
  expect(lengthOf(turns(7), false)).toBe(85);
  expect(lengthOf([message("system", 60), message("user", 30)])).toBe(90);
});
