/** Two flat schemas as one that asks for both. */
import { type FlatSchema, isEqual } from "./flatSchema.ts";
import { schemaError, type TypeName } from "./schemaKeywords.ts";

/** Of two bounds, the stricter one holds. */
const bounds = {
  minItems: Math.max,
  maxItems: Math.min,
  minLength: Math.max,
  maxLength: Math.min,
  minimum: Math.max,
  maximum: Math.min,
  exclusiveMinimum: Math.max,
  exclusiveMaximum: Math.min,
} as const;

/**
 * @param path of the schema in which both meet
 * @returns undefined where no value can be both
 * @throws OptionError for two patterns or formats, which cannot become one
 */
export function mergeFlat(a: FlatSchema, b: FlatSchema, path: string): FlatSchema | undefined {
  const types = a.types && b.types ? commonTypes(a.types, b.types) : (a.types ?? b.types);
  const values =
    a.values && b.values
      ? a.values.filter((value) => b.values?.some((other) => isEqual(value, other)))
      : (a.values ?? b.values);
  if (types?.length === 0 || values?.length === 0) return undefined;

  const merged: Record<string, unknown> = { ...a, ...b };
  if (types !== undefined) merged["types"] = types;
  if (values !== undefined) merged["values"] = values;
  for (const [keyword, stricter] of Object.entries(bounds)) {
    const [some, other] = [a[keyword as keyof typeof bounds], b[keyword as keyof typeof bounds]];
    if (some !== undefined && other !== undefined) merged[keyword] = stricter(some, other);
  }
  for (const keyword of ["pattern", "format"] as const) {
    const [some, other] = [a[keyword], b[keyword]];
    if (some !== undefined && other !== undefined && some !== other)
      throw schemaError(path, `"${keyword}" can be "${some}" or "${other}", but not both at once`);
  }
  if (a.required && b.required) merged["required"] = [...new Set([...a.required, ...b.required])];
  return { ...merged, ...mergedProperties(a, b), ...mergedItems(a, b) };
}

function commonTypes(some: readonly TypeName[], others: readonly TypeName[]): TypeName[] {
  const has = (types: readonly TypeName[], type: TypeName) =>
    types.includes(type) || (type === "integer" && types.includes("number"));
  return [...new Set([...some, ...others])].filter((type) => has(some, type) && has(others, type));
}

/** A property that only one side names has to fit what the other says of unnamed ones. */
function mergedProperties(a: FlatSchema, b: FlatSchema): Partial<FlatSchema> {
  if (!hasProperties(a) || !hasProperties(b)) return {};
  const of = ({ properties = {}, additionalProperties }: FlatSchema, name: string) =>
    Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
  const names = new Set([...Object.keys(a.properties ?? {}), ...Object.keys(b.properties ?? {})]);
  const additionalProperties = conjunction(a.additionalProperties, b.additionalProperties);
  return {
    properties: Object.fromEntries(
      Array.from(names, (name) => [name, conjunction(of(a, name), of(b, name)) ?? true]),
    ),
    ...(additionalProperties === undefined ? {} : { additionalProperties }),
  };
}

function hasProperties({ properties, additionalProperties }: FlatSchema): boolean {
  return properties !== undefined || additionalProperties !== undefined;
}

function mergedItems(a: FlatSchema, b: FlatSchema): Partial<FlatSchema> {
  const { prefixItems: some = [] } = a;
  const { prefixItems: other = [] } = b;
  const items = conjunction(a.items, b.items);
  const prefixItems = Array.from({ length: Math.max(some.length, other.length) }, (_, index) =>
    conjunction(
      index < some.length ? some[index] : a.items,
      index < other.length ? other[index] : b.items,
    ),
  );
  return {
    ...(items === undefined ? {} : { items }),
    ...(prefixItems.length === 0 ? {} : { prefixItems }),
  };
}

/** Undefined, the absent schema, asks for nothing. */
function conjunction(some: unknown, other: unknown): unknown {
  if (some === undefined || some === true) return other ?? some;
  if (other === undefined || other === true || isEqual(some, other)) return some;
  return { allOf: [some, other] };
}
