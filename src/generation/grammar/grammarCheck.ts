/**
 * What must hold of a grammar before it can steer a model, beyond being well written:
 *
 * - Every rule can come to an end. Then so can every text that was begun by the grammar, and a model
 *   that is held to it never finds itself without a next character.
 * - No rule begins with itself, directly or by way of others ("left recursion"): a reader that goes
 *   from left to right would ask for the rule again and again without having read anything.
 */
import { OptionError } from "../../support/errors.ts";
import type { Expression, Grammar } from "./grammar.ts";

/**
 * @param grammar all of its references lead to a rule
 * @throws OptionError naming the rule at fault
 */
export function checkGrammar(grammar: Grammar): void {
  const ending = rulesThat(grammar, (body, known) => holds(body, known, { ofCharacters: true }));
  for (const name of grammar.keys()) {
    if (ending.has(name)) continue;
    throw new OptionError(
      `grammar: rule "${name}" never ends; one of its alternatives must do without rules that need it`,
    );
  }
  const nullable = rulesThat(grammar, (body, known) => holds(body, known, { ofCharacters: false }));
  refuseLeftRecursion(grammar, nullable);
}

/** The rules for whose bodies `test` holds, given the rules for which it is known to hold. */
function rulesThat(
  grammar: Grammar,
  test: (body: Expression, known: ReadonlySet<string>) => boolean,
): Set<string> {
  const known = new Set<string>();
  for (let before = -1; before < known.size; ) {
    before = known.size;
    for (const [name, body] of grammar) if (!known.has(name) && test(body, known)) known.add(name);
  }
  return known;
}

/** Whether some text of the expression is made of parts that hold; the empty text always holds. */
function holds(
  expression: Expression,
  rules: ReadonlySet<string>,
  { ofCharacters }: { ofCharacters: boolean },
): boolean {
  const recur = (part: Expression): boolean => holds(part, rules, { ofCharacters });
  switch (expression.kind) {
    case "characters":
      return ofCharacters;
    case "sequence":
      return expression.parts.every(recur);
    case "choice":
      return expression.options.some(recur);
    case "repeat":
      return expression.least === 0 || recur(expression.body);
    case "rule":
      return rules.has(expression.name);
  }
}

function refuseLeftRecursion(grammar: Grammar, nullable: ReadonlySet<string>): void {
  const firstRules = new Map<string, Set<string>>();
  for (const [name, body] of grammar)
    firstRules.set(name, new Set(rulesAtTheFront(body, nullable)));

  // Rules that begin with no other rule cannot be part of a circle, nor, those gone, the next ones.
  for (let before = -1; before !== firstRules.size; ) {
    before = firstRules.size;
    for (const [name, rules] of firstRules)
      if (rules.isDisjointFrom(firstRules)) firstRules.delete(name);
  }

  // Each rule left begins with another one left: following them must lead round a circle.
  const path: string[] = [];
  let next = firstRules.keys().next().value;
  while (next !== undefined) {
    const first = path.indexOf(next);
    if (first >= 0) {
      const circle = [...path.slice(first), next].map((name) => `"${name}"`).join(" -> ");
      throw new OptionError(
        `grammar: left recursion, ${circle}; write a rule's own name behind what it begins with, or use * or +`,
      );
    }
    path.push(next);
    next = firstRules
      .get(next)
      ?.values()
      .find((name) => firstRules.has(name));
  }
}

/** The rules whose text may stand at the very beginning of the expression's. */
function* rulesAtTheFront(
  expression: Expression,
  nullable: ReadonlySet<string>,
): Generator<string> {
  switch (expression.kind) {
    case "characters":
      return;
    case "sequence":
      for (const part of expression.parts) {
        yield* rulesAtTheFront(part, nullable);
        if (!holds(part, nullable, { ofCharacters: false })) return;
      }
      return;
    case "choice":
      for (const option of expression.options) yield* rulesAtTheFront(option, nullable);
      return;
    case "repeat":
      // A repetition of nothing holds no rule, whatever its body says.
      if (expression.most > 0) yield* rulesAtTheFront(expression.body, nullable);
      return;
    case "rule":
      yield expression.name;
  }
}
