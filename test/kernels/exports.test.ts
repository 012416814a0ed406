import { expect, test } from "vitest";
import {
  compileKernels,
  encodedBytes,
  matvecKernels,
  type WasmKernels,
} from "../../src/compute/cpu/wasmKernels.ts";
import { builds } from "./kernelBed.ts";

/** The type's keys as values: the compiler refuses one too many and one too few. */
const names = {
  initialise: true,
  encodeQ8_0: true,
  encodeQ8_K: true,
  roundQ8_0: true,
  roundQ8_K: true,
  roundF16: true,
  roundBF16: true,
  storeHalf: true,
  storeQ8_0: true,
  matvecF32: true,
  matvecF16: true,
  matvecBF16: true,
  matvecQ8_0: true,
  matvecQ4_0: true,
  matvecQ4_1: true,
  matvecQ5_0: true,
  matvecQ5_1: true,
  matvecIQ4_NL: true,
  matvecMXFP4: true,
  matvecNVFP4: true,
  matvecQ1_0: true,
  matvecQ2_0: true,
  matvecQ2_K: true,
  matvecQ3_K: true,
  matvecQ4_K: true,
  matvecQ5_K: true,
  matvecQ6_K: true,
  matvecIQ4_XS: true,
  matvecIQ1_S: true,
  matvecIQ1_M: true,
  matvecIQ2_XXS: true,
  matvecIQ2_XS: true,
  matvecIQ2_S: true,
  matvecIQ3_XXS: true,
  matvecIQ3_S: true,
  matvecTQ1_0: true,
  matvecTQ2_0: true,
  dotF32: true,
  rmsNorm: true,
  rotateNorm: true,
  rotateNeox: true,
  softmax: true,
  swiglu: true,
  add: true,
  scale: true,
  addScaled: true,
  attend: true,
} satisfies Record<keyof WasmKernels, true>;

test.each(builds)("the $build build exports what the interface says", ({ module }) => {
  const exported = WebAssembly.Module.exports(module);
  expect(exported.map(({ name }) => name).sort()).toEqual(Object.keys(names).sort());
  expect(exported.every(({ kind }) => kind === "function")).toBe(true);
});

test.each(builds)("the $build build imports a memory and nothing else", ({ module }) => {
  expect(WebAssembly.Module.imports(module)).toEqual([
    { module: "env", name: "memory", kind: "memory" },
  ]);
});

test("Node takes the relaxed build unless told otherwise", async () => {
  expect((await compileKernels()).build).toBe("relaxed");
  expect((await compileKernels({ build: "plain" })).build).toBe("plain");
});

test("every format's kernel is an export", () => {
  for (const { name } of Object.values(matvecKernels)) expect(names).toHaveProperty(name);
});

test("encoded rows have the sizes of their blocks", () => {
  expect(encodedBytes("f32", 64)).toBe(256);
  expect(encodedBytes("q8_0", 64)).toBe(96);
  expect(encodedBytes("q8_k", 512)).toBe(672);
});
