/**
 * How many dispatches a layer takes when one token is computed: each costs a driver some microseconds,
 * which for a small model is most of the time. And that no shader is compiled meanwhile.
 */
import { afterAll, expect, test, vi } from "vitest";
import { GpuDevice } from "../../src/compute/gpu/gpuDevice.ts";
import { GpuProgram } from "../../src/compute/gpu/gpuProgram.ts";
import type { GpuReport } from "../../src/generation/gpuReport.ts";
import { type OpenOptions, openModel } from "../../src/generation/languageModel.ts";
import { expertBytesOf, onGpus } from "../generation/gpu/gpuRuns.ts";
import { shareDevices } from "../generation/gpu/sharedDevices.ts";
import { fixture } from "../generation/tiers/tierModels.ts";

const given: OpenOptions = { threads: 1, contextLength: 64, batchTokens: 8 };
const onGpu: OpenOptions = { ...given, ...(await onGpus(1)) };

shareDevices();
const submit = vi.spyOn(GpuProgram.prototype, "submit");
const compiled: string[] = [];
const { open } = GpuDevice;
GpuDevice.open = async (...opening) => {
  const device = await open.apply(GpuDevice, opening);
  const { device: raw } = device;
  // Shaders that were asked for ahead are compiled by the function that waits.
  raw.createComputePipeline = (descriptor) => {
    compiled.push(descriptor.label ?? "");
    return Object.getPrototypeOf(raw).createComputePipeline.call(raw, descriptor);
  };
  return device;
};
afterAll(() => {
  GpuDevice.open = open;
});

function dispatches(): number {
  const programs = new Set(submit.mock.contexts as GpuProgram[]);
  return [...programs].reduce((sum, program) => sum + program.dispatches, 0);
}

/** Norm and product of the output head. */
const atTheEnd = 2;

/** Of a layer on average, by how much of the experts has slots. */
test.for([
  ["qwen3moe/q8_0", { all: 11, half: 12, none: 8 }],
  // Keys and values are in another format than queries.
  ["qwen3moe/q4_0", { all: 12, half: 13, none: 9 }],
  // Heads are shorter than a block: what attention makes is encoded by itself.
  ["mixtral/q8_0", { all: 12, half: 13, none: 9 }],
  // The same, and the values of every other layer are in a format of their own.
  ["qwen3moe/k_q4_k_m", { all: 12.5, half: 13.5, none: 9.5 }],
  // Short heads, and norms of whole queries and keys.
  ["olmoe/q8_0", { all: 14, half: 15, none: 11 }],
] as const)("%s", async ([name, expected]) => {
  const path = fixture(name);
  await using onProcessor = await openModel(path, given);
  const expertBytes = expertBytesOf(onProcessor);
  const counts: Record<string, number> = {};
  for (const [room, share] of [
    ["all", 1.1],
    ["half", 0.5],
    ["none", 0],
  ] as const) {
    const gpuExpertBytes = Math.floor(share * expertBytes);
    await using model = await openModel(path, { ...onGpu, gpuExpertBytes });
    const [{ hasOutput, slots, experts }] = model.gpus as [GpuReport];
    expect(hasOutput).toBe(true);
    expect(slots === 0 ? "none" : slots === experts ? "all" : "half").toBe(room);
    compiled.length = 0;
    using sequence = model.createSequence();
    await sequence.feed([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5], { outputs: "all" });
    for (const token of [7, 8, 9]) {
      const before = dispatches();
      await sequence.feed([token]);
      counts[room] = (dispatches() - before - atTheEnd) / model.shape.layerCount;
    }
    expect(compiled, "shaders compiled while a token waited").toEqual([]);
  }
  expect(counts).toEqual(expected);
});
