/** Reading miss-ratio curves, and what more memory would buy. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CurvePoint,
  hotListCurve,
  readCurve,
  whatMoreMemoryBuys,
} from "../../src/policy/sizing/missRatioCurve.ts";
import { OptionError } from "../../src/support/errors.ts";
import { anyProfile, profileOf } from "./profileSamples.ts";

const GIB = 2 ** 30;
const curve: CurvePoint[] = [
  { cacheBytes: GIB, missRatio: 0.8 },
  { cacheBytes: 2 * GIB, missRatio: 0.4 },
  { cacheBytes: 4 * GIB, missRatio: 0.3 },
];

describe("reading a curve", () => {
  test("gives its points, and straight lines between them", () => {
    expect(readCurve(curve, GIB)).toEqual({ missRatio: 0.8, isMeasured: true });
    expect(readCurve(curve, 2 * GIB)).toEqual({ missRatio: 0.4, isMeasured: true });
    expect(readCurve(curve, 1.25 * GIB).missRatio).toBeCloseTo(0.7, 12);
    expect(readCurve(curve, 1.25 * GIB).isMeasured).toBe(true);
    expect(readCurve(curve, 3 * GIB).missRatio).toBeCloseTo(0.35, 12);
    expect(readCurve(curve, 4 * GIB)).toEqual({ missRatio: 0.3, isMeasured: true });
  });

  test("is flat outside of the points, and says that this was not measured", () => {
    expect(readCurve(curve, 0)).toEqual({ missRatio: 0.8, isMeasured: false });
    expect(readCurve(curve, 4 * GIB + 1)).toEqual({ missRatio: 0.3, isMeasured: false });
  });

  test("a curve of one point is that point", () => {
    const point = [{ cacheBytes: 5, missRatio: 0.5 }];
    expect(readCurve(point, 5)).toEqual({ missRatio: 0.5, isMeasured: true });
    expect(readCurve(point, 6)).toEqual({ missRatio: 0.5, isMeasured: false });
  });

  test.each<[string, CurvePoint[], string]>([
    ["without points", [], "at least one point"],
    ["out of order", [curve[1]!, curve[0]!], "must ascend in bytes"],
    ["with a point twice", [curve[0]!, curve[0]!], "must ascend in bytes"],
    ["with endless bytes", [{ cacheBytes: Infinity, missRatio: 0 }], "must ascend in bytes"],
    ["with negative bytes", [{ cacheBytes: -1, missRatio: 0 }], "must ascend in bytes"],
    ["with percents", [{ cacheBytes: 0, missRatio: 80 }], "must lie in [0, 1], not 80"],
    [
      "with more misses than accesses",
      [{ cacheBytes: 0, missRatio: 1.01 }],
      "must lie in [0, 1], not 1.01",
    ],
    ["with no number", [{ cacheBytes: 0, missRatio: Number.NaN }], "must lie in [0, 1], not NaN"],
  ])("refuses a curve %s", (_, bad, message) => {
    expect(() => readCurve(bad, 1)).toThrow(message);
  });

  test("refuses a size that is no number", () => {
    expect(() => readCurve(curve, Number.NaN)).toThrow("cacheBytes must be a number");
  });

  test("never leaves the range of its points", () => {
    const anyCurve = fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 6 }).chain((bytes) =>
      fc.tuple(
        ...bytes
          .sort((a, b) => a - b)
          .map((cacheBytes) =>
            fc.record({
              cacheBytes: fc.constant(cacheBytes),
              missRatio: fc.double({ min: 0, max: 1, noNaN: true }),
            }),
          ),
      ),
    );
    fc.assert(
      fc.property(anyCurve, fc.nat(1200), (points, cacheBytes) => {
        const { missRatio } = readCurve(points, cacheBytes);
        const ratios = points.map((point) => point.missRatio);
        expect(missRatio).toBeGreaterThanOrEqual(Math.min(...ratios) - 1e-12);
        expect(missRatio).toBeLessThanOrEqual(Math.max(...ratios) + 1e-12);
      }),
    );
  });
});

describe("one more GiB", () => {
  const question = { curve, cacheBytes: GIB, accessesPerToken: 100, missMs: 1, tokenMs: 100 };

  test("buys the misses between the two readings, and the time they cost", () => {
    const answer = whatMoreMemoryBuys(question);
    expect(answer.now.missRatio).toBe(0.8);
    expect(answer.then.missRatio).toBe(0.4);
    expect(answer.missesSavedPerToken).toBeCloseTo(40, 10);
    expect(answer.msSavedPerToken).toBeCloseTo(40, 10);
    expect(answer.tokensPerSecondNow).toBe(10);
    expect(answer.tokensPerSecondThen).toBeCloseTo(1000 / 60, 10);
  });

  test("may be any amount, and buys nothing where the curve is flat or misses are free", () => {
    expect(whatMoreMemoryBuys({ ...question, extraBytes: 0 }).missesSavedPerToken).toBe(0);
    const beyond = whatMoreMemoryBuys({ ...question, cacheBytes: 4 * GIB });
    expect(beyond.missesSavedPerToken).toBe(0);
    expect(beyond.then.isMeasured).toBe(false);
    expect(whatMoreMemoryBuys({ ...question, missMs: 0 }).tokensPerSecondThen).toBe(10);
  });

  test("refuses numbers that cannot be of one run", () => {
    const impossible = { ...question, tokenMs: 80 };
    expect(() => whatMoreMemoryBuys(impossible)).toThrow(
      "misses alone would cost 80 ms of a token of 80 ms",
    );
    for (const part of ["cacheBytes", "extraBytes", "accessesPerToken", "missMs", "tokenMs"]) {
      expect(() => whatMoreMemoryBuys({ ...question, [part]: -1 })).toThrow(part);
    }
    expect(() => whatMoreMemoryBuys({ ...question, tokenMs: 0 })).toThrow(OptionError);
  });
});

describe("the curve of a profile's hot list", () => {
  test("lets the hottest experts in first", () => {
    const profile = profileOf([
      ["hit", 0, 1],
      ["miss", 2, 3],
      ["hit", 2, 3],
      ["hit", 2, 3],
    ]);
    expect(hotListCurve(profile, 100)).toEqual([
      { cacheBytes: 0, missRatio: 1 },
      { cacheBytes: 100, missRatio: 0.25 },
      { cacheBytes: 200, missRatio: 0 },
    ]);
  });

  test("of an empty profile misses nothing, since nothing is asked", () => {
    expect(hotListCurve(profileOf([]), 1)).toEqual([{ cacheBytes: 0, missRatio: 0 }]);
    expect(() => hotListCurve(profileOf([]), 0)).toThrow(OptionError);
  });

  test("falls, ever more slowly, to 0", () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const ratios = hotListCurve(profile, 7).map(({ missRatio }) => missRatio);
        const gains = ratios.slice(1).map((ratio, index) => ratios[index]! - ratio);
        expect(ratios.at(-1)).toBe(0);
        gains.forEach((gain, index) => {
          expect(gain).toBeGreaterThan(0);
          if (index > 0) expect(gain).toBeLessThanOrEqual(gains[index - 1]! + 1e-12);
        });
      }),
    );
  });
});
