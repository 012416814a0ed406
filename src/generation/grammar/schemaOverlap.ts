/**
 * Whether a text written for one branch of `oneOf` may fit another one too. Says yes when in doubt.
 *
 * What is written is narrower than what fits. Objects have named properties only, unless
 * `additionalProperties` asks for more: `{"a": 1}` never comes from a branch that does not name `a`.
 * And where a schema names no type, values of the type that its keywords are about are written, but
 * those of all others fit.
 */
import { type FlatSchema, hasType, isEqual, typesOf, valuesOf } from "./flatSchema.ts";
import { type TypeName, typeNames } from "./schemaKeywords.ts";

type Flatten = (schema: unknown) => readonly FlatSchema[];

/** What tells objects apart lies one or two objects deep. */
const DEEPEST_LOOK = 4;

export function mayBothHold(a: FlatSchema, b: FlatSchema, flatten: Flatten): boolean {
  return mayFit(a, b, flatten, 0) || mayFit(b, a, flatten, 0);
}

function mayFit(written: FlatSchema, other: FlatSchema, flatten: Flatten, depth: number): boolean {
  const { types: fitting = typeNames } = other;
  if (written.values !== undefined)
    return valuesOf(written).some(
      (value) =>
        hasType(value, fitting) && (other.values?.some((one) => isEqual(one, value)) ?? true),
    );
  if (other.values !== undefined)
    return valuesOf(other).some((value) => hasType(value, typesOf(written)));

  const shared = typesOf(written).filter((type) => isAmong(type, fitting));
  if (shared.length === 0) return false;
  if (shared.every((type) => type === "integer" || type === "number"))
    return rangesMeet(written, other);
  if (shared.length > 1 || shared[0] !== "object") return true;
  if (lacksRequired(written, other)) return false;
  return !(written.required ?? []).some((name) => {
    const [value, wanted] = [propertyOf(written, name), propertyOf(other, name)];
    if (value === undefined || wanted === undefined || depth >= DEEPEST_LOOK) return false;
    const wantedFlats = flatten(wanted);
    return !flatten(value).some((some) =>
      wantedFlats.some((one) => mayFit(some, one, flatten, depth + 1)),
    );
  });
}

/** Some numbers are integers, whatever they are called. */
function isAmong(type: TypeName, types: readonly TypeName[]): boolean {
  const isNumeric = type === "integer" || type === "number";
  return (
    types.includes(type) || (isNumeric && types.some((t) => t === "integer" || t === "number"))
  );
}

function rangesMeet(a: FlatSchema, b: FlatSchema): boolean {
  return lowest(a) <= highest(b) && lowest(b) <= highest(a);
}

function lowest({ minimum = -Infinity, exclusiveMinimum = -Infinity }: FlatSchema): number {
  return Math.max(minimum, exclusiveMinimum);
}

function highest({ maximum = Infinity, exclusiveMaximum = Infinity }: FlatSchema): number {
  return Math.min(maximum, exclusiveMaximum);
}

/** Whether objects written for the first schema always lack something that the second requires. */
function lacksRequired(written: FlatSchema, other: FlatSchema): boolean {
  const { properties, additionalProperties = properties === undefined } = written;
  if (additionalProperties !== false) return false;
  const names = new Set([...Object.keys(properties ?? {}), ...(written.required ?? [])]);
  return (other.required ?? []).some((name) => !names.has(name));
}

function propertyOf({ properties, additionalProperties }: FlatSchema, name: string): unknown {
  const isNamed = properties !== undefined && Object.hasOwn(properties, name);
  return isNamed ? properties[name] : additionalProperties;
}
