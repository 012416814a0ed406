import { expect, test } from "vitest";
import { seededRandom } from "../../src/numerics/random.ts";
import { createRope, ropeAngles } from "../../src/numerics/rope.ts";
import { bits, KernelBed } from "./kernelBed.ts";
import { randomFloats } from "./randomRows.ts";

const bed = new KernelBed(1);

/** Two products and a sum of values up to 1, with cosines and sines rounded to f32. */
const TOLERANCE = 6 * 2 ** -24;

const shapes = [
  { headSize: 64, rotarySize: 64, heads: 3 },
  { headSize: 128, rotarySize: 32, heads: 2 },
  { headSize: 20, rotarySize: 10, heads: 3 }, // five pairs: one vector and one over
  { headSize: 6, rotarySize: 6, heads: 1 },
];

for (const pairing of ["norm", "neox"] as const) {
  test.each(shapes)(`${pairing} turns the pairs of $heads heads of $headSize`, (shape) => {
    const { headSize, rotarySize, heads } = shape;
    const base = 10_000;
    const positions = Int32Array.of(0, 1, 77, 131_071);
    const rope = createRope({ headSize, rotarySize, pairing, base });
    const angles = new Float32Array(positions.length * rotarySize);
    ropeAngles(rope, positions, angles);
    const x = randomFloats(seededRandom(headSize), positions.length * heads * headSize);

    const expected = x.slice();
    for (const [token, position] of positions.entries()) {
      for (let head = 0; head < heads; head++) {
        const start = (token * heads + head) * headSize;
        for (let pair = 0; pair < rotarySize / 2; pair++) {
          const angle = position * base ** ((-2 * pair) / rotarySize);
          const first = start + (pairing === "norm" ? 2 * pair : pair);
          const second = pairing === "norm" ? first + 1 : first + rotarySize / 2;
          const [a, b] = [x[first], x[second]];
          expected[first] = a * Math.cos(angle) - b * Math.sin(angle);
          expected[second] = a * Math.sin(angle) + b * Math.cos(angle);
        }
      }
    }

    const [relaxed, plain] = bed.builds.map(([, kernels]) => {
      bed.clear();
      const address = bed.put(x);
      const turn = pairing === "norm" ? kernels.rotateNorm : kernels.rotateNeox;
      turn(address, bed.put(angles), headSize, rotarySize, heads, positions.length);
      return bed.floats(address, x.length);
    });
    expect(bits(relaxed)).toEqual(bits(plain));
    for (const [i, value] of relaxed.entries()) {
      expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(TOLERANCE);
    }
    // What lies behind the rotated part, and all of position 0, is left as it was.
    expect(bits(relaxed.slice(0, heads * headSize))).toEqual(bits(x.slice(0, heads * headSize)));
    const last = x.length - (headSize - rotarySize);
    expect(bits(relaxed.slice(last))).toEqual(bits(x.slice(last)));
  });
}
