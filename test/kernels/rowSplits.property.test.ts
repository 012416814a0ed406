import fc from "fast-check";
import { expect, test } from "vitest";
import { encodedBytes } from "../../src/compute/cpu/wasmKernels.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { bits, KernelBed } from "./kernelBed.ts";
import { encode, kernelFormats, kernelOf, multiply } from "./kernelRun.ts";
import { randomFloats, randomWeights } from "./randomRows.ts";

const bed = new KernelBed();

test.each(kernelFormats)("%s: any split of rows and tokens gives the same bits", (format) => {
  const columns = 2 * Math.max(32, formats[format].blockElements);
  const { name, activation } = kernelOf(format);
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 21 }),
    tokens: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
  });
  const cuts = fc.array(fc.nat({ max: 20 }), { maxLength: 4 });
  const plainFirst = fc.boolean();

  fc.assert(
    fc.property(
      sizes,
      cuts,
      cuts,
      plainFirst,
      ({ rows, tokens, seed }, rowCuts, tokenCuts, swap) => {
        const random = seededRandom(seed);
        const weights = randomWeights(random, format, rows, columns);
        const x = randomFloats(random, tokens * columns);
        const whole = multiply(bed, bed.relaxed, { format, rows, columns, tokens, weights, x });

        bed.clear();
        const matrix = bed.putBytes(weights, 2);
        const activations = encode(bed, bed.plain, format, x, tokens);
        const stride = rows + 3;
        const output = bed.allocate(4 * tokens * stride);
        const scratch = bed.allocate(4 * columns);
        const tokenBytes = encodedBytes(activation, columns);
        for (const [index, [begin, end]] of ranges(rows, rowCuts).entries()) {
          const kernels = (index % 2 === 0) === swap ? bed.plain : bed.relaxed;
          for (const [first, last] of ranges(tokens, tokenCuts)) {
            const from = activations + first * tokenBytes;
            const to = output + 4 * first * stride;
            kernels[name](matrix, from, to, columns, begin, end, last - first, stride, scratch);
          }
        }
        for (let token = 0; token < tokens; token++) {
          const parts = bed.floats(output + 4 * token * stride, stride);
          expect(bits(parts.slice(0, rows))).toEqual(
            bits(whole.slice(token * rows, (token + 1) * rows)),
          );
          expect([...parts.slice(rows)]).toEqual([0, 0, 0]); // nothing beyond the last row
        }
      },
    ),
    { numRuns: 60 },
  );
});

/** `[0, count)` cut at the given places. */
function ranges(count: number, cuts: readonly number[]): [number, number][] {
  const edges = [...new Set([0, ...cuts.filter((cut) => cut < count), count])].sort(
    (a, b) => a - b,
  );
  return edges.slice(1).map((end, index) => [edges[index], end]);
}
