import { expect, test } from "vitest";
import { createRope, ropeAngles, ropeFrequencies, ropeMagnitude } from "../../src/numerics/rope.ts";

const pairsOf = (size: number) => Array.from({ length: size / 2 }, (_, pair) => pair);

test("plain frequencies fall from 1 to almost 1 / base", () => {
  const frequencies = ropeFrequencies({ rotarySize: 64, base: 10_000 });
  expect([...frequencies]).toEqual(pairsOf(64).map((pair) => 10_000 ** ((-2 * pair) / 64)));
  expect(frequencies[0]).toBe(1);
});

test("linear scaling divides every frequency", () => {
  const plain = ropeFrequencies({ rotarySize: 8, base: 100 });
  const scaling = { kind: "linear", factor: 4 } as const;
  expect([...ropeFrequencies({ rotarySize: 8, base: 100, scaling })]).toEqual(
    [...plain].map((frequency) => frequency / 4),
  );
  expect(ropeMagnitude(scaling)).toBe(1);
});

test("factors divide each frequency by its own", () => {
  const factors = Float32Array.of(1, 2, 8, 1e30);
  const plain = ropeFrequencies({ rotarySize: 8, base: 100 });
  const divided = ropeFrequencies({ rotarySize: 8, base: 100, factors });
  for (const pair of pairsOf(8)) expect(divided[pair]).toBe(plain[pair] / factors[pair]);
});

test("YaRN leaves fast pairs, divides slow ones, blends between", () => {
  // gpt-oss: 4096 positions stretched 32 times; its ramp runs from pair 8 to pair 18.
  const options = { rotarySize: 64, base: 150_000 };
  const scaling = { kind: "yarn", factor: 32, originalContext: 4096 } as const;
  const plain = ropeFrequencies(options);
  const stretched = ropeFrequencies({ ...options, scaling });
  for (const pair of pairsOf(64)) {
    const divided = Math.min(1, Math.max(0, (pair - 8) / (18 - 8)));
    const expected = (plain[pair] / 32) * divided + plain[pair] * (1 - divided);
    expect(stretched[pair] / expected).toBeCloseTo(1, 12);
  }
  expect(ropeMagnitude(scaling)).toBeCloseTo(1.3465735902799727, 15);
  expect(ropeMagnitude({ ...scaling, attentionFactor: 2 })).toBeCloseTo(2.6931471805599454, 14);
});

test("angles are the formula's, at positions far out too", () => {
  const rope = createRope({ headSize: 16, rotarySize: 8, pairing: "neox", base: 1e6 });
  const positions = Int32Array.of(0, 3, 1_000_003);
  const angles = new Float32Array(positions.length * 8);
  ropeAngles(rope, positions, angles);
  for (const [token, position] of positions.entries()) {
    for (const pair of pairsOf(8)) {
      const angle = position * 1e6 ** (-pair / 4);
      expect(angles[token * 8 + pair]).toBe(Math.fround(Math.cos(angle)));
      expect(angles[token * 8 + 4 + pair]).toBe(Math.fround(Math.sin(angle)));
    }
  }
});

test("the magnitude multiplies cosines and sines alike", () => {
  const output = new Float32Array(2);
  ropeAngles({ frequencies: Float64Array.of(0.5), magnitude: 1.5 }, Int32Array.of(2), output);
  expect(output[0]).toBeCloseTo(1.5 * Math.cos(1), 6);
  expect(output[1]).toBeCloseTo(1.5 * Math.sin(1), 6);
});
