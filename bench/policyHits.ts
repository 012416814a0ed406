/**
 * Hit rates of every policy on the routing of gpt-oss-120b that the tests use (one prompt, 64 tokens).
 *
 *     node bench/policyHits.ts [--slots 36,72,144,288,576] [--policy lru,arc] [--json]
 *
 * Whole batches are looked up and leased, as an engine does; the prompt fills the cache and is not
 * counted. One token cycle is 72 slots. `switched` plays the tokens a second time with every layer's
 * experts renumbered, as if the topic had changed altogether, and counts that second half only.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Access } from "../src/policy/evictionPolicy.ts";
import { accessInParts } from "../src/policy/inParts.ts";
import { createPolicy, policyEntry, policyNames } from "../src/policy/registry.ts";

interface Routing {
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  readonly expertsPerToken: number;
  readonly prompt: readonly (readonly number[])[];
  readonly tokens: readonly (readonly number[])[];
}

const { values: options } = parseArgs({
  options: {
    slots: { type: "string", default: "36,72,144,288,576" },
    policy: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const file = new URL("../test/fixtures/routing/gpt-oss-120b.json", import.meta.url);
const routing: Routing = JSON.parse(readFileSync(file, "utf8"));
const { layerCount, expertsPerLayer, expertsPerToken } = routing;
const capacities = options.slots.split(",").map(Number);
const specs =
  options.policy?.split(",") ??
  policyNames.map((name) => (policyEntry(name).takesInner ? `${name}(lru)` : name));

const rows = specs.map((policy) => ({
  policy,
  ...Object.fromEntries(capacities.map((slots) => [`${slots}`, hitPercent(policy, slots, 1)])),
  ...Object.fromEntries(
    capacities.slice(-3).map((slots) => [`${slots} switched`, hitPercent(policy, slots, 2)]),
  ),
}));
if (options.json) console.log(JSON.stringify(rows, undefined, 2));
else console.table(rows);

/** Percent of the uses by the last of `topics` passes over the tokens. */
function hitPercent(spec: string, capacity: number, topics: number): number {
  const passes = [promptBatches(), ...Array.from({ length: topics }, (_, i) => tokenBatches(i))];
  const future = passes.flat();
  const policy = createPolicy(spec, { layerCount, expertsPerLayer, capacity, future });
  let hits = 0;
  let uses = 0;
  for (const pass of passes) {
    hits = 0;
    uses = 0;
    for (const access of pass) {
      uses += access.experts.length;
      for (const part of accessInParts(policy, access)) hits += part.hits.length;
    }
  }
  return Math.round((1000 * hits) / uses) / 10;
}

function promptBatches(): Access[] {
  return routing.prompt.map((experts, layer) => {
    return { step: 0, layer, experts: experts.map((expert) => idOf(layer, expert, 0)) };
  });
}

function tokenBatches(topic: number): Access[] {
  return routing.tokens.flatMap((experts, token) =>
    Array.from({ length: layerCount }, (_, layer) => ({
      step: 1 + topic * routing.tokens.length + token,
      layer,
      experts: experts
        .slice(layer * expertsPerToken, (layer + 1) * expertsPerToken)
        .map((expert) => idOf(layer, expert, topic)),
    })),
  );
}

/** The other topic turns the numbers of each layer by half the layer, and mirrors them. */
function idOf(layer: number, expert: number, topic: number): number {
  const other = (expertsPerLayer + expertsPerLayer / 2 - 1 - expert) % expertsPerLayer;
  return layer * expertsPerLayer + (topic === 0 ? expert : other);
}
