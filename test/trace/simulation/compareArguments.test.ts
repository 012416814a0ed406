/** Lists as a command line gives them. */
import { expect, test } from "vitest";
import { byteCount } from "../../../src/cli/numberArguments.ts";
import { listOf, policyList } from "../../../src/cli/trace/compareArguments.ts";
import { createPolicy } from "../../../src/policy/index.ts";

test.each([
  ["lru", ["lru"]],
  ["lru, arc", ["lru", "arc"]],
  ["lru,slru:protected=0.75,fill=pooled,arc", ["lru", "slru:protected=0.75,fill=pooled", "arc"]],
  [
    "per-layer(slru:protected=0.5,fill=pooled),lru",
    ["per-layer(slru:protected=0.5,fill=pooled)", "lru"],
  ],
  [
    "per-layer(s3-fifo:small=0.2,ghost=2):weights=1/2,arc",
    ["per-layer(s3-fifo:small=0.2,ghost=2):weights=1/2", "arc"],
  ],
])("%s", (text, policies) => {
  expect(policyList(text)).toEqual(policies);
});

test('"all" is every policy, each of which can be made', () => {
  const policies = policyList("all");
  expect(policies).toContain("per-layer(lru)");
  for (const policy of policies) {
    createPolicy(policy, { layerCount: 2, expertsPerLayer: 4, capacity: 4, future: [] });
  }
});

test("an empty place in a list of policies is refused", () => {
  expect(() => policyList("lru,,arc")).toThrow("policies with commas between them");
});

test("a list reads each of its parts", () => {
  expect(listOf(byteCount())("1KiB, 2KiB")).toEqual([1024, 2048]);
});
