import { describe, expect, test } from "vitest";
import { parsePolicySpec } from "../../src/policy/policySpec.ts";
import { createPolicy, policyEntry, policyNames } from "../../src/policy/registry.ts";
import { conformanceChecks } from "../../src/policy/testing/index.ts";
import type { Subject } from "../../src/policy/testing/subject.ts";

/** Every registered policy is tested by being registered; these are tested in more than one form. */
const furtherSpecs = [
  "slru:protected=0.75",
  "slru:protected=0.75,fill=pooled",
  "slru:protected=1,fill=pooled",
  "slru:protected=0",
  "sharpinference-slru:frequency=off",
  "s3-fifo:small=0.5,ghost=0.3,promotion=2",
  "lirs:hir=0.4,ghost=0.5",
  "w-tinylfu:window=0.3,protected=0.5",
  "lfu-decay:halfLife=3",
  "cycle-aware:window=4",
  "cycle-burst:burst=2,window=5,share=0.6",
  "gdsf:cost=1,size=bytes",
  "random:seed=7",
  "per-layer(fifo):weights=1/2/3",
  "per-layer(slru:protected=0.5)",
  "per-layer(cycle-aware)",
  "per-layer(sharpinference-slru)",
  "per-layer(per-layer(lru))",
];

const specs = [
  ...policyNames.map((name) => (policyEntry(name).takesInner ? `${name}(lru)` : name)),
  ...furtherSpecs,
];

describe.each(specs)("%s", (spec) => {
  // Weights are given for three layers; the flat stream of the kit has one.
  const isForThreeLayers = parsePolicySpec(spec).parameters.has("weights");
  const subject: Subject = {
    name: spec,
    traits: policyEntry(spec).traits,
    create: (setting) => createPolicy(spec, setting),
  };
  const checks = conformanceChecks(subject).filter(
    ({ name }) => !isForThreeLayers || !name.includes("flat"),
  );
  for (const check of checks) test(check.name, check.run);
});

test("the registry has the policies of the documentation", () => {
  expect(policyNames).toMatchInlineSnapshot(`
    [
      "lru",
      "fifo",
      "clock",
      "random",
      "lfu",
      "lfu-decay",
      "slru",
      "sharpinference-slru",
      "s3-fifo",
      "sieve",
      "arc",
      "lirs",
      "w-tinylfu",
      "llamacpp-lru",
      "lfru",
      "least-stale",
      "cycle-aware",
      "cycle-burst",
      "per-layer",
      "gdsf",
      "belady",
      "belady-bypass",
    ]
  `);
});
