/** Profiles for tests: from plain events, and arbitrary ones. */
import fc from "fast-check";
import { AccessProfile } from "../../src/policy/profile.ts";

export type ProfileEvent =
  | readonly ["hit", layer: number, expert: number]
  | readonly ["miss", layer: number, expert: number, bytes?: number]
  | readonly ["stall", layer: number, expert: number, stallMs: number]
  | readonly ["pin", ...experts: number[]];

export const grid = { layerCount: 3, expertsPerLayer: 4 } as const;

export function profileOf(events: readonly ProfileEvent[], shape = grid): AccessProfile {
  const profile = new AccessProfile(shape);
  for (const event of events) record(profile, event);
  return profile;
}

function record(profile: AccessProfile, event: ProfileEvent): void {
  if (event[0] === "hit") profile.recordHit(event[1], event[2]);
  else if (event[0] === "miss") profile.recordMiss(event[1], event[2], event[3]);
  else if (event[0] === "stall") profile.recordStall(event[1], event[2], event[3]);
  else profile.recordWarmPin(event.slice(1) as number[]);
}

const layer = fc.nat({ max: grid.layerCount - 1 });
const expert = fc.nat({ max: grid.expertsPerLayer - 1 });
const anyEvent: fc.Arbitrary<ProfileEvent> = fc.oneof(
  fc.tuple(fc.constant("hit" as const), layer, expert),
  fc.tuple(fc.constant("miss" as const), layer, expert, fc.nat({ max: 1e6 })),
  fc.tuple(
    fc.constant("stall" as const),
    layer,
    expert,
    fc.double({ min: 0, max: 1000, noNaN: true }),
  ),
  fc
    .array(fc.nat({ max: grid.layerCount * grid.expertsPerLayer - 1 }), { maxLength: 3 })
    .map((pins): ProfileEvent => ["pin", ...pins]),
);

export const anyEvents: fc.Arbitrary<ProfileEvent[]> = fc.array(anyEvent, { maxLength: 40 });
export const anyProfile: fc.Arbitrary<AccessProfile> = anyEvents.map((events) => profileOf(events));
