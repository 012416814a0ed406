/**
 * Options about GPUs, each an environment variable as well. docs/gpu.md describes them.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { GpuOptions } from "../generation/gpuOptions.ts";
import type { GpuLayers } from "../placement/layerPlan.ts";
import { byteCount, wholeNumber } from "./numberArguments.ts";
import { policySpec } from "./policyArgument.ts";

/** As Commander gives them. */
export interface GpuFlags {
  readonly gpu?: string;
  readonly vram?: readonly number[];
  readonly gpuLayers?: GpuLayers;
  readonly gpuExperts?: number;
  readonly gpuPolicy?: string;
  readonly gpuInsertCap?: number;
}

/** What the command line does unless told otherwise; the library's default is `off`. */
export const gpuDefault = "auto";

export function addGpuOptions(command: Command): void {
  command.optionsGroup("GPU:");
  addGpuPlaceOptions(command);
  addOption(
    command,
    "--gpu-policy <spec>",
    "who is kept on a GPU, as --policy says it for RAM (default: the same)",
    "SLUICE_GPU_POLICY",
  ).argParser(policySpec);
  addOption(
    command,
    "--gpu-insert-cap <count>",
    "experts that one pass may displace there (default: as many as make 32 MiB)",
    "SLUICE_GPU_INSERT_CAP",
  ).argParser(wholeNumber());
}

/** Those that decide what lies on a GPU before anything is computed. */
export function addGpuPlaceOptions(command: Command): void {
  addOption(
    command,
    "--gpu <names>",
    `auto, off, or part of a GPU's name; several with commas (default: ${gpuDefault})`,
    "SLUICE_GPU",
  ).argParser(gpuNames);
  addOption(
    command,
    "--vram <bytes>",
    "of the GPU's memory, such as 8GiB; one for each GPU, with commas (default: what is free, less a tenth)",
    "SLUICE_VRAM",
  ).argParser(byteCounts);
  addOption(
    command,
    "--gpu-layers <count>",
    "so many of the last layers, or all, or auto: what fits (default: auto)",
    "SLUICE_GPU_LAYERS",
  ).argParser(layerCount);
  addOption(
    command,
    "--gpu-experts <bytes>",
    "of each GPU's memory for experts, at most (default: all that is left)",
    "SLUICE_GPU_EXPERTS",
  ).argParser(byteCount());
}

/** Whether the user has said anything about GPUs. */
export function saysGpu({ gpu, vram, gpuLayers, gpuExperts }: GpuFlags): boolean {
  return [gpu, vram, gpuLayers, gpuExperts].some((value) => value !== undefined);
}

export function gpuOptionsOf(flags: GpuFlags): GpuOptions {
  const { gpu = gpuDefault, vram, gpuLayers, gpuExperts, gpuPolicy, gpuInsertCap } = flags;
  return {
    gpu,
    ...(vram === undefined ? {} : { vramBytes: vram }),
    ...(gpuLayers === undefined ? {} : { gpuLayers }),
    ...(gpuExperts === undefined ? {} : { gpuExpertBytes: gpuExperts }),
    ...(gpuPolicy === undefined ? {} : { gpuPolicy }),
    ...(gpuInsertCap === undefined ? {} : { gpuInsertCap }),
  };
}

function addOption(command: Command, flags: string, help: string, variable: string): Option {
  const option = new Option(flags, help).env(variable);
  command.addOption(option);
  return option;
}

function gpuNames(text: string): string {
  const word = text.trim().toLowerCase();
  if (word === "auto" || word === "off") return word;
  if (text.split(",").every((name) => name.trim() !== "")) return text;
  throw new InvalidArgumentError("It must be auto, off, or names with commas between them.");
}

function byteCounts(text: string): readonly number[] {
  return text.split(",").map((part) => byteCount({ least: 1 })(part.trim()));
}

function layerCount(text: string): GpuLayers {
  const word = text.toLowerCase();
  if (word === "all" || word === "auto") return word;
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be all, auto, or a whole number.");
}
