/** A schema without combinations: keywords about types, values, objects, arrays, strings, numbers. */
import {
  keywordsOfType,
  type SchemaObject,
  type TypeName,
  typeNames,
  typeOf,
} from "./schemaKeywords.ts";

export interface FlatSchema {
  /** Absent: any. */
  readonly types?: readonly TypeName[];
  /** The only values; `const` is one of them. */
  readonly values?: readonly unknown[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
  readonly prefixItems?: readonly unknown[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** @param own keywords that were checked, without combining ones; none for what cannot be satisfied */
export function flatOf(own: SchemaObject): readonly FlatSchema[] {
  const { type, enum: listed, const: only, ...rest } = own;
  const flat: FlatSchema = {
    ...(type === undefined ? {} : { types: (Array.isArray(type) ? type : [type]) as TypeName[] }),
    ...(listed === undefined ? {} : { values: listed as unknown[] }),
    ...rest,
  };
  if (!Object.hasOwn(own, "const")) return [flat];
  const isListed = flat.values?.some((value) => isEqual(value, only)) ?? true;
  return isListed ? [{ ...flat, values: [only] }] : [];
}

/**
 * The types that values of the schema will have. A schema that names none but has keywords for some
 * is about these.
 */
export function typesOf({ types, ...flat }: FlatSchema): readonly TypeName[] {
  if (types !== undefined)
    return types.includes("number") ? types.filter((t) => t !== "integer") : types;
  const all = typeNames.filter((type) => type !== "integer");
  if (flat.values !== undefined) return all;
  const meant = all.filter((type) => keywordsOfType[type].some((keyword) => keyword in flat));
  return meant.length > 0 ? meant : all;
}

/** The listed values that have one of the types. */
export function valuesOf({ types, values = [] }: FlatSchema): readonly unknown[] {
  return types === undefined ? values : values.filter((value) => hasType(value, types));
}

export function hasType(value: unknown, types: readonly TypeName[]): boolean {
  const type = typeOf(value);
  return types.includes(type) || (type === "integer" && types.includes("number"));
}

/** Objects are equal whatever the order of their keys. */
export function isEqual(some: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(some)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}
