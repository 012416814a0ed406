/** The token cycle and the cliff guard, held against caches so plain that they cannot be wrong. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guardCliff } from "../../src/policy/sizing/cliffGuard.ts";
import {
  cliffSlots,
  type ExpertLayer,
  equalLayers,
  tokenCycleBytes,
  tokenCycleSlots,
  totalExperts,
} from "../../src/policy/sizing/tokenCycle.ts";
import { OptionError } from "../../src/support/errors.ts";

const layer: ExpertLayer = { expertCount: 128, expertsPerToken: 6, expertBytes: 3059712 };
const qwen = equalLayers(48, layer);

describe("token cycle", () => {
  test("of Qwen3-30B-A3B with top-6: 288 slots, 840 MiB, cliff at 283", () => {
    expect(tokenCycleSlots(qwen)).toBe(288);
    expect(tokenCycleBytes(qwen)).toBe(288 * 3059712);
    expect(cliffSlots(qwen)).toBe(283);
    expect(totalExperts(qwen)).toBe(6144);
  });

  test("adds up layers of unequal experts", () => {
    const mixed = [layer, { expertCount: 64, expertsPerToken: 8, expertBytes: 100 }];
    expect(tokenCycleSlots(mixed)).toBe(14);
    expect(tokenCycleBytes(mixed)).toBe(6 * 3059712 + 800);
    expect(cliffSlots(mixed)).toBe(7);
    expect(totalExperts(mixed)).toBe(192);
  });

  test("of no layers is 0", () => {
    expect([tokenCycleSlots([]), tokenCycleBytes([]), cliffSlots([]), totalExperts([])]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  test("refuses layers that cannot be", () => {
    for (const part of ["expertCount", "expertsPerToken", "expertBytes"]) {
      expect(() => tokenCycleSlots([{ ...layer, [part]: 0 }])).toThrow(`${part} must be`);
    }
    expect(() => equalLayers(-1, layer)).toThrow(OptionError);
  });
});

describe("cliff guard", () => {
  test("a whole token cycle is enough for LRU", () => {
    expect(guardCliff({ layers: qwen, slots: 288 })).toEqual({
      status: "Ok",
      tokenCycleSlots: 288,
      requiredSlots: 288,
      hitsNothing: false,
      advice: "288 slots hold the 288 slots of one token cycle.",
    });
  });

  test("below it LRU is warned about, and below the cliff told that it hits nothing", () => {
    const warned = guardCliff({ layers: qwen, slots: 283 });
    expect(warned).toMatchObject({ status: "BelowTokenCycle", hitsNothing: false });
    expect(warned.advice).toMatchInlineSnapshot(
      `"283 slots are fewer than the 288 slots of one token cycle: expect few hits below 288 slots."`,
    );
    const hopeless = guardCliff({ layers: qwen, slots: 282 });
    expect(hopeless).toMatchObject({ status: "BelowTokenCycle", hitsNothing: true });
    expect(hopeless.advice).toMatchInlineSnapshot(
      `"282 slots are fewer than the 288 slots of one token cycle, and this policy will hit nothing: give it 288 slots, or take one that counts uses."`,
    );
  });

  test("strict segments of 25 % need four times as much, where LRU has long been fine", () => {
    const at = (slots: number) => guardCliff({ layers: qwen, slots, entryShare: 0.25 });
    expect(at(1131)).toMatchObject({
      status: "BelowSegmentCliff",
      requiredSlots: 1132,
      hitsNothing: true,
    });
    expect(at(1131).advice).toMatchInlineSnapshot(
      `"1131 slots hold the 288 slots of one token cycle, but newcomers get too few of them and this policy will hit nothing: give it 1132 slots, or take one without strict segments."`,
    );
    expect(at(1132)).toMatchObject({ status: "Ok", hitsNothing: false });
    expect(at(287).status).toBe("BelowTokenCycle");
  });

  // Slots and decode hit rates measured on real routing traces (Helldez/BigMoeOnEdge, Apache-2.0).
  test.each([
    {
      model: "gpt-oss-120b",
      layerCount: 36,
      expertsPerToken: 2,
      zero: [68, 216],
      above: [72, 288],
    },
    {
      model: "Qwen3-30B-A3B",
      layerCount: 48,
      expertsPerToken: 6,
      zero: [273, 864],
      above: [288, 1152],
    },
    {
      model: "gemma-4-26B-A4B",
      layerCount: 30,
      expertsPerToken: 6,
      zero: [171, 540],
      above: [180, 720],
    },
  ])("agrees with what LRU and strict 25 % segments measured on $model", (row) => {
    const layers = equalLayers(row.layerCount, { ...layer, expertsPerToken: row.expertsPerToken });
    [1, 0.25].forEach((entryShare, policy) => {
      const hitsNothing = (slots: number) => guardCliff({ layers, slots, entryShare }).hitsNothing;
      expect(hitsNothing(row.zero[policy]!)).toBe(true); // measured: 0.0 %
      expect(hitsNothing(row.above[policy]!)).toBe(false); // measured: 15 to 73 %
    });
  });

  test("a policy that counts uses has no cliff, but one token's experts should still fit", () => {
    const at = (slots: number) =>
      guardCliff({ layers: qwen, slots, entryShare: 0.25, countsUses: true });
    expect(at(288)).toMatchObject({ status: "Ok", requiredSlots: 288 });
    expect(at(72)).toMatchObject({ status: "BelowTokenCycle", hitsNothing: false });
  });

  test("without layers any size will do", () => {
    expect(guardCliff({ layers: [], slots: 0 })).toMatchObject({ status: "Ok", requiredSlots: 0 });
  });

  test("refuses shares and slots that cannot be", () => {
    expect(() => guardCliff({ layers: qwen, slots: 1, entryShare: 0 })).toThrow(OptionError);
    expect(() => guardCliff({ layers: qwen, slots: 1, entryShare: 1.1 })).toThrow(OptionError);
    expect(() => guardCliff({ layers: qwen, slots: -1 })).toThrow(OptionError);
  });

  test("the required slots are Ok, and one fewer is not", () => {
    fc.assert(
      fc.property(anyModel, anyShare, fc.boolean(), (layers, entryShare, countsUses) => {
        const at = (slots: number) => guardCliff({ layers, slots, entryShare, countsUses });
        const { requiredSlots } = at(0);
        expect(at(requiredSlots).status).toBe("Ok");
        expect(at(requiredSlots - 1).status).not.toBe("Ok");
      }),
    );
  });
});

const anyModel = fc
  .record({
    layerCount: fc.integer({ min: 1, max: 4 }),
    expertsPerToken: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ layerCount, expertsPerToken }) =>
    equalLayers(layerCount, { expertCount: 6, expertsPerToken, expertBytes: 1 }),
  );
const anyShare = fc.constantFrom(1, 0.8, 0.5, 0.3, 0.25, 0.1);

/** Experts of any tokens: each asks every layer in turn for `expertsPerToken` different ones. */
const anyStream = anyModel.chain((layers) => {
  const { expertCount, expertsPerToken } = layers[0]!;
  const choice = fc.shuffledSubarray([...Array(expertCount).keys()], {
    minLength: expertsPerToken,
    maxLength: expertsPerToken,
  });
  const token = fc
    .tuple(...layers.map(() => choice))
    .map((chosen) =>
      chosen.flatMap((experts, layerIndex) => experts.map((expert) => 6 * layerIndex + expert)),
    );
  return fc.tuple(fc.constant(layers), fc.array(token, { minLength: 2, maxLength: 8 }));
});

describe("what the guard says, plain caches do", () => {
  test("where it says so, LRU (entry share 1) and strict segments never hit", () => {
    fc.assert(
      fc.property(
        anyStream,
        fc.nat({ max: 40 }),
        anyShare,
        ([layers, tokens], slots, entryShare) => {
          fc.pre(slots > 0 && guardCliff({ layers, slots, entryShare }).hitsNothing);
          const entrySlots = Math.min(slots, Math.max(1, Math.floor(slots * entryShare)));
          expect(segmentedHits(tokens.flat(), entrySlots, slots - entrySlots)).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("from the cliff on, a token that repeats the one before it can hit", () => {
    fc.assert(
      fc.property(anyModel, anyShare, (layers, entryShare) => {
        const { expertsPerToken } = layers[0]!;
        // Ranks reversed: the last expert of each layer comes first, its shortest way back.
        const pass = (ranks: number[]) =>
          layers.flatMap((_, l) => ranks.map((rank) => 6 * l + rank));
        const ranks = [...Array(expertsPerToken).keys()];
        const stream = [...pass(ranks), ...pass([...ranks].reverse())];
        const { requiredSlots } = guardCliff({ layers, slots: 0, entryShare });
        const entrySlots = Math.max(1, Math.floor(requiredSlots * entryShare));
        expect(segmentedHits(stream, entrySlots, requiredSlots - entrySlots)).toBeGreaterThan(0);
        expect(segmentedHits(stream, cliffSlots(layers), 0)).toBeGreaterThan(0);
        expect(segmentedHits(stream, cliffSlots(layers) - 1, 0)).toBe(0);
      }),
    );
  });
});

/** Segmented LRU as two plain lists, newest last; with no protected slots it is LRU. Hits. */
function segmentedHits(
  stream: readonly number[],
  entrySlots: number,
  protectedSlots: number,
): number {
  let probation: number[] = [];
  let guarded: number[] = [];
  let hits = 0;
  for (const expert of stream) {
    if (guarded.includes(expert)) {
      guarded = [...guarded.filter((other) => other !== expert), expert];
      hits++;
    } else if (probation.includes(expert)) {
      probation = probation.filter((other) => other !== expert);
      if (protectedSlots === 0) probation.push(expert);
      else guarded.push(expert);
      if (guarded.length > protectedSlots) probation.push(guarded.shift()!);
      hits++;
    } else {
      probation.push(expert);
      if (probation.length > entrySlots) probation.shift();
    }
  }
  return hits;
}
