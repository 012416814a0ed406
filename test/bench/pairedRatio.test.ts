import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pairedRatio } from "../../bench/peers/pairedRatio.ts";

/** Repeatable noise around 1: a factor of at most 1.1 either way. */
function noise(index: number): number {
  return 1.1 ** Math.sin(7.3 * index * index + 1);
}

describe("pairedRatio", () => {
  test("finds a factor between noisy pairs, and an interval that is narrow around it", () => {
    const theirs = Array.from({ length: 40 }, (_, pair) => 20 + pair);
    const ours = theirs.map((rate, pair) => 1.5 * rate * noise(pair));
    const { median, low, high } = pairedRatio(ours, theirs);
    expect(median).toBeCloseTo(1.5, 1);
    expect(low).toBeLessThan(1.5);
    expect(high).toBeGreaterThan(1.5);
    expect(high - low).toBeLessThan(0.15);
    expect(high - low).toBeGreaterThan(0.01);
  });

  test("does not see what slows both engines of a pair", () => {
    const weather = Array.from({ length: 12 }, (_, pair) => 0.2 + (pair % 5));
    const ratio = pairedRatio(
      weather.map((speed) => 6 * speed),
      weather.map((speed) => 4 * speed),
    );
    expect(ratio.median).toBeCloseTo(1.5, 12);
    expect(ratio.high - ratio.low).toBeLessThan(1e-9);
  });

  test("is not moved far by one bad pair", () => {
    const ours = [...Array.from({ length: 10 }, () => 3), 300];
    const { median, high } = pairedRatio(
      ours,
      ours.map(() => 2),
    );
    expect(median).toBe(1.5);
    expect(high).toBe(1.5);
  });

  test("lies in its interval, and that among the pairs' ratios", () => {
    const rate = fc.double({ min: 1, max: 100, noNaN: true });
    const rates = fc.array(fc.tuple(rate, rate), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(rates, (pairs) => {
        const ratios = pairs.map(([a, b]) => a / b);
        const { median, low, high } = pairedRatio(
          pairs.map(([a]) => a),
          pairs.map(([, b]) => b),
        );
        expect(low).toBeLessThanOrEqual(median);
        expect(high).toBeGreaterThanOrEqual(median);
        expect(low).toBeGreaterThanOrEqual(Math.min(...ratios));
        expect(high).toBeLessThanOrEqual(Math.max(...ratios));
      }),
      { numRuns: 20 },
    );
  });

  test("refuses samples without a partner", () => {
    expect(() => pairedRatio([1, 2], [1])).toThrow(RangeError);
  });
});
