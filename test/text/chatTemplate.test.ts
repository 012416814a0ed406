import { describe, expect, test } from "vitest";
import type { MetadataValue } from "../../src/gguf/metadata.ts";
import { type ChatTemplate, createChatTemplate } from "../../src/text/chatTemplate.ts";
import { createTokenizer } from "../../src/text/tokenizer.ts";
import { byteLevelMetadata, openTinyMoe, piecesOf } from "./vocabularyFixtures.ts";

const control = 3;
const hello = [{ role: "user", content: "Hello!" }];
const talk = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello." },
  { role: "user", content: "Bye" },
];

function templateOf(
  more: Parameters<typeof byteLevelMetadata>[0],
  entries: Record<string, MetadataValue> = {},
): ChatTemplate {
  const metadata = byteLevelMetadata(more, entries);
  return createChatTemplate(metadata, createTokenizer(metadata));
}

function modelTemplate(text: string): ChatTemplate {
  return templateOf(
    [
      ["<s>", control],
      ["</s>", control],
    ],
    {
      "tokenizer.ggml.bos_token_id": 256,
      "tokenizer.ggml.eos_token_id": 257,
      "tokenizer.chat_template": text,
    },
  );
}

describe("the small model", async () => {
  const metadata = await openTinyMoe();
  const tokenizer = createTokenizer(metadata);
  const template = createChatTemplate(metadata, tokenizer);
  const prompts = [
    "Tell me a story about a fox and a lantern.",
    "How do I make tomato soup?",
    "What is the weather like in Silverton?",
    "How do I get from Millbrook to Redcliff?",
    "Mia has 9 apples. She gives 4 to Tom. How many apples are left?",
    "What do owls eat?",
    "Write a short dialogue in a shop.",
    "Write a TypeScript function that reverses a string.",
    "Write a short poem about the moon.",
    "What is a mixture of experts?",
  ];

  test("brings its own template, which is ChatML", () => {
    expect(template.source).toBe("model");
    const text = template.render(hello);
    expect(text).toBe("<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n");
    expect(piecesOf(tokenizer, tokenizer.encode(text))).toEqual([
      "<|im_start|>",
      "user",
      "\n",
      "H",
      "ello",
      "!",
      "<|im_end|>",
      "\n",
      "<|im_start|>",
      "assistant",
      "\n",
    ]);
    expect([...tokenizer.endOfGeneration].map((token) => tokenizer.piece(token)).sort()).toEqual([
      "<|endoftext|>",
      "<|im_end|>",
    ]);
  });

  test.each(prompts)("gets back %j", (prompt) => {
    expect(tokenizer.decode(tokenizer.encode(prompt))).toBe(prompt);
    const text = template.render([{ role: "user", content: prompt }]);
    expect(tokenizer.decode(tokenizer.encode(text), { special: true })).toBe(text);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(`user\n${prompt}\nassistant\n`);
  });
});

test("without a template, a vocabulary that knows ChatML's tokens gets ChatML", () => {
  const template = templateOf([
    ["<|im_start|>", control],
    ["<|im_end|>", control],
  ]);
  expect(template.source).toBe("chatml");
  expect(template.render(talk)).toBe(
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n" +
      "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n" +
      "<|im_start|>assistant\n",
  );
});

test("without any, the conversation is written as a plain dialogue", () => {
  const template = templateOf([]);
  expect(template.source).toBe("plain");
  expect(template.render(talk)).toBe(
    "System: Be brief.\nUser: Hi\nAssistant: Hello.\nUser: Bye\nAssistant:",
  );
  expect(template.render(hello, { addGenerationPrompt: false })).toBe("User: Hello!\n");
  expect(template.render([])).toBe("Assistant:");
});

test("a template knows the special tokens, the time and the caller's variables", () => {
  const template = modelTemplate(
    "{{ bos_token }}{{ messages[0]['content'] }}{{ eos_token }}" +
      "{% if enable_thinking is defined and enable_thinking %}<think>{% endif %}" +
      " {{ strftime_now('%Y') }}",
  );
  const year = new Date().getFullYear();
  expect(template.render(hello)).toBe(`<s>Hello!</s> ${year}`);
  expect(template.render(hello, { variables: { enable_thinking: true } })).toBe(
    `<s>Hello!</s><think> ${year}`,
  );
});

test("variables cannot take the place of the messages", () => {
  const template = modelTemplate("{{ messages | length }}{{ add_generation_prompt }}");
  const variables = { messages: [], add_generation_prompt: false };
  expect(template.render(hello, { variables })).toBe("1true");
});

test("a template that fails says why", () => {
  expect(() => modelTemplate("{% for message in messages %}")).toThrowErrorMatchingInlineSnapshot(
    `[SluiceError: made.gguf has a chat template that does not parse: Cannot read properties of undefined (reading 'type')]`,
  );
  const strict = modelTemplate("{{ raise_exception('Roles must alternate') }}");
  expect(() => strict.render(hello)).toThrowErrorMatchingInlineSnapshot(
    `[SluiceError: made.gguf: the chat template fails: Roles must alternate]`,
  );
  expect(() => strict.render(hello)).toThrowError(
    expect.objectContaining({ code: "unsupported-template" }) as Error,
  );
  expect(() =>
    modelTemplate("{{ 1 | nosuchfilter }}").render(hello),
  ).toThrowErrorMatchingInlineSnapshot(
    `[SluiceError: made.gguf: the chat template fails: Unknown NumericValue filter: nosuchfilter]`,
  );
});
