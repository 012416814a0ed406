/** What people are told about files that cannot be opened. */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { errorOf } from "../support/errorOf.ts";
import {
  arrayOf,
  buildGguf,
  buildGgufWithFields,
  f32Tensor,
  type GgufSource,
  type TensorSource,
  u64,
} from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();

async function refusalOf(bytes: Uint8Array | string): Promise<string> {
  const path = join(scratch, "model.gguf");
  writeFileSync(path, bytes);
  return await errorOf(openGguf(path));
}

/** The refusals of several files, one per line. */
async function refusals(files: Record<string, Uint8Array | string>): Promise<string> {
  const lines: string[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    lines.push(`${name}: ${await refusalOf(bytes)}`);
  }
  return lines.join("\n");
}

test("paths that are no readable file", async () => {
  const folder = join(scratch, "folder.gguf");
  mkdirSync(folder);
  const refused = [
    await errorOf(openGguf(folder)),
    await errorOf(openGguf(join(scratch, "absent.gguf"))),
    await errorOf(openGguf("nul\0byte")),
  ];
  expect(refused.join("\n").replaceAll(scratch, "").replaceAll("\0", "\\0")).toMatchInlineSnapshot(`
    "file-unreadable: /folder.gguf is a directory; name a .gguf file in it
    file-unreadable: /absent.gguf: there is no such file
    file-unreadable: nul\\0byte: it cannot be read (ERR_INVALID_ARG_VALUE)"
  `);
});

test.runIf(process.platform === "linux")("a named pipe is refused, not waited for", async () => {
  const pipe = join(scratch, "pipe.gguf");
  execFileSync("mkfifo", [pipe]);
  expect(await errorOf(openGguf(pipe))).toBe(`file-unreadable: ${pipe} is not a regular file`);
});

test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
  "a file without permission is refused",
  async () => {
    const path = join(scratch, "secret.gguf");
    writeFileSync(path, buildGguf({}));
    chmodSync(path, 0);
    expect(await errorOf(openGguf(path))).toBe(
      `file-unreadable: ${path}: no permission to read it`,
    );
  },
);

test("files that are something else", async () => {
  const big = buildGguf({});
  new DataView(big.buffer).setUint32(4, 3);
  expect(
    await refusals({
      empty: "",
      short: "GG",
      text: "hello, this is a text file",
      pointer: "version https://git-lfs.github.com/spec/v1\n",
      page: "<!DOCTYPE html><html></html>",
      "big-endian": big,
      "version 1": buildGguf({ version: 1 }),
      "version 4": buildGguf({ version: 4 }),
      "only a magic number": "GGUF",
    }),
  ).toMatchInlineSnapshot(`
    "empty: bad-gguf: model.gguf at byte 0: the file is empty
    short: bad-gguf: model.gguf at byte 0: not a GGUF file: it does not begin with "GGUF"
    text: bad-gguf: model.gguf at byte 0: not a GGUF file: it does not begin with "GGUF"
    pointer: bad-gguf: model.gguf at byte 0: not a GGUF file: it looks like a Git LFS pointer; fetch the file itself with \`git lfs pull\`
    page: bad-gguf: model.gguf at byte 0: not a GGUF file: it looks like a web page; download the file itself
    big-endian: bad-gguf: model.gguf at byte 4: a big-endian GGUF file; only little-endian ones can be read
    version 1: bad-gguf: model.gguf at byte 4: GGUF version 1 (August 2023) is not supported: convert the model again
    version 4: bad-gguf: model.gguf at byte 4: GGUF version 4 is unknown; 2 and 3 can be read
    only a magic number: bad-gguf: model.gguf at byte 4: the version takes 4 bytes, but the file has only 0 left; it is cut short or damaged: download it again"
  `);
});

test("headers that break the rules", async () => {
  const twice = Buffer.from(buildGguf({ metadata: { first: 1, fresh: 2 } }));
  twice.write("first", twice.indexOf("fresh"));
  const wide: GgufSource["metadata"] = { text: "x".repeat(1_500_001) };
  const many: GgufSource["metadata"] = { list: arrayOf("u8", new Array(1_000_001).fill(0)) };
  const deep = [1, 2, 3, 4].reduce(
    (inner) => arrayOf("array", [inner]).value,
    arrayOf("u8", []).value,
  );
  expect(
    await refusals({
      "key twice": twice,
      "alignment 48": buildGguf({ alignment: 48 }),
      "alignment 0": buildGguf({ metadata: { "general.alignment": 0 } }),
      "alignment 2^40": buildGguf({ metadata: { "general.alignment": u64(2n ** 40n) } }),
      "alignment as text": buildGguf({ metadata: { "general.alignment": "32" } }),
      "long text": buildGguf({ metadata: wide }),
      "long array": buildGguf({ metadata: many }),
      "deep arrays": buildGguf({ metadata: { deep: { type: "array", value: deep } } }),
      "cut in a text": buildGguf({ metadata: { text: "y".repeat(100) } }).subarray(0, 80),
      "key of the prototype": buildGguf({ metadata: JSON.parse('{"__proto__": 1}') }),
    }),
  ).toMatchInlineSnapshot(`
    "key twice: bad-gguf: model.gguf at byte 45: metadata key "first" is there twice
    alignment 48: bad-gguf: model.gguf: general.alignment is 48, a power of two expected
    alignment 0: bad-gguf: model.gguf: the header cannot be read: general.alignment must be a positive integer, got 0
    alignment 2^40: bad-gguf: model.gguf: general.alignment is 1099511627776, a power of two expected
    alignment as text: missing-metadata: model.gguf: metadata key "general.alignment" holds "32", a count expected
    long text: bad-gguf: model.gguf at byte 40: metadata "text" is a text of 1500001 bytes; at most 1500000 supported
    long array: bad-gguf: model.gguf at byte 44: metadata "list" is an array of 1000001; at most 1000000 supported
    deep arrays: bad-gguf: model.gguf at byte 88: metadata "deep" nests arrays deeper than 4
    cut in a text: bad-gguf: model.gguf at byte 48: metadata "text" takes 100 bytes, but the file has only 32 left; it is cut short or damaged: download it again
    key of the prototype: bad-gguf: model.gguf: metadata key "__proto__" cannot be read"
  `);
});

test("tensors that cannot be", async () => {
  const tensor = (change: Partial<TensorSource>) =>
    buildGguf({ tensors: [{ ...f32Tensor("t", [8, 2]), ...change }] });
  const pair = { tensors: [f32Tensor("a", [16]), f32Tensor("b", [16])] };
  const secondAt = (offset: number) => {
    const { bytes, fields } = buildGgufWithFields(pair);
    const field = fields.find(({ name }) => name === "offset of b");
    new DataView(bytes.buffer).setBigUint64(field?.offset ?? 0, BigInt(offset), true);
    return bytes;
  };
  expect(
    await refusals({
      "unknown type": tensor({ type: 999 }),
      "type I32": tensor({ type: "I32" }),
      "retired type": tensor({ type: 4 }),
      empty: tensor({ shape: [8, 0] }),
      "no dimensions": tensor({ shape: [] }),
      "five dimensions": tensor({ shape: [2, 2, 2, 1, 1] }),
      huge: tensor({ shape: [2 ** 31, 2 ** 31] }),
      "a dimension beyond 2^32": tensor({ shape: [2 ** 40] }),
      "partial blocks": tensor({ type: "Q8_0", shape: [40], data: new Uint8Array(68) }),
      "long name": tensor({ name: "n".repeat(65) }),
      "name twice": buildGguf({ tensors: [f32Tensor("a", [16]), f32Tensor("a", [16])] }),
      misaligned: secondAt(65),
      overlapping: secondAt(32),
      "past the end": secondAt(4096),
      "data missing": buildGguf(pair).subarray(0, -128),
      "last value cut": buildGguf(pair).subarray(0, -3),
    }),
  ).toMatchInlineSnapshot(`
    "unknown type: unsupported-format: model.gguf: tensor "t" has ggml type 999 (unknown), which is not supported
    type I32: unsupported-format: model.gguf: tensor "t" has ggml type 26 (I32), which is not supported
    retired type: unsupported-format: model.gguf: tensor "t" has ggml type 4 (unknown), which is not supported
    empty: bad-gguf: model.gguf at byte 24: tensor "t" is empty (8 x 0)
    no dimensions: bad-gguf: model.gguf at byte 33: tensor "t" has 0 dimensions, 1 to 4 expected
    five dimensions: bad-gguf: model.gguf at byte 33: tensor "t" has 5 dimensions, 1 to 4 expected
    huge: bad-gguf: model.gguf at byte 24: tensor "t" is impossibly large (2147483648 x 2147483648)
    a dimension beyond 2^32: bad-gguf: model.gguf: the header cannot be read: Tensor "t" dimension 0 is 1099511627776, which exceeds the maximum allowed (4294967296)
    partial blocks: bad-gguf: model.gguf at byte 24: tensor "t" has rows of 40 values, which are no whole blocks of Q8_0 (32)
    long name: bad-gguf: model.gguf at byte 24: a tensor name is a text of 65 bytes; at most 64 supported
    name twice: bad-gguf: model.gguf at byte 57: tensor "a" is there twice
    misaligned: bad-gguf: model.gguf at byte 57: tensor "b" lies at data offset 65, which is no multiple of 32
    overlapping: bad-gguf: model.gguf at byte 128: tensors "a" and "b" share bytes; the header is damaged
    past the end: bad-gguf: model.gguf at byte 224: the file is shorter than its header says by 4032 bytes (tensor "b"): download it again
    data missing: bad-gguf: model.gguf at byte 96: the file is shorter than its header says by 128 bytes (tensor "b"): download it again
    last value cut: bad-gguf: model.gguf at byte 221: the file is shorter than its header says by 3 bytes (tensor "b"): download it again"
  `);
});

test("a terabyte of zeros behind a hostile count is refused at once", async () => {
  const path = join(scratch, "sparse.gguf");
  const { bytes, fields } = buildGgufWithFields({ metadata: { a: 1 } });
  const count = fields.find(({ name }) => name === "tensor count")?.offset ?? 0;
  new DataView(bytes.buffer).setBigUint64(count, 2n ** 34n, true); // would fit, by size
  writeFileSync(path, bytes);
  truncateSync(path, 2 ** 40);
  const start = performance.now();
  expect(await errorOf(openGguf(path))).toBe(
    'bad-gguf: sparse.gguf at byte 49: tensor "" has 0 dimensions, 1 to 4 expected',
  );
  expect(performance.now() - start).toBeLessThan(1000);
});
