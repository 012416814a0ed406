/** JSON Schema as its specification tells it, keyword by keyword, for values read from a text. */

type Json = unknown;

/** Whether the value satisfies the schema. Knows the keywords that the tests use, and no others. */
export function satisfies(schema: Json, value: Json, root: Json = schema): boolean {
  if (typeof schema === "boolean") return schema;
  const keywords = Object.entries(schema as Record<string, Json>);
  return keywords.every(([keyword, content]) => {
    const rule = rules[keyword];
    if (rule === undefined) throw new Error(`the test's validator does not know "${keyword}"`);
    return rule(content as never, value, schema as Record<string, Json>, root);
  });
}

type Rule = (content: never, value: Json, schema: Record<string, Json>, root: Json) => boolean;

const holds = () => true;

const rules: Record<string, Rule> = {
  $defs: holds,
  title: holds,
  type: (names: string | string[], value) =>
    [names].flat().some((name) => {
      if (name === "integer") return Number.isInteger(value);
      if (name === "null") return value === null;
      if (name === "array") return Array.isArray(value);
      if (name === "object") return isObject(value);
      return typeof value === name;
    }),
  enum: (values: Json[], value) => values.some((one) => isSame(one, value)),
  const: (only: Json, value) => isSame(only, value),
  $ref: (reference: string, value, _, root) => {
    const names = reference.split("/").slice(1);
    const target = names.reduce((place: Json, name) => (place as Record<string, Json>)[name], root);
    return satisfies(target, value, root);
  },
  allOf: (all: Json[], value, _, root) => all.every((one) => satisfies(one, value, root)),
  anyOf: (all: Json[], value, _, root) => all.some((one) => satisfies(one, value, root)),
  oneOf: (all: Json[], value, _, root) =>
    all.filter((one) => satisfies(one, value, root)).length === 1,

  properties: (properties: Record<string, Json>, value, _, root) =>
    !isObject(value) ||
    Object.entries(properties).every(
      ([name, inner]) => !Object.hasOwn(value, name) || satisfies(inner, value[name], root),
    ),
  required: (names: string[], value) =>
    !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  additionalProperties: (inner: Json, value, schema, root) =>
    !isObject(value) ||
    Object.keys(value)
      .filter((name) => !Object.hasOwn((schema["properties"] ?? {}) as object, name))
      .every((name) => satisfies(inner, value[name], root)),

  prefixItems: (inners: Json[], value, _, root) =>
    !Array.isArray(value) ||
    inners.every((inner, index) => index >= value.length || satisfies(inner, value[index], root)),
  items: (inner: Json, value, schema, root) =>
    !Array.isArray(value) ||
    value
      .slice(((schema["prefixItems"] ?? []) as Json[]).length)
      .every((item) => satisfies(inner, item, root)),
  minItems: (count: number, value) => !Array.isArray(value) || value.length >= count,
  maxItems: (count: number, value) => !Array.isArray(value) || value.length <= count,

  minLength: (count: number, value) => typeof value !== "string" || [...value].length >= count,
  maxLength: (count: number, value) => typeof value !== "string" || [...value].length <= count,
  pattern: (pattern: string, value) =>
    typeof value !== "string" || new RegExp(pattern, "u").test(value),
  format: (format: string, value) => typeof value !== "string" || hasFormat(value, format),

  minimum: (bound: number, value) => typeof value !== "number" || value >= bound,
  maximum: (bound: number, value) => typeof value !== "number" || value <= bound,
  exclusiveMinimum: (bound: number, value) => typeof value !== "number" || value > bound,
  exclusiveMaximum: (bound: number, value) => typeof value !== "number" || value < bound,
};

function hasFormat(text: string, format: string): boolean {
  const [date, time] = format === "time" ? [undefined, text] : text.split("T");
  if (format === "uuid") return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
  if (format === "date" ? time !== undefined : time === undefined) return false;
  if (date !== undefined) {
    if (!/^\d{4}-\d\d-\d\d$/.test(date)) return false;
    // A day that does not exist is counted on into the next month.
    const day = new Date(`${date}T00:00:00Z`);
    if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return false;
  }
  if (time === undefined) return true;
  const numbers = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-](\d\d):(\d\d))$/.exec(time)?.slice(1);
  const limits = [23, 59, 59, 23, 59];
  return numbers?.every((number, index) => Number(number ?? 0) <= limits[index]!) ?? false;
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSame(some: Json, other: Json): boolean {
  if (Array.isArray(some) && Array.isArray(other))
    return some.length === other.length && some.every((item, index) => isSame(item, other[index]));
  if (isObject(some) && isObject(other)) {
    const names = Object.keys(some);
    const isAsLong = names.length === Object.keys(other).length;
    return (
      isAsLong &&
      names.every((name) => Object.hasOwn(other, name) && isSame(some[name], other[name]))
    );
  }
  return some === other;
}
