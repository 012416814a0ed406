/** The books of prefetching: every ending, every refusal, and the sum that always holds. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  PrefetchLedger,
  type PrefetchTotals,
  prefetchEnds,
  prefetchPrecision,
} from "../../src/policy/prefetch/prefetchLedger.ts";
import { OptionError } from "../../src/support/errors.ts";

type Call = "issue" | "arrive" | "use" | "evict" | "drop";

/** Applies calls to expert 5, issued with 100 bytes; returns what the last one said. */
function ledgerAfter(...calls: readonly Call[]): {
  ledger: PrefetchLedger;
  last: string | undefined;
} {
  const ledger = new PrefetchLedger();
  let last: string | undefined;
  for (const call of calls) last = apply(ledger, call, 5, 100);
  return { ledger, last };
}

function apply(ledger: PrefetchLedger, call: Call, expert: number, bytes: number) {
  switch (call) {
    case "issue":
      ledger.issue(expert, bytes);
      return undefined;
    case "arrive":
      ledger.arrive(expert);
      return undefined;
    default:
      return ledger[call](expert);
  }
}

/** Where prefetches are: `{ issued: 1, late: 1 }`, zeros left out. */
function counts(totals: PrefetchTotals): Partial<Record<keyof PrefetchTotals, number>> {
  return Object.fromEntries(
    Object.entries(totals)
      .map(([name, { count }]) => [name, count])
      .filter(([, count]) => count !== 0),
  );
}

describe("a prefetch ends as", () => {
  test.each<[string, Call[], string]>([
    ["useful when it is asked for after it came", ["issue", "arrive", "use"], "useful"],
    ["late when it is asked for on its way", ["issue", "use"], "late"],
    ["wasted when it is evicted unused", ["issue", "arrive", "evict"], "wasted"],
    ["wasted when its slot is taken before it came", ["issue", "evict"], "wasted"],
    ["dropped when it is given up on its way", ["issue", "drop"], "dropped"],
  ])("%s", (_, calls, end) => {
    const { ledger, last } = ledgerAfter(...calls);
    expect(last).toBe(end);
    expect(counts(ledger.totals())).toEqual({ issued: 1, [end]: 1 });
    expect(ledger.totals()[end as "late"]).toEqual({ count: 1, bytes: 100 });
  });
});

describe("an ended prefetch is not counted again", () => {
  test.each<[string, Call[]]>([
    ["used twice", ["issue", "arrive", "use", "use"]],
    ["evicted after its use", ["issue", "arrive", "use", "evict"]],
  ])("%s", (_, calls) => {
    const { ledger, last } = ledgerAfter(...calls);
    expect(last).toBeUndefined();
    expect(counts(ledger.totals())).toEqual({ issued: 1, useful: 1 });
  });

  test.each<[string, Call[]]>([
    ["arrived overdue, after another use", ["issue", "use", "use", "arrive"]],
    ["arrived overdue", ["issue", "use", "arrive"]],
    ["arrived overdue and used", ["issue", "use", "arrive", "use"]],
    ["dropped overdue", ["issue", "use", "drop"]],
    ["evicted overdue", ["issue", "use", "evict"]],
  ])("late stays late: %s; the read is over", (_, calls) => {
    const { ledger, last } = ledgerAfter(...calls);
    expect(last).toBeUndefined();
    expect(counts(ledger.totals())).toEqual({ issued: 1, late: 1 });
    expect(ledger.isInFlight(5)).toBe(false);
  });
});

test("an expert can be prefetched again after each ending", () => {
  const { ledger } = ledgerAfter(
    "issue",
    "arrive",
    "use",
    "issue",
    "evict",
    "issue",
    "drop",
    "issue",
  );
  expect(counts(ledger.totals())).toEqual({
    issued: 4,
    useful: 1,
    wasted: 1,
    dropped: 1,
    pending: 1,
  });
});

test("it is in flight until it arrives or is given up, late or not", () => {
  const inFlight = (...calls: Call[]) => ledgerAfter(...calls).ledger.isInFlight(5);
  expect(inFlight()).toBe(false);
  expect(inFlight("issue")).toBe(true);
  expect(inFlight("issue", "use")).toBe(true);
  expect(inFlight("issue", "arrive")).toBe(false);
  expect(inFlight("issue", "use", "arrive")).toBe(false);
  expect(inFlight("issue", "drop")).toBe(false);
});

test("experts that came by a miss are used and evicted without any trace in the books", () => {
  const { ledger, last } = ledgerAfter("use", "evict");
  expect(last).toBeUndefined();
  expect(counts(ledger.totals())).toEqual({});
});

describe("a call that no history explains is refused, and changes nothing", () => {
  test.each<[Call[], Call, string]>([
    [["issue"], "issue", "cannot issue the prefetch of expert 5: it is on its way"],
    [["issue", "use"], "issue", "cannot issue the prefetch of expert 5: it is overdue"],
    [["issue", "arrive"], "issue", "cannot issue the prefetch of expert 5: it has arrived"],
    [[], "arrive", "cannot arrive the prefetch of expert 5: it was not issued"],
    [["issue", "arrive"], "arrive", "cannot arrive the prefetch of expert 5: it has arrived"],
    [["issue", "evict"], "arrive", "cannot arrive the prefetch of expert 5: it was not issued"],
    [[], "drop", "cannot drop the prefetch of expert 5: it was not issued"],
    [["issue", "arrive"], "drop", "cannot drop the prefetch of expert 5: it has arrived"],
  ])("after %j: %s", (calls, call, message) => {
    const { ledger } = ledgerAfter(...calls);
    const before = ledger.totals();
    expect(() => apply(ledger, call, 5, 100)).toThrow(message);
    expect(ledger.totals()).toEqual(before);
  });

  test("so are bytes that are no whole number", () => {
    const ledger = new PrefetchLedger();
    expect(() => ledger.issue(5, -1)).toThrow(OptionError);
    expect(counts(ledger.totals())).toEqual({});
  });
});

test("closing ends everything: what had come is wasted, what had not is dropped", () => {
  const ledger = new PrefetchLedger();
  for (const expert of [1, 2, 3]) ledger.issue(expert, 10);
  ledger.arrive(1);
  ledger.use(3);
  ledger.close();
  expect(counts(ledger.totals())).toEqual({ issued: 3, wasted: 1, dropped: 1, late: 1 });
  ledger.close();
  expect(counts(ledger.totals())).toEqual({ issued: 3, wasted: 1, dropped: 1, late: 1 });
});

test("totals are a copy that later calls do not change", () => {
  const { ledger } = ledgerAfter("issue");
  const totals = ledger.totals();
  ledger.use(5);
  expect(counts(totals)).toEqual({ issued: 1, pending: 1 });
});

test("precision is the share of ended prefetches that were asked for", () => {
  expect(prefetchPrecision(new PrefetchLedger().totals())).toBe(0);
  const { ledger } = ledgerAfter(
    "issue",
    "use",
    "arrive",
    "issue",
    "arrive",
    "use",
    "issue",
    "evict",
  );
  ledger.issue(6, 1);
  expect(prefetchPrecision(ledger.totals())).toBe(2 / 3);
  ledger.drop(6);
  expect(prefetchPrecision(ledger.totals())).toBe(0.5);
});

test("under any calls, issued = useful + late + wasted + dropped + pending, in number and bytes", () => {
  const call = fc.tuple(
    fc.constantFrom<Call>("issue", "issue", "arrive", "use", "evict", "drop"),
    fc.nat({ max: 2 }),
    fc.nat({ max: 100 }),
  );
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      const ledger = new PrefetchLedger();
      const issued = { count: 0, bytes: 0 };
      const ends: string[] = [];
      for (const [name, expert, bytes] of calls) {
        try {
          const end = apply(ledger, name, expert, bytes);
          if (end !== undefined) ends.push(end);
          if (name === "issue") {
            issued.count++;
            issued.bytes += bytes;
          }
        } catch (error) {
          if (!(error instanceof OptionError)) throw error;
        }
        expectConserved(ledger.totals(), issued);
      }
      const totals = ledger.totals();
      for (const end of prefetchEnds) {
        expect(totals[end].count).toBe(ends.filter((one) => one === end).length);
      }
      ledger.close();
      expectConserved(ledger.totals(), issued);
      expect(ledger.totals().pending).toEqual({ count: 0, bytes: 0 });
    }),
    { numRuns: 300 },
  );
});

function expectConserved(totals: PrefetchTotals, issued: { count: number; bytes: number }): void {
  const { useful, late, wasted, dropped, pending } = totals;
  const parts = [useful, late, wasted, dropped, pending];
  expect(totals.issued).toEqual(issued);
  expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(issued.count);
  expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(issued.bytes);
}
