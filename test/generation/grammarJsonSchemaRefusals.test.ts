import { expect, test } from "vitest";
import { jsonSchemaToGrammar } from "../../src/generation/grammar/index.ts";
import { OptionError } from "../../src/support/errors.ts";

function complaint(schema: unknown): string {
  try {
    return jsonSchemaToGrammar(schema);
  } catch (error) {
    if (error instanceof OptionError) return error.message;
    throw error;
  }
}

test("what is not supported, or makes no sense, is refused with its place", () => {
  const refused = [
    3,
    false,
    { type: "text" },
    { type: "array", uniqueItems: true },
    { properties: { a: { items: { not: {} } } } },
    { patternProperties: { "^a": {} } },
    { type: "integer", multipleOf: 2 },
    { items: [{ type: "string" }] },
    { minLength: -1 },
    { minLength: 3, maxLength: 2 },
    { minItems: 3, maxItems: 2 },
    { type: "integer", minimum: 1.2, maximum: 1.8 },
    { format: "email" },
    { pattern: "^a$", minLength: 2 },
    { pattern: "(?=a)b" },
    { pattern: "a$b" },
    { pattern: "[a-\\d]" },
    { pattern: "(a" },
    { pattern: "\\bword\\b" },
    { type: "string", enum: ["a"], minLength: 1 },
    { $ref: "other.json#/a" },
    { $ref: "#/$defs/none" },
    { anyOf: [{ $ref: "#" }, { type: "null" }] },
    { oneOf: [{ type: "integer" }, { type: "number" }] },
    { oneOf: [{ const: 5 }, { minLength: 3 }] },
    { oneOf: [{ properties: { a: true } }, { required: ["b"], additionalProperties: true }] },
    { allOf: [{ type: "string" }, { type: "number" }] },
    { allOf: [{ pattern: "a" }, { pattern: "b" }] },
    { properties: { a: false }, required: ["a"] },
    { required: ["b"], properties: {}, additionalProperties: false },
  ];
  const answers = refused.map((schema) => `${JSON.stringify(schema)}\n  ${complaint(schema)}`);
  expect(answers.join("\n")).toMatchInlineSnapshot(`
    "3
      JSON schema, #: this must be a schema: an object, true or false
    false
      JSON schema, #: no value can satisfy this
    {"type":"text"}
      JSON schema, #: "type" must be object, array, string, number, integer, boolean, null or a list of these
    {"type":"array","uniqueItems":true}
      JSON schema, #: "uniqueItems" must be false; that items differ is nothing a grammar can see to
    {"properties":{"a":{"items":{"not":{}}}}}
      JSON schema, #/properties/a/items: "not" is not supported
    {"patternProperties":{"^a":{}}}
      JSON schema, #: "patternProperties" is not supported
    {"type":"integer","multipleOf":2}
      JSON schema, #: "multipleOf" is not supported
    {"items":[{"type":"string"}]}
      JSON schema, #: "items" must be a schema (schemas by position belong into "prefixItems")
    {"minLength":-1}
      JSON schema, #: "minLength" must be a whole number from 0 up
    {"minLength":3,"maxLength":2}
      JSON schema, #: "minLength" 3 is above "maxLength" 2
    {"minItems":3,"maxItems":2}
      JSON schema, #: "minItems" 3 is above "maxItems" 2
    {"type":"integer","minimum":1.2,"maximum":1.8}
      JSON schema, #: no number of 15 digits is between the bounds
    {"format":"email"}
      JSON schema, #: the format "email" is not supported; these are: date, time, date-time, uuid
    {"pattern":"^a$","minLength":2}
      JSON schema, #: "pattern" and "minLength" are not supported together
    {"pattern":"(?=a)b"}
      JSON schema, #: the pattern "(?=a)b" is not supported from "(?=a)b" on
    {"pattern":"a$b"}
      JSON schema, #: the pattern "a$b" is not supported from "b" on
    {"pattern":"[a-\\\\d]"}
      JSON schema, #: the pattern "[a-\\d]" is not supported from "]" on
    {"pattern":"(a"}
      JSON schema, #: the pattern "(a" ends too early
    {"pattern":"\\\\bword\\\\b"}
      JSON schema, #: the pattern "\\bword\\b" is not supported from "\\bword\\b" on
    {"type":"string","enum":["a"],"minLength":1}
      JSON schema, #: "minLength" is not supported beside "enum" or "const"
    {"$ref":"other.json#/a"}
      JSON schema, #: "$ref" must lead to a place in the same file ("#/..."), not "other.json#/a"
    {"$ref":"#/$defs/none"}
      JSON schema, #: there is nothing at "#/$defs/none"
    {"anyOf":[{"$ref":"#"},{"type":"null"}]}
      JSON schema, #/anyOf/0: this refers to itself without an object or array in between
    {"oneOf":[{"type":"integer"},{"type":"number"}]}
      JSON schema, #/oneOf: a value may fit both 0 and 1, which "oneOf" forbids and a grammar cannot; is "anyOf" meant?
    {"oneOf":[{"const":5},{"minLength":3}]}
      JSON schema, #/oneOf: a value may fit both 0 and 1, which "oneOf" forbids and a grammar cannot; is "anyOf" meant?
    {"oneOf":[{"properties":{"a":true}},{"required":["b"],"additionalProperties":true}]}
      JSON schema, #/oneOf: a value may fit both 0 and 1, which "oneOf" forbids and a grammar cannot; is "anyOf" meant?
    {"allOf":[{"type":"string"},{"type":"number"}]}
      JSON schema, #: no value can satisfy this
    {"allOf":[{"pattern":"a"},{"pattern":"b"}]}
      JSON schema, #: "pattern" can be "a" or "b", but not both at once
    {"properties":{"a":false},"required":["a"]}
      JSON schema, #: no value can satisfy this
    {"required":["b"],"properties":{},"additionalProperties":false}
      JSON schema, #: no value can satisfy this"
  `);
});

test("a schema that is nested without end is refused, not followed", () => {
  const nested = (depth: number) => `${'{"items":'.repeat(depth)}true${"}".repeat(depth)}`;
  expect(complaint(JSON.parse(nested(150)))).toContain("root ::= ");
  expect(complaint(JSON.parse(nested(5000)))).toMatchInlineSnapshot(
    `"JSON schema, #: schemas may be nested 200 deep at most"`,
  );
  const circle: Record<string, unknown> = {};
  circle["items"] = circle;
  expect(complaint(circle)).toBe(complaint(JSON.parse(nested(5000))));
  const links = Array.from({ length: 3000 }, (_, index): [string, unknown] => [
    `link${index}`,
    { items: { $ref: `#/$defs/link${index + 1}` } },
  ]);
  const chain = { $ref: "#/$defs/link0", $defs: { ...Object.fromEntries(links), link3000: true } };
  expect(complaint(chain)).toMatchInlineSnapshot(
    `"JSON schema, #/$defs/link199/items: schemas may be nested 200 deep at most"`,
  );
});
