import { describe, expect, test } from "vitest";
import { conformanceChecks, type Subject } from "../../../src/policy/testing/index.ts";
import { type Fault, FaultyLru, faults } from "./faultyLru.ts";

/** Fixed, so that a fault is never missed by bad luck. */
const seed = 20_26;

function failingChecks(subject: Subject): string[] {
  const failing: string[] = [];
  for (const check of conformanceChecks(subject, { seed, runs: 300 })) {
    try {
      check.run();
    } catch {
      failing.push(check.name);
    }
  }
  return failing;
}

const subjectWith = (fault?: Fault): Subject => ({
  name: fault ?? "no fault",
  traits: { hasInclusion: true },
  create: (setting) => new FaultyLru(setting, fault),
});

test("a policy that shares no code with ours conforms", () => {
  expect(failingChecks(subjectWith())).toEqual([]);
});

describe("the conformance kit catches a policy that", () => {
  test.each(faults)("%s", (fault) => {
    expect(failingChecks(subjectWith(fault))).not.toEqual([]);
  });
});
