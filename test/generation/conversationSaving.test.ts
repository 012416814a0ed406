/** Conversations as files: what is written is read, and nothing else is believed. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Conversation } from "../../src/generation/conversation.ts";
import { openModel } from "../../src/generation/languageModel.ts";
import { readConversation, writeConversation } from "../../src/generation/savedConversation.ts";
import { BadConversationError } from "../../src/support/errors.ts";

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

test("a saved conversation goes on as if it had never stopped", async () => {
  await using model = await openModel();
  const options = { temperature: 1, seed: 3, maxTokens: 20 };
  using first = new Conversation(model, { system: "Be brief." });
  await textOf(first.ask("Who are you?", options));
  const saved = first.save();
  const expected = await textOf(first.ask("Tell me a story.", options));

  using second = new Conversation(model, { system: "another" });
  second.load(saved);
  expect(second.system).toBe("Be brief.");
  expect(await textOf(second.ask("Tell me a story.", options))).toBe(expected);
  expect(second.save()).toBe(first.save());
});

test("any messages survive writing and reading", () => {
  const message = (role: string) =>
    fc.string({ unit: "binary" }).map((content) => ({ role, content }));
  const turns = fc.array(fc.tuple(message("user"), message("assistant")), { maxLength: 4 });
  const systems = fc.array(message("system"), { maxLength: 1 });
  fc.assert(
    fc.property(systems, turns, (system, pairs) => {
      const messages = [...system, ...pairs.flat()];
      expect(readConversation(writeConversation(messages))).toEqual(messages);
    }),
  );
});

const user = { role: "user", content: "a" };
const assistant = { role: "assistant", content: "b" };
const of = (messages: unknown) => ({ format: "sluice-conversation", version: 1, messages });

test.each([
  ["no JSON", "{", "the text is not JSON"],
  ["a list", [], "the whole must be an object, not []"],
  ["another format", { format: "x" }, `"format" must be "sluice-conversation"`],
  ["another version", { ...of([]), version: 2 }, "version 2 is not known here"],
  ["no messages", of(undefined), `"messages" must be a list, not absent`],
  ["a message that is none", of([null]), "message 0 must be an object, not null"],
  ["a role that is none", of([{ role: 1 }]), `"role" of message 0 must be a text, not 1`],
  ["no content", of([{ role: "user" }]), `"content" of message 0 must be a text, not absent`],
  ["a strange role", of([{ ...user, role: "tool" }]), `"tool", "user" expected`],
  ["two questions", of([user, user]), `message 1 is of the role "user", "assistant" expected`],
  ["a system prompt inside", of([user, assistant, { ...user, role: "system" }]), "message 2"],
  ["no last answer", of([user, assistant, user]), "the last question has no answer"],
])("%s is refused with a sentence", (_, value, message) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  expect(() => readConversation(text)).toThrow(BadConversationError);
  expect(() => readConversation(text)).toThrow(message);
});

test("a bad file leaves the conversation as it was", async () => {
  await using model = await openModel();
  using conversation = new Conversation(model, { system: "Be brief." });
  expect(() => conversation.load("nonsense")).toThrow(BadConversationError);
  expect(conversation.system).toBe("Be brief.");
});
