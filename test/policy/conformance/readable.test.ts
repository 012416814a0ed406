import fc from "fast-check";
import { expect, test } from "vitest";
import { createPolicy } from "../../../src/policy/registry.ts";
import { anyCommands } from "../../../src/policy/testing/commands.ts";
import { assertConforms } from "../../../src/policy/testing/index.ts";
import { Ledger } from "../../../src/policy/testing/ledger.ts";
import { smallGrid } from "../../../src/policy/testing/subject.ts";
import { FaultyLru } from "./faultyLru.ts";

test("every kind of command has a text, for counter-examples", () => {
  const texts = new Set<string>();
  for (const commands of fc.sample(anyCommands(), { numRuns: 30, seed: 1 })) {
    fc.modelRun(() => {
      const model = new Ledger(smallGrid, {});
      const { onAdmit, onEvict } = model;
      const renew = () => createPolicy("lru", { ...smallGrid, capacity: 4, onAdmit, onEvict });
      return { model, real: { policy: renew(), renew } };
    }, commands);
    for (const command of commands) texts.add(String(command).replace(/[\d(].*/, ""));
  }
  const kinds = ["access", "clear", "pin", "prefetch", "release", "remove", "snapshot and restore"];
  expect([...texts].filter((text) => text !== "").sort()).toEqual([...kinds, "unpin"]);
});

test("a counter-example is short and says what was promised", () => {
  const check = () =>
    assertConforms(
      { name: "faulty", create: (setting) => new FaultyLru(setting, "evicts pinned experts") },
      { seed: 20_26 },
    );
  expect(check).toThrow(/Counterexample: \[1,access\(.*\),pin\(\d+\),(access|prefetch)\(.*\)/);
  expect(check).toThrow(/the victim \d+ is not pinned/);
});
