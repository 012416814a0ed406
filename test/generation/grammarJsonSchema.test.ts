import { describe, expect, test } from "vitest";
import { jsonSchemaToGrammar } from "../../src/generation/grammar/index.ts";
import { accepts } from "./grammarAcceptance.ts";

/** The texts of a list that the schema's grammar can write. */
function written(schema: unknown, texts: readonly string[]): string[] {
  const grammar = jsonSchemaToGrammar(schema);
  return texts.filter((text) => accepts(grammar, text));
}

function expectExactly(schema: unknown, { yes, no }: { yes: string[]; no: string[] }): void {
  expect(written(schema, [...yes, ...no])).toEqual(yes);
}

test("a schema as a grammar to read", () => {
  const schema = {
    title: "a person",
    type: "object",
    properties: {
      name: { type: "string", minLength: 1, maxLength: 30 },
      age: { type: "integer", minimum: 0, maximum: 150 },
      friends: { type: "array", items: { $ref: "#" } },
    },
    required: ["name"],
  };
  expect(jsonSchemaToGrammar(schema)).toMatchInlineSnapshot(`
    "root ::= top
    top ::= "{" (gap "\\"name\\":" " "? name rest-2) gap "}"
    name ::= "\\"" char{1,30} "\\""
    age ::= [0-9] | [1-9] [0-9] | "1" [0-4] [0-9] | "150"
    friends ::= "[" (gap top ("," gap top)*)? gap "]"
    rest ::= ("," gap "\\"friends\\":" " "? friends)?
    rest-2 ::= ("," gap "\\"age\\":" " "? age)? rest
    gap ::= " "? | "\\n" [ \\t]{0,20}
    char ::= plain | "\\\\" (["\\\\/bfnrt] | "u" unit)
    plain ::= [^"\\\\\\x00-\\x1F]
    unit ::= [0-9a-cA-CefEF] hex{3} | [dD] [0-7] hex{2}
    hex ::= [0-9a-fA-F]
    "
  `);
});

describe("what can be written", () => {
  test("any JSON for an empty schema", () => {
    const yes = ["null", "true", '"\\u00e9\\n é"', "-1.5e+10", "[1, [ ]]", '{"a": {}, "b":[]}'];
    const no = ["", "nul", "01", "1.", '"\\x"', '"\n"', "[1,]", '{"a"}', '"\\ud800"', " 1"];
    expectExactly({}, { yes, no });
    expectExactly(true, { yes, no });
  });

  test("white space where people put it: indented, or none", () => {
    const value = { a: [1, { b: null }], c: "x" };
    const texts = [0, 2, "\t"].map((indent) => JSON.stringify(value, null, indent));
    expect(written({ type: "object" }, texts)).toEqual(texts);
  });

  test("properties in their order, the required ones always", () => {
    const schema = {
      properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } },
      required: ["b"],
    };
    expectExactly(schema, {
      yes: ['{"b":2}', '{"a":1,"b":2}', '{"b":2,"c":3}', '{"a":1,"b":2,"c":3}'],
      no: [
        "{}",
        '{"a":1}',
        '{"b":2,"a":1}',
        '{"b":2,"b":2}',
        '{"b":2,"d":4}',
        '{,"b":2}',
        '{"b":2,}',
      ],
    });
  });

  test("further properties, under names that are not taken", () => {
    const schema = {
      properties: { ab: { const: 1 }, abc: { const: 2 }, 'q"': { const: 3 } },
      additionalProperties: { const: 0 },
    };
    expectExactly(schema, {
      yes: ["{}", '{"ab":1}', '{"a":0}', '{"abcd":0,"":0}', '{"abc":2,"b":0,"ac":0}', '{"q":0}'],
      no: [
        '{"ab":0}',
        '{"ab":1,"ab":0}',
        '{"abc":0}',
        '{"\\u0061b":0}',
        '{"x":1}',
        '{"x":0,"ab":1}',
      ],
    });
  });

  test("items by position, then the others", () => {
    const schema = { prefixItems: [{ const: 1 }, { const: 2 }], items: { const: 3 }, maxItems: 4 };
    expectExactly(schema, {
      yes: ["[]", "[1]", "[1,2]", "[1,2,3]", "[1,2,3,3]"],
      no: ["[2]", "[1,3]", "[1,2,3,3,3]", "[1,2,]"],
    });
    const tuple = { prefixItems: [{ const: 1 }, { const: 2 }], minItems: 1 };
    expectExactly(tuple, { yes: ["[1]", "[1,2]"], no: ["[]", "[1,2,3]"] });
    expectExactly({ ...tuple, minItems: 3 }, { yes: ["[1,2,3]"], no: ["[1,2]"] });
    expectExactly({ ...tuple, items: false }, { yes: ["[1,2]"], no: ["[1,2,3]"] });
    const counted = { type: "array", items: { const: 1 }, minItems: 2, maxItems: 3 };
    expectExactly(counted, { yes: ["[1,1]", "[ 1, 1, 1 ]"], no: ["[1]", "[1,1,1,1]", "[]"] });
  });

  test("strings by length, in characters", () => {
    expectExactly(
      { type: "string", minLength: 2, maxLength: 3 },
      {
        yes: ['"ab"', '"😀é"', '"\\n\\u00e9x"'],
        no: ['"a"', '"abcd"', '"\\ud83d\\ude00"', '"😀"'],
      },
    );
  });

  test("strings by pattern, anchored or not", () => {
    expectExactly({ pattern: "^a+$" }, { yes: ['"aa"'], no: ['"ba"', '""', "1"] });
    expectExactly({ pattern: "a" }, { yes: ['"a"', '"xay"', '"\\"a"'], no: ['"x"'] });
    expectExactly({ pattern: "^a|b$" }, { yes: ['"ax"', '"xb"'], no: ['"xax"'] });
    expectExactly(
      { pattern: '^[^"]\\\\\\s"$' },
      { yes: ['"a\\\\ \\""', '"\\n\\\\\\t\\""', '"\\u0001\\\\ \\""'], no: ['"\\"\\\\ \\""'] },
    );
    expectExactly(
      { pattern: "^(?:\\d{2,3}-)?[\\w.]*?(x|\\u00e9)$" },
      { yes: ['"x"', '"12-a.é"'], no: ['"1-x"', '"a"'] },
    );
  });

  test("dates that are in the calendar, and times", () => {
    const yes = ["2024-02-29", "2000-02-29", "2023-12-31", "2023-04-30"];
    const no = ["2023-02-29", "1900-02-29", "2023-04-31", "2023-13-01", "2023-00-10", "2023-1-1"];
    const quoted = (texts: string[]) => texts.map((text) => `"${text}"`);
    expectExactly({ format: "date" }, { yes: quoted(yes), no: quoted(no) });
    expectExactly(
      { format: "date-time" },
      {
        yes: quoted(["2024-02-29T23:59:59Z", "2024-01-01T00:00:00.123+05:30"]),
        no: quoted(["2024-02-29T24:00:00Z", "2024-02-29T23:59:59", "2024-02-29"]),
      },
    );
    expectExactly(
      { format: "time" },
      { yes: ['"08:30:00-03:00"'], no: ['"08:30Z"', '"08:60:00Z"'] },
    );
    expectExactly(
      { format: "uuid" },
      {
        yes: ['"123e4567-e89b-12d3-A456-426614174000"'],
        no: ['"123e4567e89b12d3a456426614174000"'],
      },
    );
  });

  test("numbers between bounds, to the last digit", () => {
    expectExactly(
      { type: "number", minimum: -0.5, exclusiveMaximum: 1 },
      {
        yes: ["0", "-0.5", "-0.49", "0.9", "0.99", "0.999", "-0.123456"],
        no: ["1", "1.0", "-0.51", "-0.500001", "-1", "00.5", "1e-5"],
      },
    );
    expectExactly(
      { type: "number", exclusiveMinimum: 0 },
      { yes: ["0.01", "7", "0.0123"], no: ["0", "-1"] },
    );
  });

  test("alternatives, of types and of schemas", () => {
    expectExactly(
      { type: ["integer", "null"], minimum: 3 },
      { yes: ["null", "3"], no: ["2", "3.5"] },
    );
    const either = { anyOf: [{ const: "a" }, { type: "boolean" }, { enum: [1, [2], { b: 3 }] }] };
    expectExactly(either, { yes: ['"a"', "true", "1", "[2]", '{"b":3}'], no: ["2", '"b"'] });
    expectExactly({ type: "string", enum: ["a", 1] }, { yes: ['"a"'], no: ["1"] });
  });

  test("oneOf, where the branches tell themselves apart", () => {
    const shape = (kind: string, name: string) => ({
      type: "object",
      properties: { kind: { const: kind }, [name]: { type: "integer" } },
      required: ["kind", name],
    });
    expectExactly(
      { oneOf: [shape("circle", "radius"), shape("square", "side")] },
      { yes: ['{"kind":"circle","radius":1}'], no: ['{"kind":"square","radius":1}'] },
    );
    const request = (name: string) => ({ properties: { [name]: true }, required: [name] });
    expectExactly(
      { type: "object", oneOf: [request("by"), request("at")] },
      { yes: ['{"by":1}', '{"at":1}'], no: ['{"by":1,"at":1}', "{}"] },
    );
    expectExactly(
      {
        oneOf: [{ type: "integer", maximum: 3 }, { type: "number", minimum: 5 }, { type: "null" }],
      },
      { yes: ["3", "5.5", "null"], no: ["4"] },
    );
  });

  test("allOf, as one", () => {
    const schema = {
      allOf: [
        { properties: { a: { type: "number" } }, required: ["a"] },
        { properties: { a: { type: "integer", minimum: 5 }, b: { const: 1 } } },
        { $ref: "#/$defs/few" },
      ],
      $defs: { few: { properties: { a: { maximum: 7 } } } },
    };
    expectExactly(schema, { yes: ['{"a":5}', '{"a":7,"b":1}'], no: ['{"a":4}', '{"a":8}', "{}"] });

    const [wide, narrow] = [
      { minimum: 1, maximum: 9, minLength: 1, maxLength: 4, minItems: 1, maxItems: 4 },
      { minimum: 4, maximum: 6, minLength: 2, maxLength: 3, minItems: 2, maxItems: 3 },
    ];
    for (const allOf of [
      [wide, narrow],
      [narrow, wide],
    ])
      expectExactly(
        { allOf },
        {
          yes: ["4", "6", '"ab"', '"abc"', "[1,1]", "[1,1,1]"],
          no: ["3", "7", '"a"', '"abcd"', "[1]", "[1,1,1,1]"],
        },
      );
    const [outer, inner] = [
      { type: "integer", exclusiveMinimum: 1, exclusiveMaximum: 9 },
      { type: ["number", "null"], exclusiveMinimum: 4, exclusiveMaximum: 6 },
    ];
    expectExactly({ allOf: [outer, inner] }, { yes: ["5"], no: ["4", "6", "5.5", "null"] });
    expectExactly({ allOf: [inner, outer] }, { yes: ["5"], no: ["4", "6", "5.5", "null"] });
  });

  test("references, also to what they are part of", () => {
    const tree = {
      $ref: "#/$defs/tree%20node",
      $defs: {
        "tree node": {
          properties: { "a/b": { items: { $ref: "#/$defs/tree node" } } },
          required: ["a/b"],
          additionalProperties: false,
        },
      },
    };
    expectExactly(tree, { yes: ['{"a/b":[]}', '{"a/b":[{"a/b":[]}]}'], no: ["{}", '{"a/b":[1]}'] });
  });
});
