/** Stop strings: however a text is cut into pieces, it ends at the same place. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StopStrings } from "../../src/generation/stopStrings.ts";
import { OptionError } from "../../src/support/errors.ts";

/** Few letters, so that stops occur, overlap and nearly occur. */
const text = fc.string({ unit: fc.constantFrom("a", "b", "é", "😀"), maxLength: 24 });
const stop = fc.string({ unit: fc.constantFrom("a", "b", "é", "😀"), minLength: 1, maxLength: 5 });
const cutText = fc
  .tuple(text, fc.array(fc.nat({ max: 48 }), { maxLength: 12 }))
  .map(([whole, cuts]) => {
    const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length];
    places.sort((a, b) => a - b);
    return places.slice(1).map((end, i) => whole.slice(places[i], end));
  });

test("what comes out is the text up to the first place where a stop begins", () => {
  fc.assert(
    fc.property(cutText, fc.array(stop, { maxLength: 4 }), (pieces, stops) => {
      const whole = pieces.join("");
      const places = stops.map((one) => whole.indexOf(one)).filter((place) => place >= 0);
      const first = Math.min(whole.length, ...places);

      const filter = new StopStrings(stops);
      let shown = "";
      for (const [i, piece] of pieces.entries()) {
        shown += filter.push(piece);
        // Never more than is certain, and never less: only what may begin a stop is held back.
        const known = pieces.slice(0, i + 1).join("");
        expect(shown).toBe(known.slice(0, certainLength(known, stops)));
      }
      expect(shown + filter.end()).toBe(whole.slice(0, first));
      expect(filter.hasStopped).toBe(places.length > 0);
      expect(filter.push("more") + filter.end()).toBe(places.length > 0 ? "" : "more");
    }),
    { numRuns: 2000 },
  );
});

/** How much of a text is certain to come before any stop, whatever follows. */
function certainLength(known: string, stops: readonly string[]): number {
  for (let i = 0; i < known.length; i++) {
    const rest = known.slice(i);
    if (stops.some((one) => rest.startsWith(one) || one.startsWith(rest))) return i;
  }
  return known.length;
}

test("the search ends as soon as a stop is certain", () => {
  const filter = new StopStrings("STOP");
  expect(filter.push("a ST")).toBe("a ");
  expect(filter.hasStopped).toBe(false);
  expect(filter.push("OP b")).toBe("");
  expect(filter.hasStopped).toBe(true);
});

test("a stop inside the beginning of a longer one waits for it", () => {
  const stops = ["bc", "abcd"];
  const longer = new StopStrings(stops);
  expect([longer.push("xabc"), longer.hasStopped]).toEqual(["x", false]);
  expect([longer.push("d"), longer.end()]).toEqual(["", ""]);
  const shorter = new StopStrings(stops);
  expect([shorter.push("xabc"), shorter.push("e"), shorter.hasStopped]).toEqual(["x", "a", true]);
  const cutOff = new StopStrings(stops);
  expect([cutOff.push("xabc"), cutOff.end(), cutOff.hasStopped]).toEqual(["x", "a", true]);
});

test("without stops everything passes at once", () => {
  const filter = new StopStrings();
  expect([filter.push("a"), filter.push("b"), filter.end()]).toEqual(["a", "b", ""]);
  expect(filter.hasStopped).toBe(false);
});

test.each([[""], [["a", ""]], [[3]], [{}]])("%j is refused by name", (stops) => {
  const make = () => new StopStrings(stops as unknown as string[]);
  expect(make).toThrow(OptionError);
  expect(make).toThrow(/^stop is .*; it may be /);
});
