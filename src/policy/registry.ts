/** All policies by name: the only place that knows which exist. */
import { OptionError } from "../support/errors.ts";
import type { EvictionPolicy, PolicySetting } from "./evictionPolicy.ts";
import { type CliffTraits, catalogue, type PolicyEntry } from "./policyCatalogue.ts";
import { type PolicySpec, parsePolicySpec } from "./policySpec.ts";
import type { ReplacementRule, Slots } from "./replacementRule.ts";
import { RuledPolicy } from "./ruledPolicy.ts";

/** The names that {@link createPolicy} knows. */
export const policyNames: readonly string[] = Object.keys(catalogue);

/**
 * Makes a policy from its text, such as "slru:protected=0.8". Throws OptionError, listing what is
 * known, for an unknown name or parameter, and for values out of range.
 */
export function createPolicy(spec: string, setting: PolicySetting): EvictionPolicy {
  const entry = policyEntry(spec);
  const capacity = entry.slots?.(setting.capacity) ?? setting.capacity;
  return new RuledPolicy(spec, { ...setting, capacity }, (slots) => makeRule(spec, slots, setting));
}

/** What the catalogue says of a spec's policy. Throws OptionError if it is unknown. */
export function policyEntry(spec: string): PolicyEntry {
  const { name } = parsePolicySpec(spec);
  const entry = Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
  if (entry === undefined) {
    throw new OptionError(`there is no policy "${name}"; there are ${policyNames.join(", ")}`);
  }
  return entry;
}

/**
 * Looks whether {@link createPolicy} would know a spec, before there are slots for it. Throws what it
 * would throw; only how parameters suit the number of layers or slots is not seen.
 */
export function checkPolicySpec(text: string): void {
  const spec = parsePolicySpec(text);
  const entry = policyEntry(text);
  checkInner(text, spec, entry);
  readParameters(text, spec, entry);
  if (spec.inner !== undefined) checkPolicySpec(spec.inner);
}

/** What the cliff guard must know of a spec's policy. Throws OptionError if it is unknown. */
export function policyCliff(text: string): CliffTraits {
  const entry = policyEntry(text);
  const parameters = readParameters(text, parsePolicySpec(text), entry);
  return { entryShare: 1, countsUses: false, ...entry.cliff?.(parameters) };
}

/** The rule alone, for the slots given: `per-layer` makes one for every layer. */
function makeRule(text: string, slots: Slots, setting: PolicySetting): ReplacementRule {
  const entry = policyEntry(text);
  const spec = parsePolicySpec(text);
  checkInner(text, spec, entry);
  const { inner } = spec;
  return entry.make(slots, {
    parameters: readParameters(text, spec, entry),
    setting,
    makeInner: (innerSlots, innerSetting) => makeRule(inner!, innerSlots, innerSetting),
  });
}

function checkInner(text: string, { name, inner }: PolicySpec, { takesInner }: PolicyEntry): void {
  if ((inner !== undefined) === (takesInner ?? false)) return;
  throw new OptionError(
    takesInner
      ? `policy "${text}" needs another one: ${name}(lru)`
      : `policy "${text}": ${name} takes no other policy in parentheses`,
  );
}

function readParameters(
  text: string,
  spec: PolicySpec,
  { parameters: readers }: PolicyEntry,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, valueText] of spec.parameters) {
    const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (reader === undefined) {
      const known = Object.keys(readers).join(", ") || "none";
      throw new OptionError(
        `policy "${text}": ${spec.name} has no parameter "${key}"; its parameters: ${known}`,
      );
    }
    const value = reader.read(valueText);
    if (value === undefined) {
      throw new OptionError(`policy "${text}": ${key} must be ${reader.values}`);
    }
    values[key] = value;
  }
  return values;
}
