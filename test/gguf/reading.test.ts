/** Positioned reads: exact bytes into any memory, refused outside the tensor and after closing. */
import { readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { MissingTensorError } from "../../src/support/errors.ts";
import { errorOf } from "../support/errorOf.ts";
import { buildGguf, f32Tensor, u16, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();
const path = writeGguf(join(scratch, "model.gguf"), {
  tensors: [f32Tensor("first", [4]), f32Tensor("second", [4], [7, 8, 9, 10])],
});

test("bytes land in shared memory, at the place asked for", async () => {
  await using file = await openGguf(path);
  const shared = new SharedArrayBuffer(16);
  await file.read(file.tensor("second"), 4, new Uint8Array(shared, 8, 8));
  expect([...new Float32Array(shared)]).toEqual([0, 0, 8, 9]);
});

test("many reads at once do not disturb each other", async () => {
  await using file = await openGguf(path);
  const values = await Promise.all(
    Array.from({ length: 64 }, async (_, index) => {
      const value = new Float32Array(1);
      await file.read(file.tensor("first"), 4 * (index % 4), new Uint8Array(value.buffer));
      return value[0];
    }),
  );
  expect(values).toEqual(values.map((_, index) => index % 4));
});

test("reads outside the tensor, of another file's tensor or after closing are refused", async () => {
  await using other = await openGguf(path);
  const file = await openGguf(path);
  const tensor = file.tensor("first");
  const target = new Uint8Array(8);
  const outcomes = [
    await errorOf(file.read(tensor, 9, target)),
    await errorOf(file.read(tensor, -1, target)),
    await errorOf(file.read(tensor, 0.5, target)),
    await errorOf(file.read(tensor, Number.NaN, target)),
    await errorOf(file.read(other.tensor("first"), 0, target)),
  ];
  await file[Symbol.asyncDispose]();
  await file[Symbol.asyncDispose]();
  outcomes.push(await errorOf(file.read(tensor, 0, target)));
  expect(outcomes.join("\n")).toMatchInlineSnapshot(`
    "bad-option: bytes 9 to 17 are outside tensor "first" (16 bytes)
    bad-option: bytes -1 to 7 are outside tensor "first" (16 bytes)
    bad-option: bytes 0.5 to 8.5 are outside tensor "first" (16 bytes)
    bad-option: bytes NaN to NaN are outside tensor "first" (16 bytes)
    bad-option: tensor "first" is not of model.gguf
    closed: model.gguf is closed"
  `);
});

test("an absent tensor is named", async () => {
  await using file = await openGguf(path);
  expect(() => file.tensor("blk.0.attn_q.weight")).toThrow(MissingTensorError);
  expect(() => file.tensor("blk.0.attn_q.weight")).toThrowErrorMatchingInlineSnapshot(
    `[MissingTensorError: model.gguf has no tensor "blk.0.attn_q.weight"; was it converted for this architecture?]`,
  );
});

test("a file that shrinks while it is open gives a typed error", async () => {
  const shrinking = join(scratch, "shrinking.gguf");
  writeFileSync(shrinking, buildGguf({ tensors: [f32Tensor("t", [8])] }));
  await using file = await openGguf(shrinking);
  const { offset } = file.tensor("t");
  truncateSync(shrinking, offset + 10);
  expect(await errorOf(file.read(file.tensor("t"), 0, new Uint8Array(32)))).toBe(
    `bad-gguf: shrinking.gguf at byte ${offset + 10}: ` +
      "the file ended here; was it changed while it was open?",
  );
});

test.runIf(process.platform === "linux")("no file stays open, errors or not", async () => {
  const openFiles = () => readdirSync("/proc/self/fd").length;
  const bad = join(scratch, "bad.gguf");
  const good = buildGguf({ tensors: [f32Tensor("t", [8])] });
  writeFileSync(bad, good.subarray(0, -4));
  const lonely = writeGguf(join(scratch, "lonely-00001-of-00002.gguf"), {
    metadata: { "split.no": u16(0), "split.count": u16(2) },
  });
  const before = openFiles();
  for (let round = 0; round < 5; round++) {
    await errorOf(openGguf(bad));
    await errorOf(openGguf(lonely));
    await using _file = await openGguf(path);
    expect(openFiles()).toBe(before + 1);
  }
  expect(openFiles()).toBe(before);
});
