/**
 * An access profile as a plain object: the heat that outlives a run. The format is ours.
 *
 * ```json
 * { "format": "sluice-access-profile", "version": 1, "layerCount": 2, "expertsPerLayer": 4,
 *   "experts": [[0, 3, 12, 4, 16384, 1, 250]],
 *   "warmPin": { "hits": 5, "misses": 2, "pinned": [3] } }
 * ```
 * A row is layer, expert, hits, misses, bytes, stalls, stall in microseconds. Only experts that were
 * counted have one, in ascending order. `warmPin` is absent where nothing was pinned.
 */
import { BadProfileError, OptionError } from "../support/errors.ts";
import { expertId } from "./expertId.ts";
import { AccessProfile, useCountNames, type WarmPinSnapshot } from "./profile.ts";

const FORMAT = "sluice-access-profile";
const VERSION = 1;
const ROW_LENGTH = 2 + useCountNames.length;
/** A few digits in a file must not cost gigabytes; the largest models have some 25 thousand. */
const MOST_EXPERTS = 2 ** 20;

export interface ProfileRecord {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  readonly experts: readonly (readonly number[])[];
  readonly warmPin?: WarmPinSnapshot;
}

/** The profile as an object that `JSON.stringify` keeps whole. */
export function saveProfile(profile: AccessProfile): ProfileRecord {
  const { layerCount, expertsPerLayer, warmPin } = profile;
  const experts: number[][] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    for (let expert = 0; expert < expertsPerLayer; expert++) {
      const counts = profile.expert(layer, expert);
      const values = useCountNames.map((name) => counts[name]);
      if (values.some((value) => value > 0)) experts.push([layer, expert, ...values]);
    }
  }
  const record = {
    format: FORMAT,
    version: VERSION,
    layerCount,
    expertsPerLayer,
    experts,
  } as const;
  return warmPin === undefined ? record : { ...record, warmPin };
}

/** @throws BadProfileError if `text` is not JSON, or not a profile */
export function parseProfile(text: string): AccessProfile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadProfileError("the text is not JSON", { cause });
  }
  return loadProfile(value);
}

/**
 * The profile that {@link saveProfile} wrote. Nothing in `value` is believed before it is checked.
 *
 * @throws BadProfileError that names the first part that is wrong
 */
export function loadProfile(value: unknown): AccessProfile {
  const record = object(value, "the whole");
  if (record["format"] !== FORMAT) {
    throw new BadProfileError(`"format" must be "${FORMAT}"; is this another file?`);
  }
  if (record["version"] !== VERSION) {
    throw new BadProfileError(
      `version ${shown(record["version"])} is not known here; this reads version ${VERSION}`,
    );
  }
  const layerCount = wholeNumber(record["layerCount"], `"layerCount"`);
  const expertsPerLayer = wholeNumber(record["expertsPerLayer"], `"expertsPerLayer"`);
  if (layerCount * expertsPerLayer > MOST_EXPERTS) {
    throw new BadProfileError(
      `${layerCount} x ${expertsPerLayer} experts are more than any model has`,
    );
  }
  return refusedAsProfile(() => {
    const profile = new AccessProfile({ layerCount, expertsPerLayer });
    addRows(profile, list(record["experts"], `"experts"`));
    if (record["warmPin"] !== undefined) profile.restoreWarmPin(warmPinOf(record["warmPin"]));
    return profile;
  });
}

function addRows(profile: AccessProfile, rows: readonly unknown[]): void {
  let previous = -1;
  rows.forEach((value, number) => {
    const name = `row ${number} of "experts"`;
    const row = list(value, name).map((entry) => wholeNumber(entry, `an entry of ${name}`));
    if (row.length !== ROW_LENGTH) {
      throw new BadProfileError(`${name} has ${row.length} entries, ${ROW_LENGTH} expected`);
    }
    const [layer, expert, hits, misses, bytes, stalls, stallMicroseconds] = row as Row;
    profile.add(layer, expert, { hits, misses, bytes, stalls, stallMicroseconds });
    const place = expertId(profile, layer, expert);
    if (place <= previous) throw new BadProfileError(`${name} is out of order, or there twice`);
    previous = place;
  });
}
type Row = [number, number, number, number, number, number, number];

function warmPinOf(value: unknown): WarmPinSnapshot {
  const { hits, misses, pinned } = object(value, `"warmPin"`);
  return {
    hits: wholeNumber(hits, `"hits" of "warmPin"`),
    misses: wholeNumber(misses, `"misses" of "warmPin"`),
    pinned: list(pinned, `"pinned"`).map((id) => wholeNumber(id, `an entry of "pinned"`)),
  };
}

/** What the profile itself refuses (a layer too many, a shape of zero) is the file's fault here. */
function refusedAsProfile<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof OptionError) throw new BadProfileError(cause.message, { cause });
    throw cause;
  }
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new BadProfileError(`${name} must be an object, not ${shown(value)}`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new BadProfileError(`${name} must be a list, not ${shown(value)}`);
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new BadProfileError(`${name} must be a whole number of at least 0, not ${shown(value)}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 40) ?? "absent";
}
