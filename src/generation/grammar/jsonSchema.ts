/**
 * JSON Schema to GBNF: a grammar whose texts all are JSON that the schema accepts.
 *
 * It goes one way only. Not every value that the schema accepts has a text of the grammar: objects
 * name their properties in the schema's order and have no others unless asked for, numbers end after
 * 15 digits. What no grammar of this kind can promise is refused, never dropped.
 *
 * Source: https://json-schema.org/draft/2020-12
 */

import type { OptionError } from "../../support/errors.ts";
import { type FlatSchema, typesOf, valuesOf } from "./flatSchema.ts";
import { choiceText, literalText } from "./gbnfText.ts";
import { rootName } from "./grammar.ts";
import type { GrammarWriter } from "./grammarWriter.ts";
import { type JsonRule, jsonRules } from "./jsonRules.ts";
import { arrayText } from "./schemaArray.ts";
import { createFlattening, type Flatten } from "./schemaFlattening.ts";
import { isObject, keywordsOfType, schemaError, type TypeName, typeOf } from "./schemaKeywords.ts";
import { numberText } from "./schemaNumber.ts";
import { objectText } from "./schemaObject.ts";
import { stringText } from "./schemaString.ts";

const MOST_RULES = 5000;
/** Of the document, and of rules that need each other: keeps the recursion far from the stack's end. */
const DEEPEST_NESTING = 200;

/**
 * Turns a JSON schema, as `JSON.parse` gives it, into a grammar for `createGrammarMask`.
 *
 * @throws OptionError naming keyword and place of what is not supported or contradicts itself
 */
export function jsonSchemaToGrammar(schema: unknown): string {
  refuseDeepNesting(schema);
  const writer = new SchemaGrammar(createFlattening(schema));
  const values = writer.values(schema, "#");
  if (values === undefined) throw schemaError("#", "no value can satisfy this");
  return writer.text(values);
}

class SchemaGrammar implements GrammarWriter {
  readonly #flatten: Flatten;
  readonly #rules = new Map<string, string>();
  /** Names of rules by the flat schema they are for: equal ones share one, and may need themselves. */
  readonly #known = new Map<string, string>();
  readonly #jsonRules = new Map<string, string>();
  #depth = 0;

  constructor(flatten: Flatten) {
    this.#flatten = flatten;
  }

  values(schema: unknown, path: string): string | undefined {
    if (++this.#depth > DEEPEST_NESTING) throw tooDeep(path);
    // A schema that is only referred to is better known by its own name.
    const home = isObject(schema) && typeof schema["$ref"] === "string" ? schema["$ref"] : path;
    const alternatives = this.#flatten(schema, path).map((flat) => this.#valuesOfFlat(flat, home));
    this.#depth--;
    const options = [...new Set(alternatives.filter((text) => text !== undefined))];
    return options.length === 0 ? undefined : choiceText(options);
  }

  rule(text: string, path: string): string {
    const name = this.#newName(path);
    this.#rules.set(name, text);
    return name;
  }

  json(name: JsonRule): string {
    if (!this.#jsonRules.has(name)) {
      this.#jsonRules.set(name, jsonRules[name]);
      for (const needed of namesIn(jsonRules[name])) this.json(needed as JsonRule);
    }
    return name;
  }

  text(root: string): string {
    const rules = [[rootName, root], ...this.#rules, ...this.#jsonRules];
    return rules.map(([name, text]) => `${name} ::= ${text}\n`).join("");
  }

  #valuesOfFlat(flat: FlatSchema, path: string): string | undefined {
    if (flat.values !== undefined) return this.#listed(flat, path);
    const key = JSON.stringify(flat);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const types = typesOf(flat);
    const isPlain = types.every((type) => !keywordsOfType[type].some((word) => word in flat));
    if (isPlain) return this.#plain(types);

    const name = this.#newName(path);
    this.#known.set(key, name);
    this.#rules.set(name, ""); // keeps its place in front of the rules it needs
    const options = types.map((type) => this.#typed(type, flat, path));
    const texts = options.filter((text) => text !== undefined);
    if (texts.length === 0) throw schemaError(path, "no value can satisfy this");
    this.#rules.set(name, texts.join(" | "));
    return name;
  }

  #plain(types: readonly TypeName[]): string {
    if (types.length >= 6) return this.json("value");
    return choiceText(types.map((type) => (type === "null" ? '"null"' : this.json(type))));
  }

  #typed(type: TypeName, flat: FlatSchema, path: string): string | undefined {
    switch (type) {
      case "object":
        return objectText(flat, path, this);
      case "array":
        return arrayText(flat, path, this);
      case "string":
        return stringText(flat, path, this);
      case "number":
      case "integer":
        return numberText(flat, type, path, this);
      case "boolean":
      case "null":
        return this.#plain([type]);
    }
  }

  #listed(flat: FlatSchema, path: string): string | undefined {
    const values = valuesOf(flat);
    for (const value of values) {
      const keyword = keywordsOfType[typeOf(value)].find((word) => word in flat);
      if (keyword !== undefined)
        throw schemaError(path, `"${keyword}" is not supported beside "enum" or "const"`);
    }
    if (values.length === 0) return undefined;
    return choiceText(values.map((value) => literalText(JSON.stringify(value))));
  }

  /** `#/properties/first name` becomes `first-name`, or `first-name-2` where that is taken. */
  #newName(path: string): string {
    if (this.#rules.size >= MOST_RULES)
      throw schemaError(path, `the grammar would have more than ${MOST_RULES} rules`);
    const words = path.split("/").filter((word) => !structure.has(word));
    const ending = words
      .join("-")
      .match(/[A-Za-z0-9]+/g)
      ?.join("-")
      .slice(-40)
      .replace(/^-/, "");
    const base = ending ?? "top";
    const isTaken = (name: string) =>
      name === rootName || this.#rules.has(name) || Object.hasOwn(jsonRules, name);
    let name = base;
    for (let number = 2; isTaken(name); number++) name = `${base}-${number}`;
    return name;
  }
}

/** The keywords on the way to a schema say little about it. */
const structure: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);

/** The rules that a text of GBNF needs: all words outside literals and sets. */
function namesIn(text: string): string[] {
  const outside = text.replace(/"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]/g, " ");
  return outside.match(/[a-z-]+/g) ?? [];
}

function refuseDeepNesting(schema: unknown): void {
  let level = [schema];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST_NESTING) throw tooDeep("#");
    const containers = level.filter((value) => typeof value === "object" && value !== null);
    level = containers.flatMap((value) => Object.values(value as object));
  }
}

function tooDeep(path: string): OptionError {
  return schemaError(path, `schemas may be nested ${DEEPEST_NESTING} deep at most`);
}
