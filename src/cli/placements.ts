/** What `sluice devices --model` tells: for each choice of GPUs, what a model would put there. */
import {
  type AdapterChoice,
  type AdapterList,
  chooseAdapters,
} from "../compute/gpu/gpuAdapters.ts";
import type { KeyValueFormat } from "../compute/keyValueCache.ts";
import { budgetOf } from "../generation/gpuOptions.ts";
import type { BatchSizes, GpuPlace } from "../generation/gpuPlan.ts";
import { openDefaults } from "../generation/languageModel.ts";
import { openGguf } from "../gguf/ggufFile.ts";
import { architectureOf } from "../model/architectures/index.ts";
import { OptionError } from "../support/errors.ts";
import { checkSizes } from "./gpuChoice.ts";
import type { GpuFlags } from "./gpuOptions.ts";
import { type ModelPlacement, type PlacementQuestion, placeModel } from "./modelPlacement.ts";

export interface PlacementFlags extends GpuFlags {
  readonly context?: number;
  readonly batch: number;
  readonly kv: KeyValueFormat;
}

/** GPUs on which the model cannot be as the options want it. */
export interface Misplacement {
  readonly gpus: readonly { readonly name: string }[];
  readonly obstacle: string;
}

export interface Placements {
  /** The file's name. */
  readonly model: string;
  readonly sizes: BatchSizes;
  readonly placements: readonly (ModelPlacement | Misplacement)[];
}

type ChosenDevices = AdapterChoice["devices"];

/**
 * Reads the file's header only.
 *
 * @throws SluiceError as `openModel` for the file and its family; OptionError for names and sizes
 */
export async function placementsOf(
  path: string,
  list: AdapterList,
  flags: PlacementFlags,
): Promise<Placements> {
  await using file = await openGguf(path);
  const { metadata } = file;
  const architecture = architectureOf(metadata.string("general.architecture"), file.name);
  const shape = architecture.readShape(metadata);
  const { context, batch, kv, vram } = flags;
  const contextLength = context ?? Math.min(shape.contextLength, openDefaults.contextLengthLimit);
  const sizes = {
    contextLength,
    batchTokens: Math.min(batch, contextLength),
    keyValueFormat: kv,
  };
  const placements = choicesOf(list, flags).map((devices) => {
    checkSizes(vram, devices.length);
    return placed({ file, shape, sizes, flags, gpus: placesOf(devices, vram) });
  });
  return { model: file.name, sizes, placements };
}

/** The GPUs that --gpu names, together; else each alone. */
function choicesOf(list: AdapterList, { gpu }: GpuFlags): ChosenDevices[] {
  if (gpu === "off") return [];
  if (gpu !== undefined) {
    const { devices } = chooseAdapters(gpu, list);
    return devices.length === 0 ? [] : [devices];
  }
  return list.adapters.map((adapter) => [{ ...adapter, label: adapter.name }]);
}

function placesOf(devices: ChosenDevices, vram: readonly number[] | undefined): GpuPlace[] {
  const options = vram === undefined ? {} : { vramBytes: vram };
  return devices.map(({ label, memory, limits }, index) => {
    return { name: label, budgetBytes: budgetOf(index, memory, options), limits };
  });
}

function placed(question: PlacementQuestion): ModelPlacement | Misplacement {
  try {
    return placeModel(question);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    return { gpus: question.gpus.map(({ name }) => ({ name })), obstacle: error.message };
  }
}
