/** When a miss is moved, when it runs where it lies, and when doing nothing is right. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CostModel } from "../../src/policy/costModel.ts";
import { Ewma } from "../../src/policy/ewma.ts";
import { OptionError } from "../../src/support/errors.ts";

const EXPERT = 1000;
/** 4 ms to run an expert for one token in place, 2 ms to move it, 1 ms once it is there. */
const known = { runHereMsPerByte: 4 / EXPERT, linkMsPerByte: 2 / EXPERT, fastMs: 1 };

describe("moving mean", () => {
  test("starts at the first sample and then takes a share of each new one", () => {
    const mean = new Ewma(0.2);
    expect(mean.mean).toBeUndefined();
    mean.add(10);
    expect(mean.mean).toBe(10);
    mean.add(20);
    expect(mean.mean).toBe(12);
    mean.add(12);
    expect(mean.mean).toBe(12);
  });

  test("with alpha 1 only the latest sample counts", () => {
    const mean = new Ewma(1);
    mean.add(10);
    mean.add(3);
    expect(mean.mean).toBe(3);
  });

  test("refuses a weight outside (0, 1] and samples that are no times", () => {
    for (const alpha of [0, -1, 1.1, Number.NaN])
      expect(() => new Ewma(alpha)).toThrow(OptionError);
    for (const sample of [-1, Number.NaN, Infinity]) {
      expect(() => new Ewma(0.5).add(sample)).toThrow(OptionError);
    }
  });

  test("stays within its samples", () => {
    const samples = fc.array(fc.nat({ max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(samples, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, alpha) => {
        const mean = new Ewma(alpha);
        for (const value of values) mean.add(value);
        expect(mean.mean).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
        expect(mean.mean).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
      }),
    );
  });
});

describe("a miss", () => {
  test("moves when link and fast device together are quicker", () => {
    expect(new CostModel(known).decideMiss({ bytes: EXPERT })).toEqual({
      action: "move",
      runHereMs: 4,
      moveMs: 3,
    });
  });

  test("runs in place when the link is slower, and also when both take the same time", () => {
    const slower = new CostModel({ ...known, linkMsPerByte: 8 / EXPERT });
    expect(slower.decideMiss({ bytes: EXPERT }).action).toBe("run-here");
    const equal = new CostModel({ ...known, linkMsPerByte: 3 / EXPERT });
    expect(equal.decideMiss({ bytes: EXPERT })).toMatchObject({ action: "run-here", moveMs: 4 });
  });

  test("waits in the queue of the link, which can turn the decision", () => {
    const model = new CostModel(known);
    expect(model.decideMiss({ bytes: EXPERT, queuedBytes: EXPERT })).toEqual({
      action: "run-here",
      runHereMs: 4,
      moveMs: 5,
    });
  });

  test("a batch pays its tokens in place but moves once: decode runs here, prefill moves", () => {
    const model = new CostModel({ ...known, linkMsPerByte: 30 / EXPERT });
    expect(model.decideMiss({ bytes: EXPERT }).action).toBe("run-here");
    expect(model.decideMiss({ bytes: EXPERT, tokens: 8 })).toEqual({
      action: "move",
      runHereMs: 32,
      moveMs: 31,
    });
  });

  test.each([{}, { runHereMsPerByte: 4 }, { linkMsPerByte: 0 }])(
    "nothing moves before it is known to pay (%o)",
    (options) => {
      expect(new CostModel(options).decideMiss({ bytes: EXPERT }).action).toBe("run-here");
    },
  );
});

describe("measuring", () => {
  test("what is measured replaces what was given, and is smoothed from then on", () => {
    const model = new CostModel(known);
    model.measuredRunHere({ bytes: EXPERT }, 10);
    model.measuredMove(EXPERT, 5);
    model.measuredFast(2);
    expect(model.decideMiss({ bytes: EXPERT })).toMatchObject({ runHereMs: 10, moveMs: 7 });
    model.measuredRunHere({ bytes: EXPERT }, 20);
    expect(model.decideMiss({ bytes: EXPERT }).runHereMs).toBeCloseTo(12, 12);
  });

  test("times are learnt per byte and token, so experts of another size can be judged", () => {
    const model = new CostModel({ alpha: 1 });
    model.measuredRunHere({ bytes: EXPERT, tokens: 5 }, 10);
    model.measuredMove(2 * EXPERT, 2);
    expect(model.decideMiss({ bytes: 3 * EXPERT })).toEqual({
      action: "move",
      runHereMs: 6,
      moveMs: 3,
    });
  });

  test("two models fed the same decide the same: there is no clock in them", () => {
    const sample = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 99 }));
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
        const models = [new CostModel(), new CostModel()];
        for (const model of models) {
          for (const [bytes, ms] of samples) {
            model.measuredRunHere({ bytes }, ms);
            model.measuredMove(bytes, ms / 2);
          }
        }
        const [one, other] = models.map((model) => model.decideMiss({ bytes: 5 }));
        expect(one).toEqual(other);
      }),
    );
  });

  test("refuses measurements that are none", () => {
    const model = new CostModel();
    expect(() => model.measuredRunHere({ bytes: 0 }, 1)).toThrow(OptionError);
    expect(() => model.measuredRunHere({ bytes: 1, tokens: 0 }, 1)).toThrow(OptionError);
    expect(() => model.measuredRunHere({ bytes: 1 }, -1)).toThrow(OptionError);
    expect(() => model.measuredMove(0, 1)).toThrow(OptionError);
    expect(() => model.measuredMove(1, Number.NaN)).toThrow(OptionError);
    expect(() => model.measuredFast(-1)).toThrow(OptionError);
    expect(() => new CostModel({ linkMsPerByte: -1 })).toThrow("linkMsPerByte must be");
    expect(() => new CostModel({ alpha: 0 })).toThrow(OptionError);
  });
});

describe("moving ahead of time", () => {
  const model = new CostModel(known);

  test("gains what the use will not cost as a miss, and pays for the link it keeps from others", () => {
    // A miss would cost min(4, 3), a hit costs 1: 2 ms per use, for 2 ms of the link.
    expect(model.decideMoveAhead({ bytes: EXPERT, expectedUses: 2 })).toEqual({
      action: "move",
      gainMs: 2,
    });
  });

  test("a link that is idle costs nothing, so any likely use is worth it", () => {
    expect(model.decideMoveAhead({ bytes: EXPERT, expectedUses: 0.25, idleMs: 5 })).toEqual({
      action: "move",
      gainMs: 0.5,
    });
  });

  test.each([
    ["an unlikely use", { bytes: EXPERT, expectedUses: 0.5 }, -1],
    ["a gain that only just pays the price", { bytes: EXPERT, expectedUses: 1 }, 0],
    ["no use at all", { bytes: EXPERT, expectedUses: 0, idleMs: 9 }, 0],
  ])("nothing is the answer for %s", (_, question, gainMs) => {
    expect(model.decideMoveAhead(question)).toEqual({ action: "nothing", gainMs });
  });

  test("nothing is the answer where the expert runs quicker in place than on the fast device", () => {
    const quickHere = new CostModel({ ...known, runHereMsPerByte: 0.5 / EXPERT });
    const decision = quickHere.decideMoveAhead({ bytes: EXPERT, expectedUses: 100, idleMs: 9 });
    expect(decision).toEqual({ action: "nothing", gainMs: -50 });
  });

  test.each([{}, { runHereMsPerByte: 1 }, { linkMsPerByte: 1 }])(
    "nothing is the answer where a time is not known (%o)",
    (options) => {
      const decision = new CostModel(options).decideMoveAhead({ bytes: 1, expectedUses: 99 });
      expect(decision).toEqual({ action: "nothing", gainMs: undefined });
    },
  );

  test("refuses a number of uses that is none", () => {
    expect(() => model.decideMoveAhead({ bytes: 1, expectedUses: -1 })).toThrow(OptionError);
  });
});
