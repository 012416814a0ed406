/**
 * Miss-ratio curves, and the question they answer: what would one more GiB buy?
 *
 * A curve is a list of measured points (bytes of cache -> share of accesses that miss). Between two
 * points it is read linearly; outside of them it is flat, and the answer says that it was read outside.
 * Straight lines cut off cliffs: near one token cycle measure closely.
 * Source: R. Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal
 * 9 (2), 1970.
 */
import { OptionError } from "../../support/errors.ts";
import { expertCount, expertInLayer, layerOf } from "../expertId.ts";
import { type AccessProfile, accessCount } from "../profile.ts";
import { requireAmount, requireCount } from "../requireNumber.ts";

export interface CurvePoint {
  readonly cacheBytes: number;
  /** Misses / accesses, in [0, 1]. */
  readonly missRatio: number;
}

/** A value read off a curve. */
export interface CurveReading {
  readonly missRatio: number;
  /** False outside of the first and last point, where the curve is only assumed to be flat. */
  readonly isMeasured: boolean;
}

export interface MoreMemoryQuestion {
  readonly curve: readonly CurvePoint[];
  readonly cacheBytes: number;
  /** @default one GiB */
  readonly extraBytes?: number;
  /** Expert uses per token: one token cycle, in slots. */
  readonly accessesPerToken: number;
  /** Milliseconds that one miss costs beyond a hit: as measured, or as a cost model says. */
  readonly missMs: number;
  /** Milliseconds per token as it is now, misses included. */
  readonly tokenMs: number;
}

export interface MoreMemoryAnswer {
  readonly now: CurveReading;
  readonly then: CurveReading;
  /** Misses per token that the memory takes away; below 0 where the curve rises. */
  readonly missesSavedPerToken: number;
  readonly msSavedPerToken: number;
  readonly tokensPerSecondNow: number;
  /** Assumes that misses are waited for one after another, and nothing else changes. */
  readonly tokensPerSecondThen: number;
}

const GIB = 2 ** 30;

/** @throws OptionError if the curve has no points, falls back in bytes, or leaves [0, 1] */
export function readCurve(curve: readonly CurvePoint[], cacheBytes: number): CurveReading {
  checkCurve(curve);
  requireAmount("cacheBytes", cacheBytes);
  const [first, last] = [curve[0]!, curve.at(-1)!];
  if (cacheBytes < first.cacheBytes) return { missRatio: first.missRatio, isMeasured: false };
  if (cacheBytes > last.cacheBytes) return { missRatio: last.missRatio, isMeasured: false };
  const right = curve.findIndex((point) => point.cacheBytes >= cacheBytes);
  const to = curve[right]!;
  if (to.cacheBytes === cacheBytes) return { missRatio: to.missRatio, isMeasured: true };
  const from = curve[right - 1]!;
  const way = (cacheBytes - from.cacheBytes) / (to.cacheBytes - from.cacheBytes);
  return { missRatio: from.missRatio + way * (to.missRatio - from.missRatio), isMeasured: true };
}

export function whatMoreMemoryBuys(question: MoreMemoryQuestion): MoreMemoryAnswer {
  const { curve, extraBytes = GIB } = question;
  const cacheBytes = requireCount("cacheBytes", question.cacheBytes);
  const accesses = requireAmount("accessesPerToken", question.accessesPerToken);
  const missMs = requireAmount("missMs", question.missMs);
  const tokenMs = requireAmount("tokenMs", question.tokenMs, Number.MIN_VALUE);
  const now = readCurve(curve, cacheBytes);
  const then = readCurve(curve, cacheBytes + requireCount("extraBytes", extraBytes));
  if (now.missRatio * accesses * missMs >= tokenMs) {
    throw new OptionError(
      `misses alone would cost ${now.missRatio * accesses * missMs} ms of a token of ${tokenMs} ms: ` +
        "missMs, tokenMs and the curve are not of the same run",
    );
  }
  const missesSavedPerToken = (now.missRatio - then.missRatio) * accesses;
  const msSavedPerToken = missesSavedPerToken * missMs;
  return {
    now,
    then,
    missesSavedPerToken,
    msSavedPerToken,
    tokensPerSecondNow: 1000 / tokenMs,
    tokensPerSecondThen: 1000 / (tokenMs - msSavedPerToken),
  };
}

/**
 * The curve that a profile alone can give: the `n` most used experts are resident from the start and
 * nothing is ever evicted. First touches hit as well, so real caches come close only where the
 * popularity of the profile holds; a policy that adapts may be better or worse.
 *
 * @param expertBytes bytes of one expert
 * @returns one point per expert that was used, and the empty cache
 */
export function hotListCurve(profile: AccessProfile, expertBytes: number): CurvePoint[] {
  requireCount("expertBytes", expertBytes, 1);
  const uses = Array.from({ length: expertCount(profile) }, (_, id) =>
    accessCount(profile.expert(layerOf(profile, id), expertInLayer(profile, id))),
  );
  const { accesses } = profile;
  let misses = accesses;
  const hottestFirst = uses.filter((count) => count > 0).sort((a, b) => b - a);
  const points = hottestFirst.map((count, index) => {
    misses -= count;
    return { cacheBytes: (index + 1) * expertBytes, missRatio: misses / accesses };
  });
  return [{ cacheBytes: 0, missRatio: accesses === 0 ? 0 : 1 }, ...points];
}

function checkCurve(curve: readonly CurvePoint[]): void {
  if (curve.length === 0) throw new OptionError("a miss-ratio curve needs at least one point");
  let previousBytes = -1;
  for (const { cacheBytes, missRatio } of curve) {
    if (!(cacheBytes > previousBytes) || !Number.isFinite(cacheBytes)) {
      throw new OptionError(`curve points must ascend in bytes, from 0; found ${cacheBytes}`);
    }
    if (!(missRatio >= 0 && missRatio <= 1)) {
      throw new OptionError(`a miss ratio must lie in [0, 1], not ${missRatio}`);
    }
    previousBytes = cacheBytes;
  }
}
