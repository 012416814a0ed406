/** What the writers of objects, arrays, strings and numbers may ask of the whole grammar. */
import type { JsonRule } from "./jsonRules.ts";

export interface GrammarWriter {
  /** An expression for the values of a schema; undefined if there can be none. */
  values(schema: unknown, path: string): string | undefined;
  /** Makes the text a rule of its own, and returns its name. */
  rule(text: string, path: string): string;
  /** Makes sure that a rule of JSON's own is there, and returns its name. */
  json(name: JsonRule): string;
}
