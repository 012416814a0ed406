/** Laws of access profiles: sums, merging, saving. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AccessProfile, accessCount, mergeProfiles } from "../../src/policy/profile.ts";
import { loadProfile, parseProfile, saveProfile } from "../../src/policy/profileRecord.ts";
import { BadProfileError } from "../../src/support/errors.ts";
import { anyEvents, anyProfile, grid, profileOf } from "./profileSamples.ts";

function expectSame(one: AccessProfile, other: AccessProfile): void {
  expect(saveProfile(one)).toEqual(saveProfile(other));
}

test("merging is commutative", () => {
  fc.assert(
    fc.property(anyProfile, anyProfile, (a, b) =>
      expectSame(mergeProfiles(a, b), mergeProfiles(b, a)),
    ),
  );
});

test("merging is associative, stall times and pinnings included", () => {
  fc.assert(
    fc.property(anyProfile, anyProfile, anyProfile, (a, b, c) =>
      expectSame(mergeProfiles(mergeProfiles(a, b), c), mergeProfiles(a, mergeProfiles(b, c))),
    ),
  );
});

test("an empty profile is the neutral element of merging", () => {
  fc.assert(fc.property(anyProfile, (a) => expectSame(mergeProfiles(a, profileOf([])), a)));
});

test("merged counters are those of one run over both lists of events", () => {
  fc.assert(
    fc.property(anyEvents, anyEvents, (first, second) => {
      const merged = mergeProfiles(profileOf(first), profileOf(second));
      expect(merged.total()).toEqual(profileOf([...first, ...second]).total());
    }),
  );
});

test("what is saved and loaded, through JSON text, is the same profile", () => {
  fc.assert(
    fc.property(anyProfile, (profile) => {
      expectSame(loadProfile(saveProfile(profile)), profile);
      expectSame(parseProfile(JSON.stringify(saveProfile(profile))), profile);
    }),
  );
});

test("the total is the sum of the layers and a layer that of its experts", () => {
  fc.assert(
    fc.property(anyProfile, (profile) => {
      const layers = [...Array(grid.layerCount).keys()];
      const experts = [...Array(grid.expertsPerLayer).keys()];
      expect(profile.accesses).toBe(accessCount(profile.total()));
      const sum = (counts: { hits: number; misses: number }[]) =>
        counts.reduce((total, one) => total + accessCount(one), 0);
      expect(sum(layers.map((layer) => profile.layer(layer)))).toBe(accessCount(profile.total()));
      for (const layer of layers) {
        const all = sum(experts.map((expert) => profile.expert(layer, expert)));
        expect(all).toBe(accessCount(profile.layer(layer)));
      }
    }),
  );
});

test("before and since the pinning make up the whole", () => {
  fc.assert(
    fc.property(anyProfile, (profile) => {
      const [before, since] = [profile.beforePinning(), profile.sincePinning()];
      expect(accessCount(before) + accessCount(since)).toBe(accessCount(profile.total()));
      expect(Math.min(since.hits, since.misses)).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("any JSON value either loads or is refused as a bad profile, nothing else", () => {
  const nearlyAProfile = fc.record(
    {
      format: fc.constantFrom("sluice-access-profile", "other"),
      version: fc.constantFrom(1, 2, "1"),
      layerCount: fc.oneof(fc.nat({ max: 3 }), fc.jsonValue()),
      expertsPerLayer: fc.oneof(fc.nat({ max: 3 }), fc.jsonValue()),
      experts: fc.oneof(fc.array(fc.array(fc.nat({ max: 3 }))), fc.jsonValue()),
      warmPin: fc.oneof(
        fc.record({ hits: fc.nat(2), misses: fc.nat(2), pinned: fc.array(fc.nat(9)) }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: ["format", "version"] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), nearlyAProfile), (value) => {
      try {
        expectSame(loadProfile(value), loadProfile(saveProfile(loadProfile(value))));
      } catch (error) {
        if (!(error instanceof BadProfileError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
