/** Activations as matrix shaders take them: byte for byte what the CPU's kernels write. */
import { describe, expect, test } from "vitest";
import { encodedBytes } from "../../src/compute/cpu/wasmKernels.ts";
import { encodeQ8_0, encodeQ8_K, round } from "../../src/compute/gpu/stepShaders.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { bits, KernelBed } from "../kernels/kernelBed.ts";
import { randomFloats } from "../kernels/randomRows.ts";
import { StepBed } from "./stepBed.ts";
import { testDevice } from "./testDevice.ts";

const gpu = new StepBed(await testDevice());
const cpu = new KernelBed(8);

const encodings = {
  q8_0: { block: 32, step: encodeQ8_0, kernel: cpu.relaxed.encodeQ8_0, scale: 8, words: 12 },
  q8_k: { block: 256, step: encodeQ8_K, kernel: cpu.relaxed.encodeQ8_K, scale: 80, words: 84 },
} as const;
type Name = keyof typeof encodings;

async function encode(name: Name, x: Float32Array, tokens: number): Promise<Uint32Array> {
  const words = (encodedBytes(name, x.length / tokens) / 4) * tokens;
  const output = gpu.buffer(words);
  await gpu.run(encodings[name].step(x.length / tokens, tokens), gpu.buffer(x), output);
  return gpu.words(output, words);
}

function encodeByKernel(name: Name, x: Float32Array, tokens: number): Uint32Array {
  cpu.clear();
  const columns = x.length / tokens;
  const byteLength = encodedBytes(name, columns) * tokens;
  const output = cpu.allocate(byteLength);
  encodings[name].kernel(cpu.put(x), output, columns, tokens);
  return new Uint32Array(cpu.bytes(output, byteLength).buffer);
}

describe.each(["q8_0", "q8_k"] as const)("%s", (name) => {
  const { block, scale, words } = encodings[name];

  test.each([
    { blocks: 1, tokens: 1 },
    { blocks: 3, tokens: 3 },
    { blocks: 9, tokens: 17 },
    { blocks: 40, tokens: 1 },
  ])("$blocks blocks a row, $tokens tokens", async ({ blocks, tokens }) => {
    const random = seededRandom(blocks);
    const x = randomFloats(random, block * blocks * tokens);
    // Blocks of any scale: f16 that overflow, are subnormal, are 0.
    for (const i of x.keys()) x[i] *= 2 ** (((i / block) % 5) * 10 - 25);
    expect(await encode(name, x, tokens)).toEqual(encodeByKernel(name, x, tokens));
  });

  test("zeros, ties, equal extremes of either sign, and no positive value at all", async () => {
    const x = new Float32Array(block * 6);
    for (let i = 0; i < block; i++) {
      x[block + i] = (i % 127) + 0.5; // halves between two quants
      x[2 * block + i] = i < 10 ? -3 : 3;
      x[3 * block + i] = i % 2 === 0 ? 3 : -3;
      x[4 * block + i] = -1 - i;
      x[5 * block + i] = 1e37;
    }
    x[block + 5] = 127;
    expect(await encode(name, x, 1)).toEqual(encodeByKernel(name, x, 1));
  });

  test("values so small that their inverse is infinite", async () => {
    const x = Float32Array.from({ length: block * 2 }, (_, i) => ((i % 5) - 2) * 2e-38);
    expect(await encode(name, x, 1)).toEqual(encodeByKernel(name, x, 1));
  });

  test("what lies halfway between two quants, at any scale", async () => {
    const random = seededRandom(8);
    const x = new Float32Array(block * 24);
    for (let start = 0; start < x.length; start += block) {
      const largest = Math.fround(1 + random());
      const inverse = Math.fround(127 / largest);
      for (let i = 0; i < block; i++) x[start + i] = (Math.floor(random() * 126) + 0.5) / inverse;
      x[start + 7] = -largest;
    }
    expect(await encode(name, x, 1)).toEqual(encodeByKernel(name, x, 1));
  });

  test.each([Infinity, -Infinity, NaN])("%f spoils its own block only", async (special) => {
    for (const place of [0, 3, block - 1]) {
      const x = randomFloats(seededRandom(4), block * 3);
      x[block + place] = special;
      const actual = await encode(name, x, 1);
      const expected = encodeByKernel(name, x, 1);
      // Scale and sum term as numbers: a NaN may be of either sign.
      for (const at of name === "q8_0" ? [scale, scale + 1] : [scale]) {
        const number = (all: Uint32Array) => new Float32Array(all.buffer)[words + at];
        expect(number(actual)).toEqual(number(expected));
        actual[words + at] = expected[words + at];
      }
      expect(actual).toEqual(expected);
    }
  });
});

describe.each(["f16", "bf16"] as const)("rounded to %s", (kind) => {
  async function rounded(x: Float32Array): Promise<Float32Array> {
    const output = gpu.buffer(x.length + 1);
    await gpu.run(round(kind, x.length), gpu.buffer(x), output);
    const all = await gpu.floats(output, x.length + 1);
    expect(all[x.length]).toBe(7);
    return all.subarray(0, x.length);
  }

  function roundedByKernel(x: Float32Array): Float32Array {
    cpu.clear();
    const output = cpu.allocate(4 * x.length);
    const kernel = kind === "f16" ? cpu.relaxed.roundF16 : cpu.relaxed.roundBF16;
    kernel(cpu.put(x), output, x.length);
    return cpu.floats(output, x.length);
  }

  test.each([1, 3, 257])("%i values", async (count) => {
    const x = randomFloats(seededRandom(count), count, 3);
    expect(bits(await rounded(x))).toEqual(bits(roundedByKernel(x)));
  });

  test("any bits: subnormals, infinities, NaN and what lies halfway", async () => {
    const random = seededRandom(9);
    const words = Uint32Array.from({ length: 20000 }, () => random() * 2 ** 32);
    // Half of them in the range of f16, and of those every other exactly halfway.
    for (let i = 0; i < words.length; i += 2) {
      words[i] = (words[i] & 0x807fffff) | ((100 + random() * 46) << 23);
      if (i % 4 === 0) words[i] = (words[i] & ~0x1fff) | 0x1000;
    }
    words.set([0x33000000, 0x33000001, 0xb3000000, 0x477fefff, 0x477ff000, 0x7f7fffff, 0x7f800001]);
    const x = new Float32Array(words.buffer);
    expect(bits(await rounded(x))).toEqual(bits(roundedByKernel(x)));
  });
});
