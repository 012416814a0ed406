/**
 * What a run asked of its experts: hits, misses, bytes moved and time stalled, per layer and expert.
 *
 * Every counter is a whole number (stalls are kept in microseconds), so that profiles add up to the
 * same sums in whatever order they are merged.
 * Source: the `ExpertAccessProfiler` of SharpInference (MIT), whose counters, rates and warm-pin
 * snapshot these are; bytes, stall time per expert, merging and saving are ours.
 */
import { OptionError } from "../support/errors.ts";
import { type ExpertGrid, type ExpertId, expertCount, expertId } from "./expertId.ts";
import { requireAmount, requireCount } from "./requireNumber.ts";

/** Counters of one expert, or sums over several. Whole numbers, none below zero. */
export interface UseCounts {
  readonly hits: number;
  readonly misses: number;
  /** Bytes that the misses moved into fast memory. */
  readonly bytes: number;
  /** How often the computation stood still until an expert had come. */
  readonly stalls: number;
  readonly stallMicroseconds: number;
}

/** The totals at the moment when the hottest experts were pinned. */
export interface WarmPinSnapshot {
  readonly hits: number;
  readonly misses: number;
  /** Ascending, each once. */
  readonly pinned: readonly ExpertId[];
}

export const useCountNames = ["hits", "misses", "bytes", "stalls", "stallMicroseconds"] as const;
type CountName = (typeof useCountNames)[number];

export class AccessProfile {
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  /** `[layerCount * expertsPerLayer]` per counter; f64 holds whole numbers exactly up to 2^53. */
  readonly #counts: Readonly<Record<CountName, Float64Array>>;
  /** Hits and misses of all experts, so that nobody has to add them up at every access. */
  #accesses = 0;
  #warmPin: WarmPinSnapshot | undefined;

  /** Layers without experts may be counted in; they simply stay at zero. */
  constructor({ layerCount, expertsPerLayer }: ExpertGrid) {
    this.layerCount = requireCount("layerCount", layerCount, 1);
    this.expertsPerLayer = requireCount("expertsPerLayer", expertsPerLayer, 1);
    const zeros = () => new Float64Array(expertCount(this));
    this.#counts = {
      hits: zeros(),
      misses: zeros(),
      bytes: zeros(),
      stalls: zeros(),
      stallMicroseconds: zeros(),
    };
  }

  /** All hits and misses so far. */
  get accesses(): number {
    return this.#accesses;
  }

  recordHit(layer: number, expert: number): void {
    this.#count("hits", this.#index(layer, expert), 1);
  }

  /** @param bytes moved into fast memory because of this miss; 0 if it was computed elsewhere */
  recordMiss(layer: number, expert: number, bytes = 0): void {
    const index = this.#index(layer, expert);
    requireCount("bytes", bytes);
    this.#count("misses", index, 1);
    this.#count("bytes", index, bytes);
  }

  /** The computation waited `stallMs` milliseconds for this expert; kept to the microsecond. */
  recordStall(layer: number, expert: number, stallMs: number): void {
    const index = this.#index(layer, expert);
    requireAmount("stallMs", stallMs);
    this.#count("stalls", index, 1);
    this.#count("stallMicroseconds", index, Math.round(stallMs * 1000));
  }

  /** Adds counters gathered elsewhere: another run's, or a file's. */
  add(layer: number, expert: number, counts: UseCounts): void {
    const index = this.#index(layer, expert);
    for (const name of useCountNames) requireCount(name, counts[name]);
    for (const name of useCountNames) this.#count(name, index, counts[name]);
  }

  expert(layer: number, expert: number): UseCounts {
    const index = this.#index(layer, expert);
    return this.#sum(index, index + 1);
  }

  layer(layer: number): UseCounts {
    const begin = this.#index(layer, 0);
    return this.#sum(begin, begin + this.expertsPerLayer);
  }

  total(): UseCounts {
    return this.#sum(0, expertCount(this));
  }

  /** Experts of a layer, most used first, ties by number; at most `count`, unused ones included. */
  topExperts(layer: number, count: number): number[] {
    const begin = this.#index(layer, 0);
    const uses = Array.from({ length: this.expertsPerLayer }, (_, expert) =>
      this.#uses(begin + expert),
    );
    return orderedByHeat(uses).slice(0, Math.max(0, count));
  }

  /** All layers, most used first, ties by number. */
  layersByHeat(): number[] {
    return orderedByHeat(
      Array.from({ length: this.layerCount }, (_, layer) => accessCount(this.layer(layer))),
    );
  }

  /** Remembers the totals of this moment, and which experts were pinned at it. */
  recordWarmPin(pinned: Iterable<ExpertId>): void {
    const { hits, misses } = this.total();
    this.restoreWarmPin({ hits, misses, pinned: [...pinned] });
  }

  /** Puts back a snapshot that was taken earlier; its totals cannot exceed the profile's own. */
  restoreWarmPin({ hits, misses, pinned }: WarmPinSnapshot): void {
    const total = this.total();
    requireCount("hits before pinning", hits);
    requireCount("misses before pinning", misses);
    if (hits > total.hits || misses > total.misses) {
      throw new OptionError("more accesses before the pinning than in the whole profile");
    }
    const universe = expertCount(this);
    for (const id of pinned) {
      if (requireCount("a pinned expert", id) < universe) continue;
      throw new OptionError(`pinned expert ${id} is not one of the ${universe} of this profile`);
    }
    const distinct = [...new Set(pinned)].sort((a, b) => a - b);
    this.#warmPin = { hits, misses, pinned: distinct };
  }

  get warmPin(): WarmPinSnapshot | undefined {
    return this.#warmPin;
  }

  /** Accesses up to the pinning; all of them as long as nothing was pinned. */
  beforePinning(): { hits: number; misses: number } {
    const { hits, misses } = this.#warmPin ?? this.total();
    return { hits, misses };
  }

  /** Accesses since the pinning; none as long as nothing was pinned. */
  sincePinning(): { hits: number; misses: number } {
    const [before, total] = [this.beforePinning(), this.total()];
    return { hits: total.hits - before.hits, misses: total.misses - before.misses };
  }

  #index(layer: number, expert: number): number {
    // A typed array ignores a write outside of it, and between its elements, in silence.
    const isLayer = Number.isInteger(layer) && layer >= 0 && layer < this.layerCount;
    const isExpert = Number.isInteger(expert) && expert >= 0 && expert < this.expertsPerLayer;
    if (isLayer && isExpert) return expertId(this, layer, expert);
    throw new OptionError(
      `layer ${layer}, expert ${expert} lies outside ${this.layerCount} layers of ` +
        `${this.expertsPerLayer} experts`,
    );
  }

  #count(name: CountName, index: number, amount: number): void {
    const counter = this.#counts[name];
    counter[index] = counter[index]! + amount;
    if (name === "hits" || name === "misses") this.#accesses += amount;
  }

  #uses(index: number): number {
    return this.#counts.hits[index]! + this.#counts.misses[index]!;
  }

  #sum(begin: number, end: number): UseCounts {
    const sums = { hits: 0, misses: 0, bytes: 0, stalls: 0, stallMicroseconds: 0 };
    for (const name of useCountNames) {
      for (let index = begin; index < end; index++) sums[name] += this.#counts[name][index]!;
    }
    return sums;
  }
}

/** Hits and misses together: how often an expert, a layer or a run asked. */
export function accessCount({ hits, misses }: { hits: number; misses: number }): number {
  return hits + misses;
}

/** Share of accesses that hit, in [0, 1]; 0 where nothing was asked. */
export function hitRate(counts: { hits: number; misses: number }): number {
  const accesses = accessCount(counts);
  return accesses === 0 ? 0 : counts.hits / accesses;
}

/**
 * The sum of two profiles of the same model, as if one run had done both: associative, commutative.
 * A run that never pinned lies wholly before its pinning, so `beforePinning` adds up as well.
 *
 * @throws OptionError if the shapes differ
 */
export function mergeProfiles(one: AccessProfile, other: AccessProfile): AccessProfile {
  if (one.layerCount !== other.layerCount || one.expertsPerLayer !== other.expertsPerLayer) {
    throw new OptionError(
      `profiles of different models: ${one.layerCount} x ${one.expertsPerLayer} experts and ` +
        `${other.layerCount} x ${other.expertsPerLayer}`,
    );
  }
  const merged = new AccessProfile(one);
  for (const part of [one, other]) {
    for (let layer = 0; layer < part.layerCount; layer++) {
      for (let expert = 0; expert < part.expertsPerLayer; expert++) {
        merged.add(layer, expert, part.expert(layer, expert));
      }
    }
  }
  if (one.warmPin !== undefined || other.warmPin !== undefined) {
    const [a, b] = [one.beforePinning(), other.beforePinning()];
    const pinned = [...(one.warmPin?.pinned ?? []), ...(other.warmPin?.pinned ?? [])];
    merged.restoreWarmPin({ hits: a.hits + b.hits, misses: a.misses + b.misses, pinned });
  }
  return merged;
}

function orderedByHeat(uses: readonly number[]): number[] {
  return uses
    .map((count, index) => ({ count, index }))
    .sort((a, b) => b.count - a.count || a.index - b.index)
    .map(({ index }) => index);
}
