import { describe, expect, test } from "vitest";
import type { Access, PolicySetting } from "../../src/policy/evictionPolicy.ts";
import { createPolicy, policyEntry, policyNames } from "../../src/policy/registry.ts";
import { RandomNumbers } from "../../src/policy/ruleNumbers.ts";
import { agreementCheck } from "../../src/policy/testing/index.ts";
import { NaiveBelady } from "./models/naiveClairvoyant.ts";
import {
  NaiveGdsf,
  NaiveLfru,
  NaiveLfu,
  NaiveLfuDecay,
  NaiveWTinyLfu,
} from "./models/naiveFrequency.ts";
import { NaiveArc, NaiveLirs, NaiveS3Fifo } from "./models/naiveGhosts.ts";
import {
  NaiveCycleAware,
  NaiveCycleBurst,
  NaiveGroupedLru,
  NaiveLeastStale,
  NaiveLlamaCppLru,
} from "./models/naiveLayers.ts";
import { NaivePolicy, type NaiveRule, type NaiveWorld } from "./models/naivePolicy.ts";
import {
  NaiveClock,
  NaiveFifo,
  NaiveLru,
  NaiveRandom,
  NaiveSieve,
  NaiveSlru,
} from "./models/naiveRecency.ts";
import { NaiveSharpInference } from "./models/naiveSharpInference.ts";

/** Of the kit's three layers, two have experts of 2 bytes and the middle one of 3. */
const models: Readonly<Record<string, (world: NaiveWorld) => NaiveRule>> = {
  lru: (world) => new NaiveLru(world),
  fifo: (world) => new NaiveFifo(world),
  clock: (world) => new NaiveClock(world),
  random: (world) => new NaiveRandom(world),
  lfu: (world) => new NaiveLfu(world),
  "lfu-decay:halfLife=7.3": (world) => new NaiveLfuDecay(world, 7.3),
  slru: (world) => new NaiveSlru(world, 80, true),
  "slru:protected=0.75": (world) => new NaiveSlru(world, 75, true),
  "slru:protected=0.75,fill=pooled": (world) => new NaiveSlru(world, 75, false),
  "slru:protected=0.5,fill=pooled": (world) => new NaiveSlru(world, 50, false),
  "sharpinference-slru": (world) => new NaiveSharpInference(world, world.setting.capacity),
  "s3-fifo": (world) => new NaiveS3Fifo(world),
  sieve: (world) => new NaiveSieve(world),
  arc: (world) => new NaiveArc(world),
  lirs: (world) => new NaiveLirs(world),
  "w-tinylfu": (world) => new NaiveWTinyLfu(world, 0.01),
  "w-tinylfu:window=0.4": (world) => new NaiveWTinyLfu(world, 0.4),
  "llamacpp-lru": (world) => new NaiveLlamaCppLru(world, byBytes(world.setting.capacity)),
  lfru: (world) => new NaiveLfru(world),
  "least-stale": (world) => new NaiveLeastStale(world),
  "cycle-aware": (world) => new NaiveCycleAware(world, 32),
  "cycle-aware:window=4": (world) => new NaiveCycleAware(world, 4),
  "cycle-burst": (world) => new NaiveCycleBurst(world, { burst: 3, window: 20, share: 0.3 }),
  "cycle-burst:burst=2,window=5,share=0.6": (world) =>
    new NaiveCycleBurst(world, { burst: 2, window: 5, share: 0.6 }),
  "per-layer(lru)": (world) => new NaiveGroupedLru(world, byLayer(world.setting.capacity)),
  gdsf: (world) => new NaiveGdsf(world),
  belady: (world) => new NaiveBelady(world, false),
  "belady-bypass": (world) => new NaiveBelady(world, true),
};

describe.each(Object.entries(models))("%s", (spec, makeRule) => {
  const { traits, slots } = policyEntry(spec);
  const future = (setting: PolicySetting) =>
    traits.needsFuture ? { ...setting, future: randomFuture(setting) } : setting;
  const check = agreementCheck(
    { name: spec, create: (setting) => createPolicy(spec, future(setting)) },
    (setting) => {
      const capacity = slots?.(setting.capacity) ?? setting.capacity;
      return new NaivePolicy({ ...future(setting), capacity }, makeRule);
    },
  );
  test(check.name, check.run);
});

test("every registered policy has a model", () => {
  const modelled = Object.keys(models).map((spec) => /^[a-z0-9-]+/.exec(spec)![0]);
  expect(new Set(modelled)).toEqual(new Set(policyNames));
});

function byBytes(capacity: number) {
  const outer = Math.ceil((capacity * 2) / 3);
  const remainder = capacity - Math.floor((capacity * 2) / 3) - Math.floor(capacity / 3);
  const first = Math.floor((capacity * 2) / 3) + (remainder > 0 ? 1 : 0);
  return [
    { layers: [0, 2], slots: Math.min(outer, first) },
    { layers: [1], slots: capacity - Math.min(outer, first) },
  ];
}

function byLayer(capacity: number) {
  return [0, 1, 2].map((layer) => ({
    layers: [layer],
    slots: Math.floor(capacity / 3) + (layer < capacity % 3 ? 1 : 0),
  }));
}

/** Foretells every expert often, in no order: what the accesses really are does not matter here. */
function randomFuture({ layerCount, expertsPerLayer }: PolicySetting): Access[] {
  const random = new RandomNumbers(5);
  return Array.from({ length: 1500 }, (_, step) => {
    const layer = random.below(layerCount);
    const wanted = 1 + random.below(2 ** expertsPerLayer - 1);
    const inLayer = Array.from({ length: expertsPerLayer }, (__, expert) => expert);
    const experts = inLayer.filter((expert) => (wanted >> expert) & 1);
    return { step, layer, experts: experts.map((expert) => layer * expertsPerLayer + expert) };
  });
}
