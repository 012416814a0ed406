/** Which experts and which token: the bits of the rules in TypeScript. */
import { describe, expect, test } from "vitest";
import { argmax, topK } from "../../src/compute/gpu/stepShaders.ts";
import { softmaxThenTopK } from "../../src/model/blocks/routing.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { topK as largest } from "../../src/numerics/topK.ts";
import { randomFloats } from "../kernels/randomRows.ts";
import { expectSame } from "./expectations.ts";
import { StepBed } from "./stepBed.ts";
import { testDevice } from "./testDevice.ts";

const device = await testDevice();
const gpu = new StepBed(device);

interface Router {
  readonly logits: Float32Array;
  readonly experts: number;
  readonly k: number;
  readonly renormalise: boolean;
}

/** Routes by the shader and by the rule; expects the same. */
async function expectSameRouting({ logits, experts, k, renormalise }: Router): Promise<void> {
  const tokens = logits.length / experts;
  const slotOffset = 3;
  const absent = 0xffffffff;
  const slotOf = Uint32Array.from({ length: slotOffset + experts }, (_, i) =>
    i % 3 === 0 ? absent : 1000 + i,
  );
  const inputs = [gpu.buffer(logits), gpu.buffer(slotOf)];
  const [ids, weights, groups] = [1, 1, 4].map((each) => gpu.buffer(tokens * k * each));
  const step = topK({ experts, k, renormalise, slotOffset, tokens });
  await gpu.run(step, ...inputs, ids, weights, groups);

  const expected = softmaxThenTopK({ k, renormalise })(logits, tokens, experts);
  expect(await gpu.words(ids, tokens * k)).toEqual(Uint32Array.from(expected.experts));
  const shares = await gpu.floats(weights, tokens * k);
  if (expected.weights.some(Number.isNaN)) expect(shares).toEqual(expected.weights);
  else expectSame(device, shares, expected.weights);
  const expectedGroups = [...expected.experts].flatMap((expert, pair) => [
    slotOf[slotOffset + expert],
    pair,
    1,
    expert,
  ]);
  expect([...(await gpu.words(groups, tokens * k * 4))]).toEqual(expectedGroups);
}

describe.each([true, false])("topK, renormalise = %s", (renormalise) => {
  test.each([
    { experts: 1, k: 1, tokens: 1 },
    { experts: 8, k: 2, tokens: 3 },
    { experts: 8, k: 8, tokens: 1 },
    { experts: 60, k: 4, tokens: 17 },
    { experts: 128, k: 8, tokens: 17 },
    { experts: 129, k: 1, tokens: 3 },
    { experts: 512, k: 10, tokens: 3 },
  ])("$k of $experts experts, $tokens tokens", async ({ experts, k, tokens }) => {
    const random = seededRandom(experts);
    for (const size of [0.1, 5, 200]) {
      const logits = randomFloats(random, experts * tokens, size);
      await expectSameRouting({ logits, experts, k, renormalise });
    }
  });

  test("equal logits: the lower number first", async () => {
    const experts = 64;
    const logits = new Float32Array(3 * experts).fill(1.5);
    for (let i = experts; i < 2 * experts; i++) logits[i] = i % 5; // twelve of each
    for (let i = 2 * experts; i < 3 * experts; i++) logits[i] = i % 2 === 0 ? 0 : -0;
    await expectSameRouting({ logits, experts, k: 8, renormalise });
  });

  test("NaN is chosen last and spoils the weights, infinities as well", async () => {
    const experts = 16;
    for (const special of [NaN, Infinity, -Infinity]) {
      const logits = randomFloats(seededRandom(5), 4 * experts);
      logits[experts + 3] = special;
      logits.fill(special, 2 * experts, 3 * experts);
      logits.fill(special, 3 * experts + 2);
      await expectSameRouting({ logits, experts, k: 4, renormalise });
    }
  });

  test("weights too small for a normal f32 are 0", async () => {
    const logits = Float32Array.of(0, -86, -87, -88, -95, -104, -200, -1e30);
    await expectSameRouting({ logits, experts: 8, k: 8, renormalise });
  });
});

test("more experts than the shader has room for are refused", () => {
  const shape = { k: 4, renormalise: true, slotOffset: 0, tokens: 1 };
  expect(() => topK({ ...shape, experts: 513 })).toThrow(RangeError);
  expect(() => topK({ ...shape, experts: 3 })).toThrow(RangeError);
});

test.each([
  { count: 1, rows: 1 },
  { count: 255, rows: 3 },
  { count: 257, rows: 17 },
  { count: 5000, rows: 3 },
])("argmax of $rows rows of $count logits", async ({ count, rows }) => {
  const logits = randomFloats(seededRandom(count), count * rows, 9);
  // Few distinct values in one row, NaN in it, one row without a number.
  for (let i = 0; i < count; i++) logits[i] = i % 7 === 3 ? NaN : -Math.floor(logits[i] ** 2 / 20);
  logits.fill(NaN, count * (rows - 1));
  const result = gpu.buffer(rows);
  await gpu.run(argmax(count, rows), gpu.buffer(logits), result);
  const expected = new Int32Array(1);
  for (const [row, index] of (await gpu.words(result, rows)).entries()) {
    largest(logits.subarray(row * count, (row + 1) * count), 1, expected);
    expect(index).toBe(expected[0]);
  }
});
