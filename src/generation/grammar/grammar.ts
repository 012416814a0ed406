/** A grammar as it was written: rules by name, each an expression over characters and rules. */
import type { CharacterSet } from "./characterSet.ts";

/** What a rule, or a part of one, stands for: some set of texts. */
export type Expression =
  /** One character of the set. */
  | { readonly kind: "characters"; readonly set: CharacterSet }
  /** All parts, one after the other; no parts are the empty text. */
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  /** Any one of the options. */
  | { readonly kind: "choice"; readonly options: readonly Expression[] }
  /** The body, `least` to `most` times. `most` may be Infinity. */
  | {
      readonly kind: "repeat";
      readonly body: Expression;
      readonly least: number;
      readonly most: number;
    }
  /** Whatever the named rule stands for. */
  | { readonly kind: "rule"; readonly name: string };

/**
 * Rules by name. `parseGrammar` vouches that every rule referred to is there, that none is
 * left-recursive and that each can come to an end.
 */
export type Grammar = ReadonlyMap<string, Expression>;

/** The rule that the whole text must match. */
export const rootName = "root";
