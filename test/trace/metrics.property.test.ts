/** Every metric against its definition, on small random traces. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DistanceHistogram } from "../../src/trace/metrics/distanceHistogram.ts";
import { tokensByLayer } from "../../src/trace/metrics/layerTokens.ts";
import { coverage, gini, topShare } from "../../src/trace/metrics/popularity.ts";
import { reuseInExperts, reuseInTokens } from "../../src/trace/metrics/reuseDistance.ts";
import { segmentCacheHitRate } from "../../src/trace/metrics/segmentCache.ts";
import { segmentRouting } from "../../src/trace/metrics/segmentRouting.ts";
import { tokenHeat } from "../../src/trace/metrics/tokenHeat.ts";
import { anyTrace } from "./metricSamples.ts";
import {
  allChoices,
  naiveGini,
  naiveReuseInExperts,
  naiveReuseInTokens,
  naiveSegmentCache,
  naiveSegmentRouting,
  naiveTokenHeat,
} from "./naiveMetrics.ts";

const anyLength = fc.integer({ min: 1, max: 6 });
const anyUses = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 });

test("batches are taken apart into tokens", () => {
  fc.assert(
    fc.property(anyTrace, (trace) => {
      const layers = tokensByLayer(trace);
      expect(layers.map(({ experts }) => [...experts])).toEqual(
        allChoices(trace).map((choices) => choices.flatMap(({ experts }) => experts)),
      );
      expect(layers.map(({ sequence }) => [...sequence])).toEqual(
        allChoices(trace).map((choices) => choices.map(({ sequence }) => sequence)),
      );
    }),
  );
});

test("SRP is the best F1 of all thresholds over all segments", () => {
  fc.assert(
    fc.property(anyTrace, anyLength, (trace, m) => {
      const found = segmentRouting(tokensByLayer(trace), trace.header.expertsPerLayer, m);
      const expected = naiveSegmentRouting(trace, m);
      if (expected === undefined) expect(found).toBeUndefined();
      else {
        expect(found?.performance).toBeCloseTo(expected.performance, 10);
        expect(found).toMatchObject({ segmentLength: m, threshold: expected.threshold });
        expect(found?.groupRatio).toBeCloseTo(expected.groupRatio, 10);
      }
    }),
  );
});

test("SCH keeps what the next tokens use most", () => {
  fc.assert(
    fc.property(anyTrace, anyLength, fc.constantFrom(0.5, 1, 1.5, 2), (trace, m, ratio) => {
      const { expertsPerLayer } = trace.header;
      const question = { expertsPerLayer, segmentLength: m, ratio };
      const found = segmentCacheHitRate(tokensByLayer(trace), question);
      expect(found).toBeCloseTo(naiveSegmentCache(trace, m, ratio), 10);
    }),
  );
});

test("reuse distances are those that looking back finds", () => {
  fc.assert(
    fc.property(anyTrace, (trace) => {
      const layers = tokensByLayer(trace);
      const inTokens = reuseInTokens(layers, trace.header.expertsPerLayer);
      expect(listed(inTokens)).toEqual(sorted(naiveReuseInTokens(trace)));
      for (const phase of [undefined, "decode"] as const) {
        const inExperts = reuseInExperts(trace, phase);
        expect(listed(inExperts)).toEqual(sorted(naiveReuseInExperts(trace, phase)));
      }
    }),
  );
});

test("the Gini coefficient is half the mean difference over the mean", () => {
  fc.assert(
    fc.property(anyUses, (uses) => {
      expect(gini(Float64Array.from(uses))).toBeCloseTo(naiveGini(uses), 10);
    }),
  );
});

test("coverage is the best that any set of so many experts gets", () => {
  fc.assert(
    fc.property(anyUses, fc.nat({ max: 8 }), (uses, count) => {
      const sum = uses.reduce((a, b) => a + b, 0);
      const best = [...uses].sort((a, b) => b - a).slice(0, count);
      const share = sum === 0 ? 0 : best.reduce((a, b) => a + b, 0) / sum;
      expect(topShare(Float64Array.from(uses), count)).toBeCloseTo(share, 10);
      expect(coverage(Float64Array.from(uses)).length).toBe(uses.length + 1);
    }),
  );
});

test("token heat looks back over the tokens of its own sequence", () => {
  fc.assert(
    fc.property(anyTrace, anyLength, (trace, window) => {
      const heat = tokensByLayer(trace).map((layer) => [
        ...tokenHeat(layer, trace.header.expertsPerLayer, window),
      ]);
      expect(heat).toEqual(naiveTokenHeat(trace, window));
    }),
  );
});

/** The histogram as a sorted list of distances, first uses last. */
function listed({ counts, firstUses, uses }: DistanceHistogram): (number | undefined)[] {
  const distances = [...counts].flatMap((count, distance) => new Array(count).fill(distance));
  expect(distances.length + firstUses).toBe(uses);
  return [...distances, ...new Array(firstUses).fill(undefined)];
}

function sorted(distances: readonly (number | undefined)[]): (number | undefined)[] {
  const order = (distance: number | undefined) => distance ?? Infinity;
  return distances.toSorted((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
}
