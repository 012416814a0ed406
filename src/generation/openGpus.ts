/** Opens the GPUs that the options ask for. */
import { selectAdapters } from "../compute/gpu/gpuAdapters.ts";
import { GpuDevice } from "../compute/gpu/gpuDevice.ts";
import { GpuFailureError, GpuUnavailableError } from "../compute/gpu/gpuErrors.ts";
import { budgetOf, checkGpuOptions, type GpuOptions } from "./gpuOptions.ts";

export interface OpenGpu {
  readonly device: GpuDevice;
  /** Bytes of its memory that may be used. */
  readonly budgetBytes: number;
}

export interface OpenGpus {
  readonly gpus: readonly OpenGpu[];
  /** Why `auto` found none. */
  readonly remark: string | undefined;
}

/**
 * @throws OptionError for names that fit no adapter; GpuUnavailableError and GpuFailureError when a
 *   GPU that was named cannot be used. With `auto` these become the remark.
 */
export async function openGpus(options: GpuOptions): Promise<OpenGpus> {
  checkGpuOptions(options);
  const { gpu = "off", gpuLimits = "adapter" } = options;
  const { devices, obstacle } = await selectAdapters(gpu);
  const gpus: OpenGpu[] = [];
  try {
    for (const [index, { name, backend, label, memory }] of devices.entries()) {
      const device = await GpuDevice.open({ name, backend }, { limits: gpuLimits, label });
      gpus.push({ device, budgetBytes: budgetOf(index, memory, options) });
    }
  } catch (error) {
    for (const { device } of gpus) await device[Symbol.asyncDispose]();
    const isMissing = error instanceof GpuUnavailableError || error instanceof GpuFailureError;
    if (gpu !== "auto" || !isMissing) throw error;
    return { gpus: [], remark: error.message };
  }
  return { gpus, remark: obstacle?.message };
}
