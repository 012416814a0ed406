/** The picture of the experts' use. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { useMapLines } from "../../src/cli/useMap.ts";

test("darker cells for experts used more, dots for those never used", () => {
  // The average is 10.
  const counts = [
    [0, 7, 8, 14, 15, 24, 2, 10],
    [10, 10, 10, 10, 10, 10, 10, 10],
  ];
  expect(useMapLines(counts)).toEqual([
    "        0",
    "layer 0 ··░░▒▒▒▒▓▓▓▓░░▒▒",
    "layer 1 ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒",
    "        · never  ░ seldom  ▒ about average  ▓ from 1.5x  █ from 2.5x",
  ]);
});

test("layers without experts are left out; a model without any has no picture", () => {
  const lines = useMapLines([
    [0, 0],
    [4, 1],
  ]);
  expect(lines.filter((line) => line.startsWith("layer"))).toEqual(["layer 1 ▓▓░░"]);
  expect(useMapLines([[], []])).toEqual([]);
  expect(useMapLines([[0, 0]])).toEqual([]);
});

test("many experts and many layers are folded until they fit", () => {
  // Only the last expert of the last layer stands out.
  const counts = Array.from({ length: 61 }, (_, layer) =>
    Array.from({ length: 384 }, (_, expert) => (layer === 60 && expert === 383 ? 1e6 : 1)),
  );
  const lines = useMapLines(counts);
  expect(lines.at(-2)).toMatch(/^layer {4}60 ░{63}█$/);
  expect(lines[1]).toMatch(/^layer {3}0-2 ▒{64}$/);
});

test("any picture fits into 80 columns and 26 lines", () => {
  const shape = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 600 }));
  fc.assert(
    fc.property(shape, ([layers, experts]) => {
      const lines = useMapLines(Array.from({ length: layers }, () => new Array(experts).fill(1)));
      expect(lines.length).toBeLessThanOrEqual(26);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    }),
  );
});
