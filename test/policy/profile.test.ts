/** What the access profile counts, orders and refuses. */
import { describe, expect, test } from "vitest";
import { AccessProfile, accessCount, hitRate, mergeProfiles } from "../../src/policy/profile.ts";
import { OptionError } from "../../src/support/errors.ts";
import { grid, profileOf } from "./profileSamples.ts";

const nothing = { hits: 0, misses: 0, bytes: 0, stalls: 0, stallMicroseconds: 0 };

describe("counting", () => {
  test("a new profile has counted nothing, and its rates are 0 rather than not a number", () => {
    const profile = new AccessProfile(grid);
    expect(profile.total()).toEqual(nothing);
    expect(hitRate(profile.total())).toBe(0);
    expect(profile.warmPin).toBeUndefined();
  });

  test("hits, misses, bytes and stalls are kept per expert and summed per layer and in all", () => {
    const profile = profileOf([
      ["hit", 0, 1],
      ["hit", 0, 1],
      ["miss", 0, 2, 500],
      ["miss", 2, 1],
      ["stall", 0, 2, 1.25],
      ["stall", 0, 2, 0.5],
    ]);
    expect(profile.expert(0, 1)).toEqual({ ...nothing, hits: 2 });
    expect(profile.expert(0, 2)).toEqual({
      hits: 0,
      misses: 1,
      bytes: 500,
      stalls: 2,
      stallMicroseconds: 1750,
    });
    expect(profile.layer(0)).toMatchObject({ hits: 2, misses: 1, bytes: 500 });
    expect(hitRate(profile.layer(0))).toBeCloseTo(2 / 3);
    expect(profile.layer(1)).toEqual(nothing);
    expect(profile.total()).toMatchObject({ hits: 2, misses: 2, bytes: 500, stalls: 2 });
  });

  test("an expert's accesses are its hits and misses, and those of no other layer", () => {
    const profile = profileOf([
      ["hit", 1, 2],
      ["hit", 1, 2],
      ["miss", 1, 2],
    ]);
    expect(accessCount(profile.expert(1, 2))).toBe(3);
    expect(accessCount(profile.expert(0, 2))).toBe(0);
  });
});

describe("ordering", () => {
  const profile = profileOf([
    ["hit", 1, 3],
    ["hit", 1, 3],
    ["hit", 1, 3],
    ["miss", 1, 1],
    ["hit", 1, 2],
    ["miss", 1, 2],
    ["hit", 2, 0],
  ]);

  test("top experts come most used first, hits and misses counting alike", () => {
    expect(profile.topExperts(1, 2)).toEqual([3, 2]);
  });

  test("experts used equally often are ordered by number", () => {
    expect(profile.topExperts(0, 4)).toEqual([0, 1, 2, 3]);
    expect(profile.topExperts(2, 3)).toEqual([0, 1, 2]);
  });

  test("no more top experts are named than there are, and none when none are wanted", () => {
    expect(profile.topExperts(1, 99)).toEqual([3, 2, 1, 0]);
    expect(profile.topExperts(1, 0)).toEqual([]);
    expect(profile.topExperts(1, -1)).toEqual([]);
  });

  test("layers are ordered by all their accesses, ties by number", () => {
    expect(profile.layersByHeat()).toEqual([1, 2, 0]);
    expect(new AccessProfile(grid).layersByHeat()).toEqual([0, 1, 2]);
  });
});

describe("warm pin snapshot", () => {
  test("splits the hit rate into before and after", () => {
    const profile = profileOf([
      ["hit", 0, 0],
      ["miss", 0, 1],
      ["miss", 0, 2],
      ["miss", 0, 3],
      ["pin", 0],
      ["hit", 0, 0],
      ["hit", 0, 0],
      ["hit", 0, 0],
      ["miss", 0, 1],
    ]);
    expect(hitRate(profile.beforePinning())).toBe(0.25);
    expect(hitRate(profile.sincePinning())).toBe(0.75);
    expect(profile.warmPin).toEqual({ hits: 1, misses: 3, pinned: [0] });
  });

  test("without a pinning everything lies before it and nothing after", () => {
    const profile = profileOf([
      ["hit", 0, 0],
      ["miss", 0, 1],
    ]);
    expect(hitRate(profile.beforePinning())).toBe(0.5);
    expect(profile.sincePinning()).toEqual({ hits: 0, misses: 0 });
  });

  test("pinned experts are kept ascending and once each", () => {
    expect(profileOf([["pin", 7, 2, 7, 5]]).warmPin?.pinned).toEqual([2, 5, 7]);
  });
});

describe("merging", () => {
  test("adds the counters of two runs", () => {
    const merged = mergeProfiles(
      profileOf([
        ["hit", 0, 0],
        ["miss", 1, 1, 10],
      ]),
      profileOf([
        ["hit", 0, 0],
        ["stall", 1, 1, 2],
      ]),
    );
    expect(merged.expert(0, 0).hits).toBe(2);
    expect(merged.expert(1, 1)).toEqual({
      hits: 0,
      misses: 1,
      bytes: 10,
      stalls: 1,
      stallMicroseconds: 2000,
    });
    expect(merged.warmPin).toBeUndefined();
  });

  test("a run that never pinned lies wholly before the pinning of the sum", () => {
    const pinning = profileOf([
      ["miss", 0, 1],
      ["pin", 1, 4],
      ["hit", 0, 1],
    ]);
    const plain = profileOf([
      ["hit", 2, 2],
      ["miss", 2, 2],
    ]);
    for (const merged of [mergeProfiles(pinning, plain), mergeProfiles(plain, pinning)]) {
      expect(merged.warmPin).toEqual({ hits: 1, misses: 2, pinned: [1, 4] });
      expect(merged.sincePinning()).toEqual({ hits: 1, misses: 0 });
    }
  });

  test("leaves both parts as they were", () => {
    const one = profileOf([["hit", 0, 0]]);
    mergeProfiles(one, one);
    expect(one.total().hits).toBe(1);
  });

  test.each([
    { layerCount: 2, expertsPerLayer: 4 },
    { layerCount: 3, expertsPerLayer: 5 },
  ])("refuses a profile of another model (%o)", (shape) => {
    const other = new AccessProfile(shape);
    expect(() => mergeProfiles(new AccessProfile(grid), other)).toThrow(
      `profiles of different models: 3 x 4 experts and ${shape.layerCount} x ${shape.expertsPerLayer}`,
    );
  });
});

describe("refusals", () => {
  test.each([
    [3, 0],
    [-1, 0],
    [0, 4],
    [0, -1],
    [0, Number.NaN],
    [0.5, 0],
    [0, 0.5],
  ])("layer %d, expert %d is outside and is not written somewhere else", (layer, expert) => {
    const profile = new AccessProfile(grid);
    expect(() => profile.recordHit(layer, expert)).toThrow(OptionError);
    expect(() => profile.recordMiss(layer, expert)).toThrow(OptionError);
    expect(() => profile.recordStall(layer, expert, 1)).toThrow(OptionError);
    expect(profile.total()).toEqual(nothing);
  });

  test("a refused number changes nothing", () => {
    const profile = new AccessProfile(grid);
    expect(() => profile.recordMiss(0, 0, -5)).toThrow("bytes must be a whole number");
    expect(() => profile.recordStall(0, 0, Number.NaN)).toThrow("stallMs must be a number");
    expect(() => profile.add(0, 0, { ...nothing, hits: 1, stalls: 0.5 })).toThrow("stalls must be");
    expect(profile.total()).toEqual(nothing);
  });

  test.each([
    { layerCount: 0, expertsPerLayer: 4 },
    { layerCount: 3, expertsPerLayer: 0 },
    { layerCount: 1.5, expertsPerLayer: 4 },
  ])("a shape of %o", (shape) => {
    expect(() => new AccessProfile(shape)).toThrow(OptionError);
  });

  test("a snapshot that this profile cannot have taken", () => {
    const profile = profileOf([
      ["hit", 0, 0],
      ["miss", 0, 0],
    ]);
    const restore = (hits: number, misses: number, pinned: number[]) => () =>
      profile.restoreWarmPin({ hits, misses, pinned });
    expect(restore(2, 0, [])).toThrow("more accesses before the pinning");
    expect(restore(0, 2, [])).toThrow("more accesses before the pinning");
    expect(restore(-1, 0, [])).toThrow("hits before pinning");
    expect(restore(0, -1, [])).toThrow("misses before pinning");
    expect(restore(0, 0, [12])).toThrow("pinned expert 12 is not one of the 12 of this profile");
    expect(restore(0, 0, [-1])).toThrow("a pinned expert must be");
    expect(restore(1, 1, [11])).not.toThrow();
  });
});
