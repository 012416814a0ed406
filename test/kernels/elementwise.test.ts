import { expect, test } from "vitest";
import { seededRandom } from "../../src/numerics/random.ts";
import * as reference from "../../src/numerics/vectors.ts";
import { bits, KernelBed } from "./kernelBed.ts";
import { randomFloats } from "./randomRows.ts";

const bed = new KernelBed(2);

/** An f32 operation rounds by at most this, relatively. */
const ROUNDING = 2 ** -24;
/** What exponential.ts promises: two units in the last place, each up to 2^-23 relatively. */
const EXPONENTIAL_ERROR = 2 * 2 ** -23;
/** The mean, the sum with epsilon, the root, its reciprocal and two products are rounded. */
const NORM_TOLERANCE = 6 * ROUNDING;
/** x - max is rounded (an absolute error of up to 32 * 2^-24 below), then exp, reciprocal, product. */
const SOFTMAX_TOLERANCE = 2 * 32 * ROUNDING + 2 * EXPONENTIAL_ERROR + 2 * ROUNDING;
/** exp, the sum with 1, the quotient and the product. */
const SWIGLU_TOLERANCE = EXPONENTIAL_ERROR + 3 * ROUNDING;

const counts = [1, 2, 3, 4, 5, 7, 64, 131, 2048];

function expectClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of actual.entries()) {
    // The least f32 counts as equal to 0.
    expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(
      tolerance * Math.abs(expected[i]) + 2 ** -149,
    );
  }
}

/** Runs a kernel in both builds, on fresh copies; returns its output once both agree. */
function run(
  inputs: readonly Float32Array[],
  count: number,
  kernel: (kernels: KernelBed["relaxed"], addresses: readonly number[]) => void,
): Float32Array {
  const [first, second] = bed.builds.map(([, kernels]) => {
    bed.clear();
    const addresses = [bed.allocate(4 * count), ...inputs.map((input) => bed.put(input))];
    kernel(kernels, addresses);
    return bed.floats(addresses[0], count);
  });
  expect(bits(first)).toEqual(bits(second));
  return first;
}

test.each(counts)("rmsNorm of rows of %i is the formula's", (width) => {
  const random = seededRandom(width);
  const x = randomFloats(random, 3 * width, 5);
  const gain = randomFloats(random, width, 2);
  for (const withGain of [true, false]) {
    const actual = run([x, gain], 3 * width, (kernels, [output, from, factors]) =>
      kernels.rmsNorm(from, withGain ? factors : 0, output, width, 3, 1e-6),
    );
    const expected = new Float32Array(3 * width);
    for (let row = 0; row < 3; row++) {
      const place = [row * width, (row + 1) * width] as const;
      const target = expected.subarray(...place);
      reference.rmsNorm(x.subarray(...place), withGain ? gain : undefined, 1e-6, target);
    }
    expectClose(actual, expected, NORM_TOLERANCE);
  }
});

test("rmsNorm of zeros divides by the root of epsilon alone", () => {
  const zeros = new Float32Array(8);
  expect(run([zeros], 8, (k, [output, x]) => k.rmsNorm(x, 0, output, 8, 1, 1e-6))).toEqual(zeros);
});

test.each(counts)("softmax of %i scores is the formula's and sums to 1", (count) => {
  const scores = randomFloats(seededRandom(count), count, 16);
  const actual = run([scores], count, (kernels, [output, x]) => {
    kernels.scale(x, 1, output, count);
    kernels.softmax(output, count);
  });
  const expected = scores.slice();
  reference.softmax(expected);
  expectClose(actual, expected, SOFTMAX_TOLERANCE);
  expect(actual.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
});

test("softmax keeps masked scores at 0 and survives huge ones", () => {
  const scores = Float32Array.of(1e30, Number.NEGATIVE_INFINITY, 1e30, -1e30, -200);
  const actual = run([scores], 5, (kernels, [output, x]) => {
    kernels.scale(x, 1, output, 5);
    kernels.softmax(output, 5);
  });
  expect([...actual]).toEqual([0.5, 0, 0.5, 0, 0]);
});

test.each([
  { name: "a NaN", scores: [1, Number.NaN, 3, 4, 5] },
  { name: "a NaN at the end", scores: [1, 2, 3, 4, Number.NaN] },
  { name: "+Infinity", scores: [1, 2, Number.POSITIVE_INFINITY, 4, 5] },
  { name: "nothing but -Infinity", scores: new Array(5).fill(Number.NEGATIVE_INFINITY) },
])("softmax of $name is NaN throughout", ({ scores }) => {
  const actual = run([new Float32Array(scores)], 5, (kernels, [output, x]) => {
    kernels.scale(x, 1, output, 5);
    kernels.softmax(output, 5);
  });
  expect(actual).toEqual(new Float32Array(5).fill(Number.NaN));
});

/**
 * exp alone, through softmax's own arithmetic being exact: with scores [0, x] the values are
 * 1 / (1 + e) and e / (1 + e), so their quotient is e but for the rounding of the products.
 */
test("exp is within two units in the last place over its whole range", () => {
  let worst = 0;
  for (let x = 0; x > -87; x -= 0.0137) {
    const score = Math.fround(x);
    const [one, e] = run([Float32Array.of(0, score)], 2, (kernels, [output, scores]) => {
      kernels.scale(scores, 1, output, 2);
      kernels.softmax(output, 2);
    });
    worst = Math.max(worst, Math.abs(e / one / Math.exp(score) - 1));
  }
  expect(worst).toBeLessThanOrEqual(EXPONENTIAL_ERROR + 2 * ROUNDING);
});

test("exp fades through subnormals to 0", () => {
  const scores = Float32Array.of(0, -87.5, -100, -103, -103.9, -104, -1e9);
  const actual = run([scores], 7, (kernels, [output, x]) => {
    kernels.scale(x, 1, output, 7);
    kernels.softmax(output, 7);
  });
  for (const [i, score] of scores.entries()) {
    // A subnormal has an absolute error: one unit of 2^-149, besides that of exp.
    expect(Math.abs(actual[i] - Math.exp(score))).toBeLessThanOrEqual(
      EXPONENTIAL_ERROR * Math.exp(score) + 2 ** -149,
    );
  }
  expect(actual[6]).toBe(0);
});

test.each(counts)("swiglu of %i values is the formula's", (count) => {
  const random = seededRandom(count);
  const gate = randomFloats(random, count, 20);
  const up = randomFloats(random, count, 3);
  const actual = run([gate, up], count, (k, [output, a, b]) => k.swiglu(a, b, output, count));
  const expected = new Float32Array(count);
  reference.swiglu(gate, up, expected);
  expectClose(actual, expected, SWIGLU_TOLERANCE);
});

test("swiglu at the ends: a great negative gate closes, a great positive one passes", () => {
  const gate = Float32Array.of(-1000, 1000, 0, Number.NaN, 3e38);
  const up = new Float32Array(5).fill(1);
  const actual = run([gate, up], 5, (k, [output, a, b]) => k.swiglu(a, b, output, 5));
  expect([...actual].map((value) => value + 0)).toEqual([
    0,
    1000,
    0,
    Number.NaN,
    Math.fround(3e38),
  ]);
});

test.each(counts)("add, scale, addScaled and dotF32 of %i values are the formulas'", (count) => {
  const random = seededRandom(count);
  const a = randomFloats(random, count);
  const b = randomFloats(random, count);
  const expected = new Float32Array(count);

  reference.add(a, b, expected);
  const sum = run([a, b], count, (k, [output, x, y]) => k.add(x, y, output, count));
  expect(bits(sum)).toEqual(bits(expected));

  const factor = Math.fround(0.7);
  reference.scale(a, factor, expected);
  const scaled = run([a], count, (k, [output, x]) => k.scale(x, factor, output, count));
  expect(bits(scaled)).toEqual(bits(expected));

  expected.set(b);
  reference.addScaled(a, factor, expected);
  const more = run([a, b], count, (k, [output, x, y]) => {
    k.scale(y, 1, output, count);
    k.addScaled(x, factor, output, count);
  });
  expect(bits(more)).toEqual(bits(expected));

  bed.clear();
  const [x, y] = [bed.put(a), bed.put(b)];
  const magnitude = a.reduce((total, value, i) => total + Math.abs(value * b[i]), 0);
  expect(bed.relaxed.dotF32(x, y, count)).toBe(bed.plain.dotF32(x, y, count));
  const error = Math.abs(bed.relaxed.dotF32(x, y, count) - reference.dot(a, b));
  expect(error).toBeLessThanOrEqual(16 * ROUNDING * magnitude);
});

test("kernels write no value beyond their count", () => {
  const x = randomFloats(seededRandom(1), 16);
  const beyond = run([x, x], 16, (k, [output, a, b]) => {
    k.add(a, b, output, 5);
    k.scale(a, 2, output, 6);
    k.addScaled(a, 2, output, 7);
    k.swiglu(a, b, output, 7);
    k.rmsNorm(a, b, output, 3, 2, 1e-6);
    k.softmax(output, 7);
    k.roundF16(a, output, 7);
    k.roundBF16(a, output, 7);
  }).slice(7);
  expect(beyond).toEqual(new Float32Array(9));
});
