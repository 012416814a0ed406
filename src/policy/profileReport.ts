/**
 * An access profile as text, line by line as SharpInference's `PrintStats` writes it (MIT; its sample
 * `docs/qwen35moe-expert-stats.txt`), with one line of ours: the bytes moved.
 *
 * ```text
 * [AccessProfile] overall hit rate: 79.9 % (14057 hits / 17600 accesses)
 * [AccessProfile] sync miss-stall: 812.5 ms over 65 synchronous upload(s) (12.5 ms each)
 * [AccessProfile] bytes moved: 9.23 GiB over 3543 miss(es)
 * [AccessProfile] warm-pin: 2 expert(s) pinned after 512 accesses
 * [AccessProfile]   pre-warm  hit rate: 61.3 % (314/512)
 * [AccessProfile]   post-warm hit rate: 80.4 % (13743/17088)
 * [AccessProfile]   pinned layer   0: [31, 55]
 *   layer   0: hit 64.8 %  top experts: [31, 55, 47]
 *   layer   1: (no accesses recorded)
 * ```
 */
import { expertInLayer, layerOf } from "./expertId.ts";
import { type AccessProfile, accessCount, hitRate, type WarmPinSnapshot } from "./profile.ts";

const TOP_EXPERTS = 3;
const BYTES_PER_GIB = 2 ** 30;

export interface ProfileReportOptions {
  /** Stands in brackets at the head of the lines about the whole run. @default "AccessProfile" */
  readonly label?: string;
}

/** The report, every line ended by a newline. Stall and bytes are left out where there were none. */
export function formatProfile(
  profile: AccessProfile,
  { label = "AccessProfile" }: ProfileReportOptions = {},
): string {
  const summary = [...totalLines(profile), ...pinLines(profile)];
  return [...summary.map((line) => `[${label}] ${line}`), ...layerLines(profile)]
    .map((line) => `${line}\n`)
    .join("");
}

function* totalLines(profile: AccessProfile): Generator<string> {
  const total = profile.total();
  const { hits, misses, bytes, stalls } = total;
  yield `overall hit rate: ${percent(total)} (${hits} hits / ${accessCount(total)} accesses)`;
  if (stalls > 0) {
    const stallMs = total.stallMicroseconds / 1000;
    const each = (stallMs / stalls).toFixed(1);
    yield `sync miss-stall: ${stallMs.toFixed(1)} ms over ${stalls} synchronous upload(s) (${each} ms each)`;
  }
  if (bytes > 0) {
    yield `bytes moved: ${(bytes / BYTES_PER_GIB).toFixed(2)} GiB over ${misses} miss(es)`;
  }
}

function* pinLines(profile: AccessProfile): Generator<string> {
  const { warmPin } = profile;
  if (warmPin === undefined) return;
  const [before, since] = [profile.beforePinning(), profile.sincePinning()];
  yield `warm-pin: ${warmPin.pinned.length} expert(s) pinned after ${accessCount(before)} accesses`;
  yield `  pre-warm  hit rate: ${percent(before)} (${before.hits}/${accessCount(before)})`;
  yield `  post-warm hit rate: ${percent(since)} (${since.hits}/${accessCount(since)})`;
  for (const [layer, experts] of pinnedByLayer(profile, warmPin)) {
    yield `  pinned layer ${column(layer)}: [${experts.join(", ")}]`;
  }
}

function* layerLines(profile: AccessProfile): Generator<string> {
  for (let layer = 0; layer < profile.layerCount; layer++) {
    const counts = profile.layer(layer);
    // A layer that never asked has no rate: 0.0 % and three arbitrary experts would be made up.
    yield accessCount(counts) === 0
      ? `  layer ${column(layer)}: (no accesses recorded)`
      : `  layer ${column(layer)}: hit ${percent(counts)}  top experts: ` +
        `[${profile.topExperts(layer, TOP_EXPERTS).join(", ")}]`;
  }
}

/** Layer -> its pinned experts; both ascend, because the snapshot's ids do. */
function pinnedByLayer(profile: AccessProfile, { pinned }: WarmPinSnapshot): Map<number, number[]> {
  const byLayer = new Map<number, number[]>();
  for (const id of pinned) {
    const layer = layerOf(profile, id);
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), expertInLayer(profile, id)]);
  }
  return byLayer;
}

function percent(counts: { hits: number; misses: number }): string {
  return `${(100 * hitRate(counts)).toFixed(1)} %`;
}

function column(layer: number): string {
  return String(layer).padStart(3);
}
