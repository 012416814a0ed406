/** Asks Dawn for a device with all that its adapter can do and we use. */
import { GpuFailureError, GpuUnavailableError } from "./gpuErrors.ts";

/** Features that shaders come in variants for. */
export const usefulFeatures = ["subgroups", "shader-f16", "timestamp-query"] as const;
export type UsefulFeature = (typeof usefulFeatures)[number];

/** Limits that count, in bytes. */
const byteLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxUniformBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
] as const;

const countLimits = [
  "maxStorageBuffersPerShaderStage",
  "maxUniformBuffersPerShaderStage",
  "maxBindingsPerBindGroup",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
  "minStorageBufferOffsetAlignment",
  "minUniformBufferOffsetAlignment",
] as const;

export type UsefulLimit = (typeof byteLimits)[number] | (typeof countLimits)[number];

/**
 * The limits of an adapter, sizes rounded down to whole vec4s: some drivers report 2^32 - 1 bytes,
 * of which no buffer can be made.
 */
export function usefulLimits(limits: GPUSupportedLimits): Record<UsefulLimit, number> {
  const pairs = [
    ...byteLimits.map((name) => [name, limits[name] - (limits[name] % 16)]),
    ...countLimits.map((name) => [name, limits[name]]),
  ];
  return Object.fromEntries(pairs) as Record<UsefulLimit, number>;
}

/**
 * @throws GpuUnavailableError when there is no adapter
 * @throws GpuFailureError `gpu-error` when the adapter refuses
 */
export async function requestDevice(gpu: GPU, limits: "adapter" | "default"): Promise<GPUDevice> {
  const adapter = await requestAdapter(gpu);
  try {
    return await adapter.requestDevice({
      requiredFeatures: usefulFeatures.filter((feature) => adapter.features.has(feature)),
      requiredLimits: limits === "adapter" ? usefulLimits(adapter.limits) : {},
    });
  } catch (cause) {
    const what = `it cannot be opened: ${firstLine(cause)}`;
    throw new GpuFailureError("gpu-error", adapter.info.device, what, { cause });
  }
}

async function requestAdapter(gpu: GPU): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter().catch((cause: unknown) => {
    throw new GpuUnavailableError("adapter-missing", `no such GPU: ${firstLine(cause)}`, { cause });
  });
  if (adapter === null) throw new GpuUnavailableError("adapter-missing", "no GPU was found");
  return adapter;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";
}
