/** What the kit can tell apart beyond broken books: wrong traits, wrong rules. */
import { describe, expect, test } from "vitest";
import type { EvictionPolicy, PolicySetting } from "../../../src/policy/evictionPolicy.ts";
import { createPolicy } from "../../../src/policy/registry.ts";
import {
  agreementCheck,
  assertConforms,
  conformanceChecks,
  type Subject,
} from "../../../src/policy/testing/index.ts";

const options = { seed: 20_26, runs: 300 };

function subjectOf(spec: string, traits: Subject["traits"] = {}): Subject {
  return { name: spec, traits, create: (setting) => createPolicy(spec, setting) };
}

function failing(subject: Subject): string[] {
  return conformanceChecks(subject, options)
    .filter(({ run }) => {
      try {
        run();
        return false;
      } catch {
        return true;
      }
    })
    .map(({ name }) => name);
}

/** Another slot than it admits to, as if it had more memory than it was given. */
function boastful(spec: string, setting: PolicySetting): EvictionPolicy {
  const policy = createPolicy(spec, { ...setting, capacity: setting.capacity + 1 });
  return new Proxy(policy, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (key === "capacity") return setting.capacity;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("a trait that a policy does not have is found out", () => {
  test.each([
    ["fifo", { hasInclusion: true }, "with one slot more, holds the same and one more"],
    ["slru", { admitsEveryMiss: false }, "with a slot for each, misses every expert once"],
    [
      "slru:fill=pooled,protected=0.5",
      { hasInclusion: true },
      "with one slot more, holds the same and one more",
    ],
  ])("%s", (spec, traits, check) => {
    expect(failing(subjectOf(spec, traits))).toContain(check);
  });

  test("belady-bypass does not admit every miss", () => {
    const subject = subjectOf("belady-bypass", { needsFuture: true });
    expect(failing(subject)).toContain("keeps its books right under any commands");
    expect(failing(subject)).toContain("never has more hits than belady");
  });
});

test("a policy with a slot more than it says has more hits than the bound allows", () => {
  const subject: Subject = {
    name: "boastful",
    traits: { needsFuture: true, admitsEveryMiss: false },
    create: (setting) => boastful("belady-bypass", setting),
  };
  expect(failing(subject)).toContain("never has more hits than belady-bypass");
});

test("a policy that leaves slots empty hits less of a flat stream", () => {
  const subject: Subject = {
    name: "half empty",
    traits: { fillsEverySlot: false, admitsEveryMiss: false },
    create: (setting) => boastfulOfHalf(setting),
  };
  expect(failing(subject)).toContain("hits a flat random stream as often as slots are to experts");
});

/** Says it has all slots but uses half of them. */
function boastfulOfHalf(setting: PolicySetting): EvictionPolicy {
  const half = createPolicy("lru", { ...setting, capacity: Math.ceil(setting.capacity / 2) });
  return new Proxy(half, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (key === "capacity") return setting.capacity;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("assertConforms throws what the first check that fails throws", () => {
  expect(() => assertConforms(subjectOf("lru"))).not.toThrow();
  expect(() => assertConforms(subjectOf("fifo", { hasInclusion: true }), options)).toThrow(
    "Property failed",
  );
});

describe("agreement tells a rule from its nearest relative", () => {
  test.each([
    ["lru", "fifo"],
    ["fifo", "clock"],
    ["clock", "sieve"],
    ["lru", "llamacpp-lru"],
    ["lfu", "lfu-decay:halfLife=3"],
    ["lfu", "gdsf:cost=1"],
    ["lru", "lfru"],
    ["slru:fill=strict", "slru:fill=pooled"],
    ["slru:protected=0.75", "sharpinference-slru:frequency=off"],
    ["sharpinference-slru", "sharpinference-slru:frequency=off"],
    ["cycle-aware:window=4", "cycle-aware:window=32"],
    ["least-stale", "lru"],
    ["w-tinylfu:window=0.1", "w-tinylfu:window=0.5"],
    ["s3-fifo:promotion=1", "s3-fifo:promotion=2"],
    ["lirs:hir=0.1", "lirs:hir=0.5"],
    ["arc", "lru"],
    ["random:seed=1", "random:seed=2"],
  ])("%s from %s", (spec, other) => {
    const check = agreementCheck(
      subjectOf(spec),
      (setting) => createPolicy(other, setting),
      options,
    );
    expect(check.run).toThrow("but the model has");
  });
});
