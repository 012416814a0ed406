import fc from "fast-check";
import { expect, test } from "vitest";
import { createGrammarMask, jsonSchemaToGrammar } from "../../src/generation/grammar/index.ts";
import { OptionError } from "../../src/support/errors.ts";
import { createTokenizer } from "../../src/text/tokenizer.ts";
import { openTinyMoe } from "../text/vocabularyFixtures.ts";
import { accepts } from "./grammarAcceptance.ts";
import { walk } from "./grammarWalk.ts";
import { satisfies } from "./schemaValidation.ts";

const tokenizer = createTokenizer(await openTinyMoe());

const name = fc.constantFrom("a", "ab", "b", "é", "next page", 'quo"te', "__proto__");
const leaf = fc.oneof(
  fc.constantFrom<unknown>(true, false, {}, { type: "null" }, { type: ["boolean", "null"] }),
  fc.constantFrom({ minLength: 2 }, { minimum: 3 }, { required: ["a"] }, { minItems: 1 }),
  fc.record(
    {
      type: fc.constantFrom("integer", "number", ["number", "null"]),
      minimum: fc.constantFrom(-20, -1.5, 0, 0.25, 7),
      maximum: fc.constantFrom(0.75, 7, 8, 123.5, 1000),
      exclusiveMinimum: fc.constantFrom(-1, 0, 6.5),
      exclusiveMaximum: fc.constantFrom(0.5, 7, 100),
    },
    { requiredKeys: ["type"] },
  ),
  fc.record(
    {
      type: fc.constantFrom("string", ["string", "null"]),
      minLength: fc.nat(3),
      maxLength: fc.nat(8),
    },
    { requiredKeys: ["type"] },
  ),
  fc.record({
    pattern: fc.constantFrom(
      "^[a-z]{2,4}$",
      "^\\d+(\\.\\d{2})?$",
      "^(yes|no|\\w+@\\w+)$",
      '^b"\\\\?',
      "^[^a-z\\s]*$",
      "^a|b$",
    ),
    type: fc.constant("string"),
  }),
  fc.record({
    format: fc.constantFrom("date", "time", "date-time", "uuid"),
    type: fc.constant("string"),
  }),
  fc.record({
    enum: fc.array(fc.constantFrom<unknown>("x", 1, 2.5, null, true, { a: [1] }, 'q"', "é\n"), {
      minLength: 1,
    }),
  }),
  fc.record({ const: fc.constantFrom<unknown>("x", -3, false, [], { b: null }) }),
);

const { schema } = fc.letrec<{ schema: unknown; object: unknown; array: unknown }>((tie) => ({
  object: fc.record(
    {
      type: fc.constant("object"),
      properties: fc.dictionary(name, tie("schema"), { maxKeys: 4 }),
      required: fc.uniqueArray(name, { maxLength: 2 }),
      additionalProperties: tie("schema"),
    },
    { requiredKeys: ["type"] },
  ),
  array: fc.record(
    {
      type: fc.constant("array"),
      items: tie("schema"),
      prefixItems: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
      minItems: fc.nat(3),
      maxItems: fc.nat(4),
    },
    { requiredKeys: ["type"] },
  ),
  schema: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    leaf,
    tie("object"),
    tie("array"),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
    fc.constant({ $ref: "#/$defs/shared" }),
    fc.constant({ $ref: "#/$defs/list", title: "a list" }),
  ),
}));

const list = {
  type: "object",
  properties: { next: { anyOf: [{ $ref: "#/$defs/list" }, { type: "null" }] } },
  required: ["next"],
};

const documents = fc.tuple(schema, leaf).map(([inner, shared]) => ({
  allOf: [inner],
  $defs: { shared, list },
}));

test("whatever is written by a schema's grammar parses, and satisfies the schema", () => {
  const counts = { refused: 0, finished: 0, lost: 0 };
  fc.assert(
    fc.property(documents, fc.infiniteStream(fc.nat()), fc.nat(30), (document, choices, wander) => {
      let grammar: string;
      try {
        grammar = jsonSchemaToGrammar(document);
      } catch (error) {
        if (!(error instanceof OptionError)) throw error;
        counts.refused++;
        return;
      }
      let text: string | undefined;
      try {
        text = walk(createGrammarMask(grammar, tokenizer), tokenizer, choices, wander);
      } catch (error) {
        // A schema that needs itself has no finite value.
        if (!(error instanceof OptionError && error.message.includes("never ends"))) throw error;
        counts.refused++;
        return;
      }
      if (text === undefined) {
        counts.lost++;
        return;
      }
      counts.finished++;
      const value: unknown = JSON.parse(text);
      expect(satisfies(document, value), text).toBe(true);
      expect(accepts(grammar, text)).toBe(true);
    }),
    { numRuns: 400 },
  );
  expect(counts.finished).toBeGreaterThan(100);
  expect(counts.lost).toBeLessThan(counts.finished / 20);
}, 60_000);

test("whole numbers are written exactly if they are between the bounds", () => {
  const bound = fc.option(
    fc.oneof(
      fc.integer({ min: -1200, max: 1200 }),
      fc.maxSafeInteger(),
      fc.double({ min: -50, max: 50, noNaN: true }),
    ),
    { nil: undefined },
  );
  const bounds = fc.record({
    minimum: bound,
    maximum: bound,
    exclusiveMinimum: bound,
    exclusiveMaximum: bound,
  });
  const near = fc.tuple(fc.integer({ min: -2, max: 2 }), fc.nat(3));
  fc.assert(
    fc.property(
      bounds,
      fc.array(fc.integer({ min: -1500, max: 1500 })),
      near,
      (given, some, [step, which]) => {
        const schema = { type: "integer", ...definedOf(given) };
        const grammar = grammarOf(schema);
        const edge = Math.round(Object.values(definedOf(given))[which] ?? 0) + step;
        for (const number of [...some, edge]) {
          if (Math.abs(number) >= 1e15) continue;
          const isWritten = grammar !== undefined && accepts(grammar, String(number));
          expect(isWritten, `${number}`).toBe(satisfies(schema, number));
        }
      },
    ),
  );
});

test("numbers with no more decimals than their bounds are written exactly if they are between them", () => {
  const decimal = fc.integer({ min: -3000, max: 3000 }).map((number) => number / 100);
  fc.assert(
    fc.property(
      decimal,
      decimal,
      fc.array(decimal),
      fc.array(fc.nat(99)),
      (one, other, some, tails) => {
        const [minimum, maximum] = [Math.min(one, other), Math.max(one, other)];
        const schema = { type: "number", minimum, maximum };
        const decimals = Math.max(...[one, other].map((n) => `${n}`.split(".")[1]?.length ?? 0));
        const grammar = grammarOf(schema)!;
        for (const number of some) {
          const text = `${number}`;
          const isShort = (text.split(".")[1]?.length ?? 0) <= decimals;
          if (isShort) expect(accepts(grammar, text), text).toBe(satisfies(schema, number));
          for (const tail of tails) {
            const longer = `${text}${text.includes(".") ? "" : "."}${tail}`;
            if (accepts(grammar, longer))
              expect(satisfies(schema, Number(longer)), longer).toBe(true);
            // Well inside, any number of decimals will do.
            else expect(number > minimum + 1 && number < maximum - 1, longer).toBe(false);
          }
        }
      },
    ),
  );
});

/** Undefined for bounds between which there is nothing. */
function grammarOf(schema: unknown): string | undefined {
  try {
    return jsonSchemaToGrammar(schema);
  } catch (error) {
    if (error instanceof OptionError) return undefined;
    throw error;
  }
}

function definedOf<T>(record: Record<string, T | undefined>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, T] => entry[1] !== undefined),
  );
}
