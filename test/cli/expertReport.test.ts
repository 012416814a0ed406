/** Lines about experts: what they say, and that they fit whatever the numbers are. */
import { expect, test } from "vitest";
import type { ExpertFigures } from "../../src/cli/expertFigures.ts";
import { expertLines, expertsJson } from "../../src/cli/expertReport.ts";
import { tallySince } from "../../src/cli/expertWatch.ts";
import { AccessProfile } from "../../src/policy/profile.ts";

const many = { count: 123_456, bytes: 1023 * 2 ** 30 };
const counts = {
  ...{ uses: 4, hits: 3, admitted: 1, bypassed: 0, evictions: 1 },
  ...{ usedBytes: 4, hitBytes: 3, movedBytes: 1 },
};
const tally = {
  counts: { prefill: counts, decode: { ...counts, hits: 4 } },
  prefetch: { issued: many, useful: many, late: many, wasted: many, dropped: many },
  bytesRead: 1023 * 2 ** 30,
  stallMs: { prefill: 1234, decode: 200 },
  decodeSteps: 20,
  timed: { steps: 19, ms: 1900 },
  gpus: [],
};
const figures: ExpertFigures = {
  report: {
    ...{ policy: "per-layer(cycle-aware)", predictor: "gate-lookahead", profile: profile() },
    ...{ slots: 12_345, experts: 25_600, slotBytes: 1e9, budgetBytes: 2e9, fixedBytes: 1e9 },
    ...{ tokenCycleSlots: 480, counts: tally.counts, bytesRead: 0, stallMs: 0, pending: 3 },
    prefetch: { ...tally.prefetch, pending: many },
  },
  tally,
  gpus: [],
  holdsAll: false,
  tokenCycles: 25.7,
  hitRate: { prefill: 0.75, decode: 1 },
  stallMsPerToken: 1234,
  cliff: {
    ...{ status: "Ok", tokenCycleSlots: 480, requiredSlots: 480, hitsNothing: false, advice: "" },
  },
  moreMemory: {
    ...{ extraBytes: 1023 * 2 ** 20, msSavedPerToken: 1234 },
    ...{ tokensPerSecondNow: 1234, tokensPerSecondThen: 2345 },
  },
};

function profile(): AccessProfile {
  return new AccessProfile({ layerCount: 1, expertsPerLayer: 1 });
}

test("the largest numbers fit into 80 columns", () => {
  const lines = expertLines(figures);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines).toMatchInlineSnapshot(`
    [
      "experts  12345 of 25600 in RAM, 25.7 token cycles; per-layer(cycle-aware)",
      "hits     100.0 % in decode, 75.0 % in prefill",
      "read     1023 GiB; waited 1234 ms per token, 1234 ms in prefill",
      "ahead    123456 experts by gate-lookahead, 1023 GiB",
      "         123456 useful, 123456 late, 123456 wasted, 123456 dropped",
      "RAM      1023 MiB more would save about 1234 ms per token, 1234 -> 2345 tokens/s",
    ]
  `);
});

test("with all in RAM one line is left, and without experts none", () => {
  const { report } = figures;
  const whole = { ...figures, holdsAll: true, report: { ...report, slots: 25_600, pending: 0 } };
  expect(expertLines(whole)).toEqual(["experts  all 25600 in RAM"]);
  expect(expertLines({ ...whole, report: { ...whole.report, pending: 3 } })).toEqual([
    "experts  all 25600 in RAM, 3 of them still to be read",
  ]);
  expect(expertLines({ ...whole, report: { ...report, slots: 0, experts: 0 } })).toEqual([]);
});

test("what would change little is not given in digits", () => {
  const moreMemory = { ...figures.moreMemory!, tokensPerSecondThen: 1235 };
  expect(expertLines({ ...figures, moreMemory }).at(-1)).toBe(
    "RAM      1023 MiB more would save next to nothing",
  );
  const none = { ...tally, prefetch: { ...tally.prefetch, issued: { count: 0, bytes: 0 } } };
  expect(expertLines({ ...figures, tally: none }).at(-2)).toBe(
    "ahead    nothing was read ahead by gate-lookahead",
  );
});

test("the difference of two tallies is that of every number in them", () => {
  const twice = tallySince(tally, tallySince(tally, tally));
  expect(twice).toEqual(tally);
  expect(tallySince(tally, tally).prefetch.issued).toEqual({ count: 0, bytes: 0 });
  expect(tallySince(tally, tally).stallMs).toEqual({ prefill: 0, decode: 0 });
});

test("the JSON has every documented key", () => {
  expect(Object.keys(expertsJson(figures))).toEqual([
    ..."policy predictor slots experts slotBytes tokenCycleSlots tokenCycles hitRate".split(" "),
    ..."counts prefetch bytesRead stallMs stallMsPerToken pending cliff moreMemory".split(" "),
  ]);
});
