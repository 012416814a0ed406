/**
 * The JSON Schema keywords that can steer a model, what they may hold, and to which types they apply.
 *
 * Source: https://json-schema.org/draft/2020-12/json-schema-validation
 */
import { OptionError } from "../../support/errors.ts";

export type SchemaObject = Readonly<Record<string, unknown>>;

export const typeNames = [
  "object",
  "array",
  "string",
  "number",
  "integer",
  "boolean",
  "null",
] as const;
export type TypeName = (typeof typeNames)[number];

/** The keywords that say something about values of one type only. */
export const keywordsOfType: Readonly<Record<TypeName, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties"],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  boolean: [],
  null: [],
};

/** Keywords that tell people something and change nothing, and those that only others refer to. */
const annotations: ReadonlySet<string> = new Set([
  ...["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
  ...["$schema", "$id", "$comment", "$defs", "definitions"],
]);

interface Kind {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

const anything: Kind = { expected: "anything", fits: () => true };
const count: Kind = {
  expected: "a whole number from 0 up",
  fits: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};
const number: Kind = { expected: "a number", fits: (value) => Number.isFinite(value) };
const text: Kind = { expected: "a string", fits: (value) => typeof value === "string" };
const schema: Kind = { expected: "a schema", fits: isSchema };
const schemas: Kind = {
  expected: "a list of schemas",
  fits: (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema),
};

const kinds: Readonly<Record<string, Kind>> = {
  type: {
    expected: `${typeNames.join(", ")} or a list of these`,
    fits: (value) => {
      const names = Array.isArray(value) ? value : [value];
      return names.length > 0 && names.every((name) => typeNames.includes(name));
    },
  },
  enum: {
    expected: "a list of values",
    fits: (value) => Array.isArray(value) && value.length > 0,
  },
  const: anything,
  $ref: text,
  allOf: schemas,
  anyOf: schemas,
  oneOf: schemas,
  properties: {
    expected: "an object of schemas",
    fits: (value) => isObject(value) && Object.values(value).every(isSchema),
  },
  required: {
    expected: "a list of names",
    fits: (value) => Array.isArray(value) && value.every((name) => typeof name === "string"),
  },
  additionalProperties: schema,
  items: {
    expected: 'a schema (schemas by position belong into "prefixItems")',
    fits: isSchema,
  },
  prefixItems: schemas,
  minItems: count,
  maxItems: count,
  uniqueItems: {
    expected: "false; that items differ is nothing a grammar can see to",
    fits: (value) => value === false,
  },
  minLength: count,
  maxLength: count,
  pattern: text,
  format: text,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
};

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): boolean {
  return typeof value === "boolean" || isObject(value);
}

/**
 * The keywords of a schema that say something about values.
 *
 * @param path where it stands, as a JSON pointer
 * @throws OptionError for a keyword that is not supported, or holds what it must not
 */
export function assertionsOf(value: SchemaObject, path: string): SchemaObject {
  const entries = Object.entries(value).filter(([keyword]) => !annotations.has(keyword));
  for (const [keyword, content] of entries) {
    const kind = Object.hasOwn(kinds, keyword) ? kinds[keyword] : undefined;
    if (kind === undefined) throw schemaError(path, `"${keyword}" is not supported`);
    if (!kind.fits(content)) throw schemaError(path, `"${keyword}" must be ${kind.expected}`);
  }
  return Object.fromEntries(entries.filter(([keyword]) => keyword !== "uniqueItems"));
}

export function schemaError(path: string, reason: string): OptionError {
  return new OptionError(`JSON schema, ${path}: ${reason}`);
}

/** The type of a JSON value, the narrower one of a whole number. */
export function typeOf(value: unknown): TypeName {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value as "object" | "string" | "boolean";
}
