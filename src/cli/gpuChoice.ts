/** A model opened on the GPUs that there are, and in a line each what a user should know of that. */
import { selectAdapters } from "../compute/gpu/gpuAdapters.ts";
import type { GpuAbsence } from "../compute/gpu/gpuErrors.ts";
import { type LanguageModel, type OpenOptions, openModel } from "../generation/languageModel.ts";
import { OptionError } from "../support/errors.ts";
import { subscribe } from "../support/events.ts";
import { type GpuFlags, gpuDefault, saysGpu } from "./gpuOptions.ts";
import { note, printable } from "./terminal.ts";

/** No news to who has not asked for a GPU: it is not there. All else can be mended. */
const plainAbsences: ReadonlySet<GpuAbsence> = new Set(["adapter-missing", "only-cpu-adapters"]);

/**
 * Opens a model; says why `auto` finds no GPU.
 *
 * @param options what the flags and others say
 * @throws what `openModel` throws; OptionError for more sizes than GPUs
 */
export async function openChoosingGpus(
  path: string,
  options: OpenOptions,
  flags: GpuFlags,
): Promise<LanguageModel> {
  return openModel(path, { ...options, gpu: await chooseGpus(flags) });
}

/** Says what a user should know of where things went: now, and of GPUs that are given up later. */
export function tellRemarks(model: LanguageModel): Disposable {
  const tell = (remark: string) => note(`sluice: ${printable(remark)}`);
  model.remarks.forEach(tell);
  const stop = subscribe("sluice:gpu", ({ kind }) => {
    if (kind === "given-up") model.remarks.slice(-1).forEach(tell);
  });
  return { [Symbol.dispose]: stop };
}

/**
 * Says why `auto` finds no GPU, if somebody asked or one is there that cannot be used.
 *
 * @returns what to open the model with: `off` where `auto` finds none
 */
async function chooseGpus(flags: GpuFlags): Promise<string> {
  const { gpu = gpuDefault, vram } = flags;
  const { devices, obstacle } = await selectAdapters(gpu);
  if (devices.length > 0) {
    checkSizes(vram, devices.length);
    return gpu;
  }
  if (obstacle === undefined) return gpu;
  const reason = printable(obstacle.message);
  if (saysGpu(flags)) note(`sluice: no GPU is used: ${reason}`);
  else if (!plainAbsences.has(obstacle.reason)) {
    note(`sluice: no GPU is used: ${reason} (with --gpu off none is looked for)`);
  }
  return "off";
}

/** @throws OptionError for sizes that no GPU is there for */
export function checkSizes(vram: readonly number[] | undefined, gpus: number): void {
  if (vram === undefined || vram.length <= gpus) return;
  const count = gpus === 1 ? "one GPU" : `${gpus} GPUs`;
  throw new OptionError(`--vram has ${vram.length} sizes for ${count}`);
}
