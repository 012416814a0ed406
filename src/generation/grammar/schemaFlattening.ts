/**
 * Takes apart how schemas are combined. `$ref`, `allOf`, `anyOf` and `oneOf` become a list of flat
 * schemas without them, one for each way in which a value may satisfy the whole: "and" merges, "or"
 * lengthens the list.
 */

import { type FlatSchema, flatOf } from "./flatSchema.ts";
import { assertionsOf, isObject, schemaError } from "./schemaKeywords.ts";
import { mergeFlat } from "./schemaMerge.ts";
import { mayBothHold } from "./schemaOverlap.ts";

const MOST_ALTERNATIVES = 500;
/** References and combinations within each other, without an object or array in between. */
const DEEPEST_COMBINATION = 50;

/** Takes a schema, and where it stands; no alternatives are for what cannot be satisfied. */
export type Flatten = (schema: unknown, path: string) => readonly FlatSchema[];

/** @param root the whole document, in which references are looked up */
export function createFlattening(root: unknown): Flatten {
  return (schema, path) => flatten(schema, path, 0);

  function flatten(schema: unknown, path: string, depth: number): readonly FlatSchema[] {
    if (schema === true) return [{}];
    if (schema === false) return [];
    if (!isObject(schema))
      throw schemaError(path, "this must be a schema: an object, true or false");
    if (depth > DEEPEST_COMBINATION)
      throw schemaError(path, "this refers to itself without an object or array in between");

    const { $ref, allOf, anyOf, oneOf, ...own } = assertionsOf(schema, path);
    const inner = (part: unknown, name: string) => flatten(part, `${path}/${name}`, depth + 1);
    const listed = (parts: unknown, name: string) =>
      ((parts ?? []) as unknown[]).map((part, index) => inner(part, `${name}/${index}`));

    let result: readonly FlatSchema[] = flatOf(own);
    if ($ref !== undefined) {
      const target = resolve($ref as string, path);
      result = both(result, flatten(target, $ref as string, depth + 1), path);
    }
    for (const part of listed(allOf, "allOf")) result = both(result, part, path);
    if (anyOf !== undefined) result = both(result, listed(anyOf, "anyOf").flat(), path);
    if (oneOf !== undefined) {
      const branches = listed(oneOf, "oneOf").map((branch) => both(result, branch, path));
      refuseOverlap(branches, path);
      result = branches.flat();
    }
    return result;
  }

  function refuseOverlap(branches: readonly (readonly FlatSchema[])[], path: string): void {
    for (const [index, branch] of branches.entries()) {
      for (const [otherIndex, other] of branches.slice(0, index).entries()) {
        if (!branch.some((some) => other.some((flat) => mayBothHold(some, flat, flatAt)))) continue;
        throw schemaError(
          `${path}/oneOf`,
          `a value may fit both ${otherIndex} and ${index}, which "oneOf" forbids and a grammar cannot; is "anyOf" meant?`,
        );
      }
    }
    function flatAt(schema: unknown): readonly FlatSchema[] {
      return flatten(schema, path, 0);
    }
  }

  function resolve(reference: string, path: string): unknown {
    if (reference !== "#" && !reference.startsWith("#/"))
      throw schemaError(
        path,
        `"$ref" must lead to a place in the same file ("#/..."), not "${reference}"`,
      );
    let target = root;
    for (const part of reference.split("/").slice(1)) {
      const name = unescaped(part).replaceAll("~1", "/").replaceAll("~0", "~");
      const isThere = typeof target === "object" && target !== null && Object.hasOwn(target, name);
      if (!isThere) throw schemaError(path, `there is nothing at "${reference}"`);
      target = (target as Record<string, unknown>)[name];
    }
    return target;
  }
}

/** A reference is a URI, in which a name may have its characters as %XX. */
function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Every way to satisfy one of these and one of those. */
function both(
  some: readonly FlatSchema[],
  others: readonly FlatSchema[],
  path: string,
): readonly FlatSchema[] {
  if (some.length * others.length > MOST_ALTERNATIVES)
    throw schemaError(
      path,
      `there are more than ${MOST_ALTERNATIVES} combinations of alternatives`,
    );
  return some.flatMap((a) => others.flatMap((b) => mergeFlat(a, b, path) ?? []));
}
