/** Real files: everything in them is found, and is what an independent reading finds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gguf } from "@huggingface/gguf";
import { describe, expect, test } from "vitest";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { f32Tensor, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const goldens = join(import.meta.dirname, "../fixtures/golden/qwen3moe");
const scratch = scratchFolder();

describe.each(["q8_0.gguf", "q4_0.gguf"])("the model %s", (name) => {
  const path = join(goldens, name);

  test("has the metadata that the library reads", async () => {
    await using file = await openGguf(path);
    const { metadata } = await gguf(path, { allowLocalFile: true });
    const { version, tensor_count, kv_count, ...values } = metadata;
    expect([...file.metadata.keys()]).toHaveLength(Number(kv_count));
    for (const [key, value] of Object.entries(values))
      expect(file.metadata.raw(key)).toEqual(value);
    expect(file.version).toBe(version);
    expect(file.tensors.size).toBe(Number(tensor_count));
  });

  test("has the tensors that the library lists, and their bytes are the file's", async () => {
    await using file = await openGguf(path);
    const { tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
    const bytes = readFileSync(path);
    expect([...file.tensors.keys()]).toEqual(tensorInfos.map((info) => info.name));
    for (const info of tensorInfos) {
      const tensor = file.tensor(info.name);
      expect(tensor.shape).toEqual(info.shape.map(Number));
      expect(tensor.format.ggmlType).toBe(info.dtype);
      expect(tensor.offset).toBe(Number(tensorDataOffset + info.offset));
      const target = new Uint8Array(tensor.byteLength);
      await file.read(tensor, 0, target);
      expect(bytes.subarray(tensor.offset, tensor.offset + tensor.byteLength).equals(target)).toBe(
        true,
      );
    }
  });

  test("is filled by its tensors up to the padding", async () => {
    await using file = await openGguf(path);
    const ends = [...file.tensors.values()].map((tensor) => tensor.offset + tensor.byteLength);
    expect(file.sizeBytes - Math.max(...ends)).toBeLessThan(32);
    expect(file.sizeBytes).toBe(readFileSync(path).length);
  });
});

test("a file with a vocabulary and no tensors opens", async () => {
  const path = writeGguf(join(scratch, "vocabulary.gguf"), {
    metadata: { "general.architecture": "llama", "tokenizer.ggml.tokens": ["a", "b", "ab"] },
  });
  await using file = await openGguf(path);
  expect(file.tensors.size).toBe(0);
  expect(file.metadata.strings("tokenizer.ggml.tokens")).toEqual(["a", "b", "ab"]);
});

test.each([1, 4, 32, 64, 4096])("tensors lie where alignment %i puts them", async (alignment) => {
  const path = writeGguf(join(scratch, `aligned-${alignment}.gguf`), {
    alignment,
    tensors: [f32Tensor("first", [3], [1, 2, 3]), f32Tensor("second", [2, 2], [4, 5, 6, 7])],
  });
  await using file = await openGguf(path);
  const values = new Float32Array(4);
  await file.read(file.tensor("second"), 0, new Uint8Array(values.buffer));
  expect([...values]).toEqual([4, 5, 6, 7]);
  expect(file.tensor("second").offset % alignment).toBe(0);
});

test("version 2 reads like version 3", async () => {
  const source = { metadata: { a: 1 }, tensors: [f32Tensor("t", [4])], version: 2 };
  await using file = await openGguf(writeGguf(join(scratch, "version2.gguf"), source));
  expect(file.version).toBe(2);
  expect(file.tensor("t").elementCount).toBe(4);
});

test("a vocabulary of 150,000 pieces with merges opens in about a second", async () => {
  const pieces = Array.from({ length: 150_000 }, (_, index) => `piece ${index}`);
  const path = writeGguf(join(scratch, "large.gguf"), {
    metadata: { tokens: pieces, merges: pieces, types: pieces.map((_, index) => index) },
  });
  const start = performance.now();
  await using file = await openGguf(path);
  const elapsedMs = performance.now() - start;
  expect(file.metadata.strings("tokens")).toEqual(pieces);
  expect(elapsedMs).toBeLessThan(5000); // about 700 on an idle machine
});
