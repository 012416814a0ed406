/** What the catalogue tells the cliff guard of each policy, held against a real model's routing. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Access } from "../../src/policy/evictionPolicy.ts";
import { accessInParts } from "../../src/policy/inParts.ts";
import {
  checkPolicySpec,
  createPolicy,
  policyCliff,
  policyEntry,
  policyNames,
} from "../../src/policy/registry.ts";
import { guardCliff } from "../../src/policy/sizing/cliffGuard.ts";
import { equalLayers } from "../../src/policy/sizing/tokenCycle.ts";

interface Routing {
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  readonly expertsPerToken: number;
  readonly firstToken: number;
  readonly tokens: readonly (readonly number[])[];
}

const file = new URL("../fixtures/routing/gpt-oss-120b.json", import.meta.url);
const routing = JSON.parse(readFileSync(file, "utf8")) as Routing;
const { layerCount, expertsPerLayer, expertsPerToken } = routing;
const layers = equalLayers(layerCount, {
  expertCount: expertsPerLayer,
  expertsPerToken,
  expertBytes: 1,
});
const accesses = routing.tokens.flatMap((experts, token) =>
  Array.from({ length: layerCount }, (_, layer): Access => {
    const own = experts.slice(layer * expertsPerToken, (layer + 1) * expertsPerToken);
    const ids = own.map((expert) => layer * expertsPerLayer + expert);
    return { step: routing.firstToken + token, layer, experts: ids };
  }),
);

function hits(spec: string, capacity: number): number {
  const policy = createPolicy(spec, { layerCount, expertsPerLayer, capacity });
  let count = 0;
  for (const access of accesses) {
    for (const part of accessInParts(policy, access)) count += part.hits.length;
  }
  return count;
}

const onlinePolicies = policyNames
  .filter((name) => !policyEntry(name).traits.needsFuture)
  .map((name) => (policyEntry(name).takesInner ? `${name}(lru)` : name));
const variants = [
  "slru:fill=pooled",
  "slru:protected=0.5",
  "slru:protected=0.75",
  "slru:protected=1",
  "sharpinference-slru:frequency=off",
  "per-layer(slru)",
];
const cycle = layerCount * expertsPerToken;

describe.each([...onlinePolicies, ...variants])("%s", (spec) => {
  const verdict = (slots: number) => guardCliff({ layers, slots, ...policyCliff(spec) });

  test("hits nothing at half a token cycle exactly if the guard says so", () => {
    expect(hits(spec, cycle / 2) === 0).toBe(verdict(cycle / 2).hitsNothing);
  });

  test("hits at the slots that the guard asks for, and not before where it says so", () => {
    const { requiredSlots } = verdict(cycle / 2);
    if (requiredSlots > layerCount * expertsPerLayer) return;
    expect(hits(spec, requiredSlots)).toBeGreaterThan(0);
    const below = verdict(requiredSlots - 1);
    if (below.hitsNothing) expect(hits(spec, requiredSlots - 1)).toBe(0);
  });
});

test("a spec is checked as createPolicy would, without slots", () => {
  expect(() => checkPolicySpec("slru:protected=0.8")).not.toThrow();
  expect(() => checkPolicySpec("per-layer(slru:fill=pooled):weights=1/2")).not.toThrow();
  expect(() => checkPolicySpec("lru2")).toThrow('there is no policy "lru2"; there are lru, ');
  expect(() => checkPolicySpec("slru:protected=2")).toThrow("protected must be 0 to 1");
  expect(() => checkPolicySpec("per-layer")).toThrow("needs another one: per-layer(lru)");
  expect(() => checkPolicySpec("lru(fifo)")).toThrow("takes no other policy in parentheses");
  expect(() => checkPolicySpec("per-layer(lru2)")).toThrow('there is no policy "lru2"');
});
