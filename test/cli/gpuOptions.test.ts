/** Options and variables about GPUs: what they take, and what becomes of nonsense. */
import { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkSizes } from "../../src/cli/gpuChoice.ts";
import { addGpuOptions, type GpuFlags, gpuOptionsOf, saysGpu } from "../../src/cli/gpuOptions.ts";
import type { GpuOptions } from "../../src/generation/gpuOptions.ts";

beforeEach(() => vi.stubEnv("SLUICE_GPU", undefined));
afterEach(() => vi.unstubAllEnvs());

function flagsOf(args: readonly string[]): GpuFlags {
  const command = new Command("sluice").exitOverride().configureOutput({ writeErr: () => {} });
  addGpuOptions(command);
  return command.parse(args, { from: "user" }).opts();
}

function read(args: readonly string[]): GpuOptions {
  return gpuOptionsOf(flagsOf(args));
}

test.each([
  ["no name", ["--gpu", ""], "It must be auto, off, or names with commas between them"],
  ["half a list of names", ["--gpu", "4070,"], "It must be auto, off, or names"],
  ["no memory", ["--vram", "0"], "It must be a number of bytes from 1 up"],
  ["half a list of sizes", ["--vram", "8GiB,"], "It must be a number of bytes from 1 up"],
  ["an unknown unit", ["--vram", "8GiB,6XB"], "It must be a number of bytes from 1 up"],
  ["half a layer", ["--gpu-layers", "1.5"], "It must be all, auto, or a whole number"],
  ["layers below none", ["--gpu-layers", "-1"], "It must be all, auto, or a whole number"],
  ["an unknown word for layers", ["--gpu-layers", "some"], "It must be all, auto, or a whole"],
  ["half an expert", ["--gpu-insert-cap", "1.5"], "It must be a whole number from 0 up"],
  ["an unknown policy", ["--gpu-policy", "lru2"], 'There is no policy "lru2"'],
  ["a policy that needs the future", ["--gpu-policy", "belady"], "only a simulation can"],
  ["bytes without a number", ["--gpu-experts", "GiB"], "It must be a number of bytes"],
])("%s is refused", (_, args, message) => {
  expect(() => read(args)).toThrow(message);
});

const given = {
  gpu: ["RTX 4070,6900", { gpu: "RTX 4070,6900" }],
  vram: ["8GiB, 6G", { vramBytes: [8 * 2 ** 30, 6 * 2 ** 30] }],
  "gpu-layers": ["12", { gpuLayers: 12 }],
  "gpu-experts": ["0", { gpuExpertBytes: 0 }],
  "gpu-policy": ["slru:protected=0.5", { gpuPolicy: "slru:protected=0.5" }],
  "gpu-insert-cap": ["0", { gpuInsertCap: 0 }],
} as const;
const expected = Object.assign({}, ...Object.values(given).map(([, option]) => option)) as object;

test("each option reaches the engine, as a flag and as a variable", () => {
  expect(read([])).toEqual({ gpu: "auto" });
  const entries = Object.entries(given);
  expect(read(entries.flatMap(([name, [value]]) => [`--${name}`, value]))).toEqual(expected);
  for (const [name, [value]] of entries) {
    vi.stubEnv(`SLUICE_${name.toUpperCase().replaceAll("-", "_")}`, value);
  }
  expect(read([])).toEqual(expected);
  expect(read(["--gpu", "OFF", "--gpu-layers", "All"])).toMatchObject({
    gpu: "off",
    gpuLayers: "all",
  });
});

test.each(Object.keys(given))(
  "an empty SLUICE_ variable of --%s is refused by its name",
  (flag) => {
    const name = `SLUICE_${flag.toUpperCase().replaceAll("-", "_")}`;
    vi.stubEnv(name, "");
    expect(() => read([])).toThrow(name);
  },
);

test("who says anything about GPUs is told why there is none", () => {
  expect(saysGpu(flagsOf([]))).toBe(false);
  const places = ["gpu", "vram", "gpu-layers", "gpu-experts"] as const;
  for (const name of places) expect(saysGpu(flagsOf([`--${name}`, given[name][0]]))).toBe(true);
});

test("there may be fewer sizes than GPUs, not more", () => {
  expect(() => checkSizes(undefined, 0)).not.toThrow();
  expect(() => checkSizes([1], 2)).not.toThrow();
  expect(() => checkSizes([1, 1], 1)).toThrow("--vram has 2 sizes for one GPU");
  expect(() => checkSizes([1, 1, 1], 2)).toThrow("--vram has 3 sizes for 2 GPUs");
});
