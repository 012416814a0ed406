/** `gpu: "auto"`, with the adapter of the tests taken for the best there is: what it cannot do, the CPU does. */
import { expect, test, vi } from "vitest";
import { GpuDevice } from "../../../src/compute/gpu/gpuDevice.ts";
import { GpuFailureError } from "../../../src/compute/gpu/gpuErrors.ts";
import { openModel } from "../../../src/generation/languageModel.ts";
import { testAdapter } from "../../gpu/testDevice.ts";
import { fixture } from "../tiers/tierModels.ts";

const adapter = await testAdapter();
const path = fixture("qwen3moe/q8_0");
const options = { threads: 1, contextLength: 64, gpu: "auto" } as const;

vi.mock("../../../src/compute/gpu/gpuAdapters.ts", async (original) => {
  const real = await original<typeof import("../../../src/compute/gpu/gpuAdapters.ts")>();
  return {
    ...real,
    selectAdapters: (spec: string) =>
      real.selectAdapters(spec === "auto" && adapter !== undefined ? adapter.name : spec),
  };
});

test.runIf(adapter)("computes on the GPU that there is", async () => {
  await using model = await openModel(path, options);
  expect(model.gpus).toHaveLength(1);
  expect(model.remarks).toEqual([]);
});

test.runIf(adapter)("keys and values as q8_0 are the CPU's, and a remark says so", async () => {
  await using model = await openModel(path, { ...options, keyValueFormat: "q8_0" });
  expect(model.gpus).toEqual([]);
  expect(model.remarks).toEqual(["no GPU is used: keys and values as q8_0 are for the CPU alone"]);
  await expect(
    openModel(path, { ...options, gpu: adapter!.name, keyValueFormat: "q8_0" }),
  ).rejects.toThrow("a GPU keeps keys and values as f16 or f32 only");
});

test.runIf(adapter)(
  "a GPU that fails while a model is opened is left out, and a remark says so",
  async () => {
    const answer = async (gpu: string) => {
      await using model = await openModel(path, { ...options, gpu });
      const generation = model.generate([1, 2, 3], { maxTokens: 6, temperature: 0 });
      await Array.fromAsync(generation);
      return { tokens: generation.tokens, gpus: model.gpus.length, remarks: model.remarks };
    };
    const expected = await answer("off");
    const write = vi.spyOn(GpuDevice.prototype, "write");
    try {
      write.mockImplementationOnce(() => {
        throw new GpuFailureError("gpu-out-of-memory", adapter!.name, "no room");
      });
      const found = await answer("auto");
      expect(found.tokens).toEqual(expected.tokens);
      expect(found.gpus).toBe(0);
      expect(found.remarks).toEqual([expect.stringMatching(/^no GPU is used: .+: no room$/)]);
    } finally {
      write.mockRestore();
    }
  },
);
