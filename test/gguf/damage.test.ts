/** Damaged files: always a typed error or a sound table, soon, and without eating memory. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { SluiceError } from "../../src/support/errors.ts";
import {
  arrayOf,
  buildGgufWithFields,
  f32,
  f32Tensor,
  u8,
  u16,
  u64,
} from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();
const path = join(scratch, "damaged.gguf");

const whole = buildGgufWithFields({
  alignment: 64,
  metadata: {
    "general.architecture": "olmoe",
    "olmoe.block_count": 2,
    "olmoe.scale": f32(0.5),
    "olmoe.flag": true,
    "olmoe.size": u64(5n),
    "olmoe.small": u8(1),
    "olmoe.per_layer": [1, 2, 3],
    "tokenizer.ggml.tokens": ["a", "\ufeff", "abc"],
    nested: arrayOf("array", [arrayOf("u8", [1, 2]).value, arrayOf("string", ["x"]).value]),
    "split.count": u16(1),
  },
  tensors: [
    f32Tensor("token_embd.weight", [8, 4]),
    { name: "blk.0.ffn_up.weight", shape: [32, 2], type: "Q8_0", data: new Uint8Array(68) },
    f32Tensor("output_norm.weight", [8, 1, 1, 1]),
  ],
});

/** Far above what an opening takes, far below what a user would call hanging. */
const TIME_LIMIT_MS = 5000;

/** Opens bytes as a file: whether that worked. Anything but a `SluiceError` fails the test. */
async function opens(bytes: Uint8Array): Promise<boolean> {
  writeFileSync(path, bytes);
  const start = performance.now();
  try {
    await using file = await openGguf(path);
    // Sound: every tensor of the table can be read in full.
    for (const tensor of file.tensors.values()) {
      expect(tensor.byteLength).toBeLessThanOrEqual(bytes.length);
      await file.read(tensor, 0, new Uint8Array(tensor.byteLength));
    }
    return true;
  } catch (error) {
    if (error instanceof SluiceError && error.message.startsWith("damaged.gguf")) return false;
    throw error;
  } finally {
    expect(performance.now() - start).toBeLessThan(TIME_LIMIT_MS);
  }
}

/** A small reproducible generator (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("the undamaged file opens", async () => {
  expect(await opens(whole.bytes)).toBe(true);
});

test("a file cut short anywhere before the last tensor's end does not open", async () => {
  const lastTensorEnd = whole.dataStart + 128 + 128 + 32; // two tensors padded to 64, one of 32
  for (let cut = 0; cut < 120; cut++) {
    const length = Math.floor((cut / 120) * lastTensorEnd);
    expect(await opens(whole.bytes.subarray(0, length)), `${length} bytes`).toBe(false);
  }
  expect(await opens(whole.bytes.subarray(0, lastTensorEnd - 1))).toBe(false);
  expect(await opens(whole.bytes.subarray(0, lastTensorEnd))).toBe(true);
});

test("every field of the header survives every extreme value", async () => {
  const extremes = [
    0n,
    1n,
    2n,
    13n,
    255n,
    65_536n,
    0x7fff_ffffn,
    0x8000_0000n,
    0xffff_ffffn,
    2n ** 32n,
    2n ** 53n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 32n,
    2n ** 64n - 1n,
  ];
  let refused = 0;
  for (const { name, offset, byteLength } of whole.fields) {
    for (const value of extremes.filter((extreme) => extreme < 2n ** BigInt(8 * byteLength))) {
      const bytes = whole.bytes.slice();
      const view = new DataView(bytes.buffer);
      if (byteLength === 4) view.setUint32(offset, Number(value), true);
      else view.setBigUint64(offset, value, true);
      const opened = await opens(bytes).catch((cause: unknown) => {
        throw new Error(`${name} = ${value}`, { cause });
      });
      if (!opened) refused++;
      // A size beyond the file can never be right.
      if (byteLength === 8 && value >= 2n ** 32n) expect(opened, `${name} = ${value}`).toBe(false);
    }
  }
  expect(refused).toBeGreaterThan(whole.fields.length * 7);
}, 120_000);

test("300 random byte flips in the header are survived", async () => {
  const random = seededRandom(20_260_101);
  for (let flip = 0; flip < 300; flip++) {
    const bytes = whole.bytes.slice();
    const offset = Math.floor(random() * whole.dataStart);
    bytes[offset] = bytes[offset] ^ (1 + Math.floor(random() * 255));
    await opens(bytes).catch((cause: unknown) => {
      throw new Error(`byte ${offset} = ${bytes[offset]}`, { cause });
    });
  }
});

test("random bursts of damage in a real header are survived", async () => {
  const golden = readFileSync(join(import.meta.dirname, "../fixtures/golden/qwen3moe/q4_0.gguf"));
  const random = seededRandom(7);
  for (let burst = 0; burst < 60; burst++) {
    const bytes = new Uint8Array(golden);
    for (let flip = 0; flip < 8; flip++) {
      bytes[4 + Math.floor(random() * 8000)] = Math.floor(random() * 256);
    }
    await opens(bytes);
  }
});

test("hostile counts allocate nothing", async () => {
  const hostile = whole.fields.filter(({ name }) => /count|length/.test(name));
  const before = process.memoryUsage();
  for (const { offset } of hostile) {
    for (const value of [2n ** 31n, 2n ** 40n, 2n ** 62n]) {
      const bytes = whole.bytes.slice();
      new DataView(bytes.buffer).setBigUint64(offset, value, true);
      expect(await opens(bytes)).toBe(false);
    }
  }
  const after = process.memoryUsage();
  expect(after.rss - before.rss).toBeLessThan(256 * 2 ** 20);
});
