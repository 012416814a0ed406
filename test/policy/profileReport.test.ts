/** The text report: SharpInference's lines to the letter, and what is left out when nothing happened. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AccessProfile } from "../../src/policy/profile.ts";
import { formatProfile } from "../../src/policy/profileReport.ts";
import { profileOf } from "./profileSamples.ts";

test("the report that SharpInference committed is reproduced byte for byte", () => {
  // docs/qwen35moe-expert-stats.txt of pekkah/SharpInference (MIT): 40 layers of 256 experts, 440
  // accesses each. One hit more or less is 0.23 %, so every layer's hits follow from its one decimal.
  const sample = readFileSync(
    new URL("../fixtures/profile/qwen35moe-expert-stats.txt", import.meta.url),
    "utf8",
  );
  const profile = new AccessProfile({ layerCount: 40, expertsPerLayer: 256 });
  const rows = sample.matchAll(/layer +(\d+): hit ([\d.]+) % {2}top experts: \[(.+)\]/g);
  for (const [, layer = "", rate = "", top = ""] of rows) {
    replay(profile, Number(layer), Math.round(4.4 * Number(rate)), top.split(", ").map(Number));
  }
  expect(profile.total()).toMatchObject({ hits: 14057, misses: 17600 - 14057 });
  expect(formatProfile(profile, { label: "ExpertAccessProfiler" })).toBe(sample);
});

/** 440 accesses: 8, 7 and 6 of the top experts, one or two of the others; the first ones hit. */
function replay(profile: AccessProfile, layer: number, hits: number, top: readonly number[]): void {
  const others = Array.from({ length: 256 }, (_, expert) => expert).filter((e) => !top.includes(e));
  const uses = [...top.flatMap((expert, rank) => new Array<number>(8 - rank).fill(expert))];
  while (uses.length < 440) uses.push(others[uses.length % others.length]!);
  uses.forEach((expert, index) => {
    if (index < hits) profile.recordHit(layer, expert);
    else profile.recordMiss(layer, expert);
  });
}

test("stalls, bytes and pins have their lines when there were some", () => {
  const profile = profileOf([
    ["miss", 0, 2, 2 ** 30],
    ["stall", 0, 2, 10],
    ["miss", 1, 3, 2 ** 29],
    ["stall", 1, 3, 15],
    ["pin", 7, 2, 6],
    ["hit", 0, 2],
    ["hit", 0, 2],
    ["miss", 1, 3],
  ]);
  expect(formatProfile(profile)).toMatchInlineSnapshot(`
    "[AccessProfile] overall hit rate: 40.0 % (2 hits / 5 accesses)
    [AccessProfile] sync miss-stall: 25.0 ms over 2 synchronous upload(s) (12.5 ms each)
    [AccessProfile] bytes moved: 1.50 GiB over 3 miss(es)
    [AccessProfile] warm-pin: 3 expert(s) pinned after 2 accesses
    [AccessProfile]   pre-warm  hit rate: 0.0 % (0/2)
    [AccessProfile]   post-warm hit rate: 66.7 % (2/3)
    [AccessProfile]   pinned layer   0: [2]
    [AccessProfile]   pinned layer   1: [2, 3]
      layer   0: hit 66.7 %  top experts: [2, 0, 1]
      layer   1: hit 0.0 %  top experts: [3, 0, 1]
      layer   2: (no accesses recorded)
    "
  `);
});

test("a run without pinning, stalls or bytes has no lines about them", () => {
  expect(formatProfile(profileOf([["hit", 0, 0]]))).not.toMatch(/warm-pin|miss-stall|bytes/);
});

test("a single stall and a single byte are enough for their lines", () => {
  const report = formatProfile(
    profileOf([
      ["miss", 0, 0, 1],
      ["stall", 0, 0, 0],
    ]),
  );
  expect(report).toContain("sync miss-stall: 0.0 ms over 1 synchronous upload(s) (0.0 ms each)\n");
  expect(report).toContain("bytes moved: 0.00 GiB over 1 miss(es)\n");
});

test("a pinning that pinned nothing is still reported", () => {
  expect(formatProfile(profileOf([["pin"]]))).toContain("0 expert(s) pinned after 0 accesses");
});

test("an empty profile reports no rates that were never measured", () => {
  expect(formatProfile(profileOf([]))).toMatchInlineSnapshot(`
    "[AccessProfile] overall hit rate: 0.0 % (0 hits / 0 accesses)
      layer   0: (no accesses recorded)
      layer   1: (no accesses recorded)
      layer   2: (no accesses recorded)
    "
  `);
});

test("layers from 1000 on are not cut", () => {
  const profile = new AccessProfile({ layerCount: 1001, expertsPerLayer: 1 });
  expect(formatProfile(profile)).toContain("\n  layer 1000: (no accesses recorded)\n");
});
