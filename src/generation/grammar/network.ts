/**
 * A grammar as a network of nodes to walk through while reading: a recursive transition network
 * (Woods, "Transition network grammars for natural language analysis", CACM 13(10), 1970).
 *
 * Repetitions stay counters rather than being written out, so `[a-z]{0,5000}` is three nodes.
 */
import type { Alphabet } from "./alphabet.ts";
import type { CharacterSet } from "./characterSet.ts";
import { type Expression, type Grammar, rootName } from "./grammar.ts";

export type Node =
  /** Reads a character of one of the member classes. */
  | CharacterNode
  /** Goes on at any one of the options. */
  | { readonly kind: "fork"; readonly id: number; readonly options: readonly Node[] }
  /** Goes through a rule, then on. */
  | { readonly kind: "call"; readonly id: number; readonly rule: string; readonly next: Node }
  | RepeatNode
  /** The end of a rule or of a repetition's body. */
  | { readonly kind: "end"; readonly id: number };

export interface CharacterNode {
  readonly kind: "characters";
  readonly id: number;
  /** `[classCount]` of the alphabet */
  readonly members: Uint8Array;
  readonly next: Node;
}

/** Goes through the body, `least` to `most` times, then on. */
export interface RepeatNode {
  readonly kind: "repeat";
  readonly id: number;
  readonly body: Node;
  readonly least: number;
  readonly most: number;
  readonly next: Node;
}

export interface Network {
  readonly start: Node;
  /** Where each rule begins. */
  readonly rules: ReadonlyMap<string, Node>;
  readonly nodeCount: number;
}

/** Builds the network, from the end of each rule to its beginning. */
export function createNetwork(grammar: Grammar, alphabet: Alphabet): Network {
  const end: Node = { kind: "end", id: 0 };
  const membersOfSets = new Map<string, Uint8Array>();
  let nodeCount = 1;

  const rules = new Map<string, Node>();
  for (const [name, body] of grammar) rules.set(name, path(body, end));
  return { start: rules.get(rootName)!, rules, nodeCount };

  /** The beginning of a path that reads the expression and goes on at `next`. */
  function path(expression: Expression, next: Node): Node {
    switch (expression.kind) {
      case "characters":
        return { kind: "characters", id: nodeCount++, members: members(expression.set), next };
      case "sequence":
        return expression.parts.reduceRight((rest, part) => path(part, rest), next);
      case "choice":
        return {
          kind: "fork",
          id: nodeCount++,
          options: expression.options.map((option) => path(option, next)),
        };
      case "repeat": {
        const { body, least, most } = expression;
        if (most === 1) {
          const once = path(body, next);
          return least === 1 ? once : { kind: "fork", id: nodeCount++, options: [once, next] };
        }
        return { kind: "repeat", id: nodeCount++, body: path(body, end), least, most, next };
      }
      case "rule":
        return { kind: "call", id: nodeCount++, rule: expression.name, next };
    }
  }

  /** Equal sets share one array: a text of quotes and letters repeats the same few. */
  function members(set: CharacterSet): Uint8Array {
    const key = String(set);
    const known = membersOfSets.get(key);
    if (known !== undefined) return known;
    const made = alphabet.membersOf(set);
    membersOfSets.set(key, made);
    return made;
  }
}

/** Every set that an expression of the grammar mentions. */
export function* setsOf(grammar: Grammar): Generator<CharacterSet> {
  for (const body of grammar.values()) {
    const rest: Expression[] = [body];
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part.kind === "characters") yield part.set;
      else if (part.kind === "sequence") rest.push(...part.parts);
      else if (part.kind === "choice") rest.push(...part.options);
      else if (part.kind === "repeat") rest.push(part.body);
    }
  }
}
