/** Objects: their properties in the schema's order, the optional ones or not. */
import { charactersOf, complement, hasCharacter, intersection } from "./characterSet.ts";
import type { FlatSchema } from "./flatSchema.ts";
import { choiceText, literalText, setText } from "./gbnfText.ts";
import type { GrammarWriter } from "./grammarWriter.ts";
import { plainCharacters } from "./schemaString.ts";

interface Property {
  /** Key, colon and value. */
  readonly text: string;
  readonly isRequired: boolean;
}

/**
 * The objects of a schema. Where it names properties and says nothing of others, there are no others.
 *
 * @returns undefined if there can be none
 */
export function objectText(
  flat: FlatSchema,
  path: string,
  writer: GrammarWriter,
): string | undefined {
  const { properties = {}, required = [], additionalProperties } = flat;
  const gap = writer.json("gap");
  const names = [...new Set([...Object.keys(properties), ...required])];

  const written: Property[] = [];
  for (const name of names) {
    const schema = Object.hasOwn(properties, name)
      ? properties[name]
      : (additionalProperties ?? true);
    const value = writer.values(schema, `${path}/properties/${pointerPart(name)}`);
    const isRequired = required.includes(name);
    if (value !== undefined)
      written.push({
        text: `${literalText(`${JSON.stringify(name)}:`)} " "? ${value}`,
        isRequired,
      });
    else if (isRequired) return undefined;
  }
  const others = additionalProperties ?? flat.properties === undefined;
  const value = writer.values(others, `${path}/additionalProperties`);
  const other =
    value === undefined
      ? undefined
      : writer.rule(`${keyBesides(names, writer)} ":" " "? ${value}`, `${path}/other`);

  // Two readings of the properties from each one on: after others, with a comma, or as the first.
  let following = other === undefined ? "" : `("," ${gap} ${other})*`;
  let first = other === undefined ? undefined : `${gap} ${other} ${following}`;
  let mayBeEmpty = true;
  for (const { text, isRequired } of written.toReversed()) {
    // Both readings of every property go on with it: it had better have a name.
    if (written.length > 2 && following !== "") following = writer.rule(following, `${path}/rest`);
    const begun = `${gap} ${text} ${following}`.trim();
    first = isRequired || first === undefined ? begun : `${begun} | ${first}`;
    if (isRequired) mayBeEmpty = false;
    following =
      `${isRequired ? `"," ${gap} ${text}` : `("," ${gap} ${text})?`} ${following}`.trim();
  }
  if (first === undefined) return `"{" ${gap} "}"`;
  return `"{" (${first})${mayBeEmpty ? "?" : ""} ${gap} "}"`;
}

/** A slash in a name would look like one between two. */
function pointerPart(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/**
 * A key that is none of these: it leaves the tree of their beginnings somewhere. It is written
 * without escapes, so that `"\u0061"` cannot pass for something else than `"a"`.
 */
function keyBesides(names: readonly string[], writer: GrammarWriter): string {
  const plain = writer.json("plain");
  const plainNames = names.filter((name) =>
    Array.from(name).every((character) =>
      hasCharacter(plainCharacters, character.codePointAt(0) ?? 0),
    ),
  );
  return `"\\"" ${besides(plainNames)} "\\""`;

  function besides(endings: readonly string[]): string {
    if (endings.length === 0) return `${plain}*`;
    const byFirst = Map.groupBy(endings, (ending) => Array.from(ending)[0] ?? "");
    const firsts = [...byFirst.keys()].filter((first) => first !== "");
    const others = intersection(plainCharacters, complement(charactersOf(firsts.join(""))));
    const options = firsts.map((first) => {
      const rests = byFirst.get(first)!.map((ending) => ending.slice(first.length));
      return `${literalText(first)} ${besides(rests)}`;
    });
    options.push(`${setText(others)} ${plain}*`);
    if (!byFirst.has("")) options.push('""');
    return options.length === 1 ? `(${options[0]})` : choiceText(options);
  }
}
