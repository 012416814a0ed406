import { expect, test } from "vitest";
import { openModel } from "../../src/index.ts";
import { satisfies } from "./schemaValidation.ts";

const schema = {
  type: "object",
  properties: {
    answer: { type: "string", minLength: 3, maxLength: 40 },
    sure: { type: "boolean" },
    percent: { type: "integer", minimum: 1, maximum: 100 },
    next: { type: "array", items: { enum: ["more", "less"] }, minItems: 1, maxItems: 3 },
  },
  required: ["answer", "percent", "next"],
};

test("what a model says by a schema parses and satisfies it, however wild the sampling", async () => {
  await using model = await openModel(undefined, { threads: 1 });
  for (const [seed, temperature] of [0, 0.8, 1.5, 4].entries()) {
    let text = "";
    const generation = model.generate("How are you?", {
      jsonSchema: schema,
      maxTokens: 400,
      temperature,
      seed,
      ...(temperature > 1 ? { topK: 0, topP: 1, minP: 0 } : {}),
    });
    for await (const piece of generation) text += piece;
    expect(generation.statistics.finishReason).toBe("end");
    expect(satisfies(schema, JSON.parse(text)), text).toBe(true);
  }
}, 30_000);

test("what a model says by a grammar is one of its texts", async () => {
  await using model = await openModel(undefined, { threads: 1 });
  let text = "";
  const grammar = 'root ::= ("yes" | "no") (", " [a-z ]{1,20})? "."';
  for await (const piece of model.generate("Is this a test?", { grammar, seed: 5, temperature: 2 }))
    text += piece;
  expect(text).toMatch(/^(yes|no)(, [a-z ]{1,20})?\.$/);
});
