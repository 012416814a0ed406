/** What `sluice trace compare` takes: lists of policies and of numbers. */
import { InvalidArgumentError } from "commander";
import { policyEntry, policyNames } from "../../policy/index.ts";

/**
 * Policies between commas. Their parameters are separated by commas, too: a piece of the form
 * key=value, and whatever stands in parentheses, belongs to the policy before it.
 *
 * `lru,slru:protected=0.75,fill=pooled` -> `lru` and `slru:protected=0.75,fill=pooled`
 */
export function policyList(text: string): readonly string[] {
  if (text === "all") {
    return policyNames.map((name) => (policyEntry(name).takesInner ? `${name}(lru)` : name));
  }
  const policies: string[] = [];
  let open = 0;
  for (const piece of text.split(",").map((part) => part.trim())) {
    const belongs = open > 0 || /^\w+=/.test(piece);
    if (belongs && policies.length > 0) policies.push(`${policies.pop()},${piece}`);
    else policies.push(piece);
    open += countOf("(", piece) - countOf(")", piece);
  }
  if (policies.includes("")) {
    throw new InvalidArgumentError('It must be policies with commas between them: "lru,arc".');
  }
  return policies;
}

/** A list of what `read` reads, with commas between. */
export function listOf<Value>(read: (text: string) => Value): (text: string) => readonly Value[] {
  return (text) => text.split(",").map((part) => read(part.trim()));
}

function countOf(character: string, text: string): number {
  return text.split(character).length - 1;
}
