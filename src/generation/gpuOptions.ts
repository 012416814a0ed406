/** How a user says what is to become of the GPUs. */
import type { GpuLayers } from "../placement/layerPlan.ts";
import { checkPolicySpec } from "../policy/registry.ts";
import { requireCount } from "../policy/requireNumber.ts";
import { OptionError } from "../support/errors.ts";

export interface GpuOptions {
  /**
   * `off`; `auto`, the best GPU there is, if there is one; or names of adapters, separated by commas.
   * @default "off"
   */
  readonly gpu?: string;
  /** Bytes of each GPU's memory that may be used. @default what is free, less a tenth */
  readonly vramBytes?: readonly number[];
  /** How many of the last layers GPUs compute; their experts as far as they fit. @default "auto" */
  readonly gpuLayers?: GpuLayers;
  /** Bytes of each GPU's memory for slots of experts, at most. @default all that is left */
  readonly gpuExpertBytes?: number;
  /** Who keeps a slot on a GPU, as `policy` is for RAM. @default the policy for RAM */
  readonly gpuPolicy?: string;
  /** Misses that may be given a slot on a GPU in one pass. @default as many as make 32 MiB */
  readonly gpuInsertCap?: number;
  /** `default`: use no more of an adapter than any WebGPU adapter offers. @default "adapter" */
  readonly gpuLimits?: "adapter" | "default";
}

/** Bytes of experts that are sent to a GPU in one pass unless asked otherwise. */
export const gpuInsertBytes: number = 32 * 2 ** 20;

/** The share of a GPU's memory that is left alone: for its driver, and what else runs there. */
const reservedShare = 0.1;

/** Bytes that may be used of a GPU. */
export function budgetOf(
  index: number,
  memory: { readonly bytes: number; readonly freeBytes: number | undefined },
  { vramBytes }: GpuOptions,
): number {
  const asked = vramBytes?.[index];
  if (asked !== undefined) return asked;
  return Math.floor((memory.freeBytes ?? memory.bytes) * (1 - reservedShare));
}

/** @throws OptionError for what is unknown or out of range */
export function checkGpuOptions(options: GpuOptions): void {
  const { vramBytes = [], gpuExpertBytes, gpuPolicy, gpuInsertCap, gpuLimits } = options;
  for (const bytes of vramBytes) requireCount("vramBytes", bytes, 1);
  if (gpuExpertBytes !== undefined) requireCount("gpuExpertBytes", gpuExpertBytes, 0);
  if (gpuPolicy !== undefined) checkPolicySpec(gpuPolicy);
  if (gpuInsertCap !== undefined) requireCount("gpuInsertCap", gpuInsertCap, 0);
  if (gpuLimits !== undefined && gpuLimits !== "adapter" && gpuLimits !== "default") {
    throw new OptionError(`gpuLimits must be "adapter" or "default", not "${gpuLimits}"`);
  }
}
