/** Routed experts as vLLM returns them, saved by NumPy. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BadTraceError, OptionError } from "../../src/support/errors.ts";
import { openTrace, openTraceSource } from "../../src/trace/index.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { badTraceOf, fileWith, readTrace } from "./traceSamples.ts";

const scratch = scratchFolder();
const file = join(scratch, "routed.npy");

interface Array3 {
  readonly type?: string;
  readonly order?: "True" | "False";
  readonly shape: string;
  readonly version?: number;
}

/** A file as `numpy.lib.format` describes it. */
function npy(
  data: Uint8Array,
  { type = "<i2", order = "False", shape, version = 1 }: Array3,
): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${shape}), }`;
  const padded = `${text.padEnd(117)}\n`;
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(padded.length);
  else length.writeUInt32LE(padded.length);
  const magic = Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from("NUMPY"),
    Buffer.from([version, 0]),
  ]);
  return Buffer.concat([magic, length, Buffer.from(padded), data]);
}

/** Three tokens, two layers, top-2. */
const ids = [5, 1, 2, 0, 4, 3, 0, 1, 2, 5, 3, 4];
const shape = "3, 2, 2";
const int16 = new Uint8Array(Int16Array.from(ids).buffer);

test("every token is one pass, and what the file does not say is remarked", async () => {
  await using source = await openTraceSource(fileWith(file, npy(int16, { shape })));
  expect(source.header).toMatchObject({
    layerCount: 2,
    expertsPerLayer: 8,
    expertsPerToken: 2,
    hasWeights: false,
    expertBytes: [],
  });
  const records = await Array.fromAsync(source.records());
  expect(records.map(({ phase, position, layer }) => [phase, position, layer])).toEqual([
    ["decode", 0, 0],
    ["decode", 0, 1],
    ["decode", 1, 0],
    ["decode", 1, 1],
    ["decode", 2, 0],
    ["decode", 2, 1],
  ]);
  expect(records.flatMap(({ experts }) => [...experts])).toEqual(ids);
  expect(source.remarks).toEqual([
    "the file does not say how many experts a layer has: 8 are assumed, as its highest is 5",
    "the file does not say where the prompt ends: all tokens are taken as generated",
  ]);
});

test("a prompt is one pass, layer after layer; nothing is remarked if all is said", async () => {
  fileWith(file, npy(int16, { shape }));
  const options = { experts: 6, promptTokens: 2 };
  await using source = await openTraceSource(file, options);
  const records = await Array.fromAsync(source.records());
  expect(source.header.expertsPerLayer).toBe(6);
  expect(source.remarks).toEqual([]);
  expect(
    records.map(({ phase, position, layer, experts }) => [phase, position, layer, ...experts]),
  ).toEqual([
    ["prefill", 0, 0, 5, 1, 4, 3],
    ["prefill", 0, 1, 2, 0, 0, 1],
    ["decode", 2, 0, 2, 5],
    ["decode", 2, 1, 3, 4],
  ]);
});

test.for([
  ["|u1", Uint8Array],
  ["|i1", Int8Array],
  ["<u2", Uint16Array],
  ["<i4", Int32Array],
  ["<u4", Uint32Array],
] as const)("numbers of type %s", async ([type, Numbers]) => {
  const data = new Uint8Array(Numbers.from(ids).buffer);
  const trace = await openTrace(fileWith(file, npy(data, { type, shape, version: 2 })));
  expect([...trace.columns.experts]).toEqual(ids);
});

test("numbers of 64 bits, in a packed file", async () => {
  const data = new Uint8Array(BigInt64Array.from(ids, BigInt).buffer);
  const trace = await openTrace(fileWith(file, gzipSync(npy(data, { type: "<i8", shape }))));
  expect([...trace.columns.experts]).toEqual(ids);
});

test.for<[name: string, bytes: Uint8Array, reason: string]>([
  ["Fortran order", npy(int16, { shape, order: "True" }), "np.ascontiguousarray"],
  ["floats", npy(int16, { shape, type: "<f4" }), 'numbers of type "<f4"'],
  ["big-endian numbers", npy(int16, { shape, type: ">i2" }), 'numbers of type ">i2"'],
  ["records", npy(int16, { shape, type: "x'), ('y" }), "numbers of type"],
  [
    "two dimensions",
    npy(int16, { shape: "6, 2" }),
    "shape (6, 2); (tokens, layers, topk) expected",
  ],
  ["no layers", npy(int16.subarray(0, 0), { shape: "3, 0, 2" }), "shape (3, 0, 2)"],
  ["too little data", npy(int16.subarray(0, 23), { shape }), "ends after 11 of 12 numbers"],
  ["too much data", npy(Buffer.concat([int16, int16]), { shape }), "something follows"],
  [
    "a shape beyond its data",
    npy(int16, { shape: "999999999999, 99, 9" }),
    "the file ends after 12",
  ],
  [
    "a hole in the routing",
    npy(new Uint8Array(Int16Array.from(ids.with(7, -1)).buffer), { shape }),
    "token 1, layer 1: -1 is no expert",
  ],
])("%s: refused", async ([, bytes, reason]) => {
  expect((await badTraceOf(readTrace(fileWith(file, bytes)))).message).toContain(reason);
});

test("a layer is never assumed to have fewer experts than a token asks for", async () => {
  fileWith(file, npy(new Uint8Array(24), { shape: "1, 1, 12" }));
  expect((await readTrace(file)).header.expertsPerLayer).toBe(16);
});

test("options that contradict the file are bad usage", async () => {
  fileWith(file, npy(int16, { shape }));
  await expect(openTrace(file, { experts: 5 })).rejects.toThrow(
    new OptionError("5 experts per layer are too few: the file names expert 5"),
  );
  await expect(openTrace(file, { promptTokens: 4 })).rejects.toThrow(OptionError);
});

test("headers of any bytes are read or refused, nothing else", async () => {
  const whole = npy(int16, { shape });
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 127 }), fc.uint8Array({ maxLength: 4 }), async (at, bytes) => {
      const changed = Buffer.from(whole);
      changed.set(bytes, at);
      const outcome = await readTrace(fileWith(file, changed)).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(BadTraceError);
    }),
  );
});
