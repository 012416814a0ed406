import fc from "fast-check";
import { expect, test } from "vitest";
import { topK } from "../../src/numerics/topK.ts";

function select(values: Float32Array, k: number): number[] {
  const output = new Int32Array(k);
  topK(values, k, output);
  return Array.from(output);
}

/** The definition: sort all, NaN last, stable, and take the first. */
function sortAndTake(values: Float32Array, k: number): number[] {
  const rank = (i: number) => (Number.isNaN(values[i]) ? -1 : values[i] === -Infinity ? -0.5 : 0);
  const compare = (a: number, b: number) =>
    rank(b) - rank(a) || (values[a] === values[b] || rank(a) < 0 ? 0 : values[b] - values[a]);
  return Array.from(values.keys()).toSorted(compare).slice(0, k);
}

// Few distinct values, so that ties are common.
const awkward = fc.constantFrom(0, -0, 1, -1, 2, 0.5, Infinity, -Infinity, Number.NaN);
const valueLists = fc.array(fc.oneof(awkward, fc.float()), { minLength: 1, maxLength: 40 });

test("the k best are the first k of a stable descending sort", () => {
  fc.assert(
    fc.property(valueLists, fc.nat(), (list, some) => {
      const values = Float32Array.from(list);
      const k = some % (values.length + 1);
      expect(select(values, k)).toEqual(sortAndTake(values, k));
    }),
    { numRuns: 1000 },
  );
});

test("ties go to the lowest index", () => {
  expect(select(Float32Array.of(1, 3, 3, 0, 3), 3)).toEqual([1, 2, 4]);
});

test("NaN is taken only when numbers run out", () => {
  expect(select(Float32Array.of(Number.NaN, -Infinity, Number.NaN, 5), 3)).toEqual([3, 1, 0]);
});

test("places after the first k stay as they were", () => {
  const output = Int32Array.of(-1, -1, -1);
  topK(Float32Array.of(1, 2, 3), 2, output);
  expect(Array.from(output)).toEqual([2, 1, -1]);
});

test("more than there are cannot be selected", () => {
  expect(() => select(new Float32Array(3), 4)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: cannot select 4 of 3 values into 4 places]`,
  );
});
