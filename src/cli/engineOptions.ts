/** Options of all commands that open a model to compute with it. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import type { Arithmetic } from "../compute/cpu/encodings.ts";
import type { KernelBuild } from "../compute/cpu/wasmKernels.ts";
import { type KeyValueFormat, keyValueFormats } from "../compute/keyValueCache.ts";
import { type OpenOptions, openDefaults } from "../generation/languageModel.ts";
import type { AccessProfile } from "../policy/profile.ts";
import { addExpertOptions, type ExpertFlags, expertOptionsOf } from "./expertOptions.ts";
import { addGpuOptions, type GpuFlags, gpuOptionsOf } from "./gpuOptions.ts";
import { wholeNumber } from "./numberArguments.ts";

/** As Commander gives them. */
export interface EngineFlags extends ExpertFlags, GpuFlags {
  readonly threads?: number;
  readonly context?: number;
  readonly batch: number;
  readonly arithmetic: Arithmetic;
  readonly kv: KeyValueFormat;
  readonly kernels?: KernelBuild;
}

export interface EngineDefaults {
  readonly arithmetic: Arithmetic;
  readonly keyValueFormat: KeyValueFormat;
}

/** Adds the options, with the engine's defaults unless the command has its own. */
export function addEngineOptions(command: Command, defaults: EngineDefaults = openDefaults): void {
  command
    .optionsGroup("Engine:")
    .option(
      "--threads <count>",
      `compute threads (default: one per processor, here ${availableParallelism()})`,
      wholeNumber({ least: 1 }),
    )
    .addOption(contextOption())
    .addOption(batchOption())
    .addOption(
      choice("--arithmetic <kind>", "fast rounds activations as llama.cpp does, exact keeps them", [
        "fast",
        "exact",
      ]).default(defaults.arithmetic),
    )
    .addOption(keyValueOption(defaults.keyValueFormat))
    .addOption(
      choice("--kernels <build>", "SIMD build; the same results (default: relaxed where it runs)", [
        "relaxed",
        "plain",
      ]),
    );
  addExpertOptions(command);
  addGpuOptions(command);
}

export function contextOption(): Option {
  const { contextLengthLimit } = openDefaults;
  const help = `positions to keep room for (default: what the model was trained for, at most ${contextLengthLimit})`;
  return new Option("--context <tokens>", help).argParser(wholeNumber({ least: 1 }));
}

export function batchOption(): Option {
  return new Option("--batch <tokens>", "prompt tokens computed at once")
    .argParser(wholeNumber({ least: 1 }))
    .default(openDefaults.batchTokens);
}

export function keyValueOption(format: KeyValueFormat): Option {
  return choice("--kv <format>", "how keys and values are kept", keyValueFormats).default(format);
}

function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values);
}

/**
 * @param profile what --heat has brought
 * @throws OptionError for flags that need another one
 */
export function openOptionsOf(
  flags: EngineFlags,
  signal: AbortSignal | undefined,
  profile?: AccessProfile,
): OpenOptions {
  const { threads, context, batch, arithmetic, kv, kernels } = flags;
  return {
    batchTokens: batch,
    arithmetic,
    keyValueFormat: kv,
    ...expertOptionsOf(flags, profile),
    ...gpuOptionsOf(flags),
    ...(signal === undefined ? {} : { signal }),
    ...(threads === undefined ? {} : { threads }),
    ...(context === undefined ? {} : { contextLength: context }),
    ...(kernels === undefined ? {} : { kernels }),
  };
}
