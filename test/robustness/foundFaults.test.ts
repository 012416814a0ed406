/** What the campaign has found once, in its smallest form. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModel } from "../../src/generation/languageModel.ts";
import { errorOf } from "../support/errorOf.ts";
import { type Value, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { type ModelSource, tinyModel } from "./tinyModels.ts";

const scratch = scratchFolder();

function damaged(change: (model: ModelSource) => void): string {
  const model = tinyModel("qwen3moe");
  change(model);
  return writeGguf(join(scratch, "damaged.gguf"), model);
}

test("names of many kilobytes are cut in messages", async () => {
  const long = "x".repeat(50_000);
  const key = damaged(({ metadata }) => {
    metadata[long] = { type: "array", value: { elementType: 77 as never, elements: [] } };
  });
  expect(await errorOf(openModel(key))).toMatch(
    /metadata "x{60}…" is an array of unknown value type/,
  );
  const family = damaged(({ metadata }) => {
    metadata["general.architecture"] = long;
  });
  expect((await errorOf(openModel(family))).length).toBeLessThan(300);
});

test("special tokens of any length are found", async () => {
  const long = "a".repeat(100_000);
  const path = damaged(({ metadata }) => {
    const tokens = metadata["tokenizer.ggml.tokens"] as Value[];
    tokens[tokens.length - 1] = long;
  });
  await using model = await openModel(path, { threads: 1 });
  const { tokenizer } = model;
  expect(tokenizer.encode(long)).toEqual([tokenizer.vocabularySize - 1]);
  expect(tokenizer.encode("aa").length).toBeGreaterThan(0);
});

test("a vocabulary of more tokens than the model computes with is the file's fault", async () => {
  const path = damaged(({ metadata }) => {
    (metadata["tokenizer.ggml.tokens"] as Value[]).push("more");
    (metadata["tokenizer.ggml.token_type"] as Value[]).push(1);
  });
  await using model = await openModel(path, { threads: 1 });
  expect(() => model.tokenizer).toThrowErrorMatchingInlineSnapshot(
    `[BadGgufError: damaged.gguf: the vocabulary has 266 tokens, but the model computes with 265]`,
  );
});

test("a chat template in two nested loops is stopped", async () => {
  const path = damaged(({ metadata }) => {
    metadata["tokenizer.chat_template"] =
      "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}";
  });
  await using model = await openModel(path, { threads: 1 });
  const messages = [{ role: "user", content: "Hello!" }];
  expect(() => model.generate(messages)).toThrowErrorMatchingInlineSnapshot(
    `[SluiceError: damaged.gguf: the chat template fails: it does more work than any conversation needs; does it loop for ever?]`,
  );
});
