/** When and what warm pinning pins: SharpInference's rules, and the three places where ours differ. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AccessProfile, accessCount } from "../../src/policy/profile.ts";
import { createPolicy } from "../../src/policy/registry.ts";
import { WarmPinning, warmPinsPerLayer } from "../../src/policy/warmPinning.ts";
import { OptionError } from "../../src/support/errors.ts";
import { anyProfile, grid, type ProfileEvent, profileOf } from "./profileSamples.ts";

/** A policy that pins what is resident: by default, everything. */
function policyWith(resident: (id: number) => boolean = () => true) {
  const pinned: number[] = [];
  const pin = (id: number) => {
    if (resident(id)) pinned.push(id);
    return resident(id);
  };
  return { pin, pinned };
}

const uses = (count: number, layer: number, expert: number): ProfileEvent[] =>
  new Array<ProfileEvent>(count).fill(["hit", layer, expert]);

/** Layer 2 is hottest, then layer 0; layer 1 is never asked. Ids are 4 x layer + expert. */
const warm = (): AccessProfile =>
  profileOf([...uses(5, 2, 3), ...uses(4, 2, 1), ...uses(3, 0, 0), ...uses(1, 0, 2)]);

describe("pins per layer", () => {
  const model = { layerCount: 4, expertsPerLayer: 8, expertsPerToken: 2, slotCount: 16 };

  test("what was asked for wins", () => {
    expect(warmPinsPerLayer({ ...model, requested: 5 })).toBe(5);
    expect(warmPinsPerLayer({ ...model, requested: 5, slotCount: 32 })).toBe(5);
  });

  test("an explicit 0 turns pinning off, which the original cannot", () => {
    expect(warmPinsPerLayer({ ...model, requested: 0 })).toBe(0);
  });

  test("by itself it pins the experts of one token, while slots are scarce", () => {
    expect(warmPinsPerLayer(model)).toBe(2);
    expect(warmPinsPerLayer({ ...model, slotCount: 31 })).toBe(2);
  });

  test("by itself it pins nothing when every expert has a slot", () => {
    expect(warmPinsPerLayer({ ...model, slotCount: 32 })).toBe(0);
  });

  test("the automatic number is at least 1 and at most all experts of a layer", () => {
    expect(warmPinsPerLayer({ ...model, expertsPerToken: 0 })).toBe(1);
    expect(warmPinsPerLayer({ ...model, expertsPerToken: 9 })).toBe(8);
  });

  test("a negative number is refused", () => {
    expect(() => warmPinsPerLayer({ ...model, requested: -1 })).toThrow(OptionError);
  });
});

describe("pinning", () => {
  test("waits for the accesses it was told to watch, then pins once and notes it", () => {
    const profile = warm();
    const pinning = new WarmPinning({ perLayer: 1, slotCount: 8, afterAccesses: 14 });
    const policy = policyWith();
    expect(pinning.pinWhenWarm(profile, policy)).toEqual([]);
    expect(pinning.done).toBe(false);
    expect(profile.warmPin).toBeUndefined();

    profile.recordMiss(0, 0);
    expect(pinning.pinWhenWarm(profile, policy)).toEqual([11, 0]);
    expect(policy.pinned).toEqual([11, 0]);
    expect(pinning.done).toBe(true);
    expect(profile.warmPin).toEqual({ hits: 13, misses: 1, pinned: [0, 11] });

    profile.recordHit(1, 1);
    expect(pinning.pinWhenWarm(profile, policy)).toEqual([]);
    expect(profile.warmPin?.hits).toBe(13);
  });

  test("watches 512 accesses unless told otherwise", () => {
    const pinning = new WarmPinning({ perLayer: 1, slotCount: 8 });
    const profile = profileOf(uses(511, 0, 0));
    expect(pinning.pinWhenWarm(profile, policyWith())).toEqual([]);
    profile.recordHit(0, 0);
    expect(pinning.pinWhenWarm(profile, policyWith())).toEqual([0]);
  });

  test("a tight budget goes to the hottest layers, not to the first ones", () => {
    const pinning = new WarmPinning({ perLayer: 2, slotCount: 6, afterAccesses: 1 });
    expect(pinning.pinWhenWarm(warm(), policyWith())).toEqual([11, 9, 0]);
  });

  test("only residents are pinned, and those that are not do not use up the budget", () => {
    const pinning = new WarmPinning({ perLayer: 2, slotCount: 4, afterAccesses: 1 });
    expect(
      pinning.pinWhenWarm(
        warm(),
        policyWith((id) => id !== 11),
      ),
    ).toEqual([9, 0]);
  });

  test("an expert that was prefetched but never asked for is not hot", () => {
    const pinning = new WarmPinning({ perLayer: 4, slotCount: 24, afterAccesses: 1 });
    expect(pinning.pinWhenWarm(warm(), policyWith())).toEqual([11, 9, 0, 2]);
  });

  test("a cache of one slot is never pinned, since nothing could move in it", () => {
    const pinning = new WarmPinning({ perLayer: 1, slotCount: 1, afterAccesses: 1 });
    expect(pinning.pinWhenWarm(warm(), policyWith())).toEqual([]);
  });

  test("0 per layer is off: done from the start, and no snapshot is taken", () => {
    const pinning = new WarmPinning({ perLayer: 0, slotCount: 8, afterAccesses: 1 });
    const profile = warm();
    expect(pinning.done).toBe(true);
    expect(pinning.pinWhenWarm(profile, policyWith())).toEqual([]);
    expect(profile.warmPin).toBeUndefined();
  });

  test("what is pinned in a real policy outlives any churn", () => {
    const policy = createPolicy("lru", { ...grid, capacity: 4 });
    const use = (layer: number, expert: number) => {
      const id = 4 * layer + expert;
      policy.release(policy.access({ step: 0, layer, experts: [id] }).leased);
    };
    for (const [layer, expert] of [
      [2, 3],
      [0, 0],
      [2, 1],
    ] as const)
      use(layer, expert);
    const pinning = new WarmPinning({ perLayer: 2, slotCount: 4, afterAccesses: 1 });
    expect(pinning.pinWhenWarm(warm(), policy)).toEqual([11, 9]);
    for (let expert = 0; expert < 4; expert++) use(1, expert);
    expect(policy.resident()).toEqual([6, 7, 9, 11]);
  });

  test.each([
    { perLayer: -1, slotCount: 8 },
    { perLayer: 1, slotCount: 0 },
    { perLayer: 1, slotCount: 8, afterAccesses: 0 },
  ])("refuses %o", (options) => {
    expect(() => new WarmPinning(options)).toThrow(OptionError);
  });

  test("never more than half the slots, nor more than asked per layer, and only used residents", () => {
    const residents = fc.uniqueArray(fc.nat({ max: 11 }));
    fc.assert(
      fc.property(
        anyProfile,
        residents,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 12 }),
        (profile, resident, perLayer, slotCount) => {
          const pinning = new WarmPinning({ perLayer, slotCount, afterAccesses: 1 });
          const pins = pinning.pinWhenWarm(
            profile,
            policyWith((id) => resident.includes(id)),
          );
          expect(pins.length).toBeLessThanOrEqual(slotCount / 2);
          const perLayerCounts = Map.groupBy(pins, (id) => Math.floor(id / grid.expertsPerLayer));
          for (const [layer, ids] of perLayerCounts) {
            expect(ids.length).toBeLessThanOrEqual(perLayer);
            for (const id of ids) {
              expect(resident).toContain(id);
              expect(accessCount(profile.expert(layer, id % grid.expertsPerLayer))).toBeGreaterThan(
                0,
              );
            }
          }
        },
      ),
    );
  });
});
