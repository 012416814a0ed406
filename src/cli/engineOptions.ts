/** Options of all commands that open a model to compute with it. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import type { Arithmetic } from "../compute/cpu/encodings.ts";
import type { KernelBuild } from "../compute/cpu/wasmKernels.ts";
import type { KeyValueFormat } from "../compute/keyValueCache.ts";
import { type OpenOptions, openDefaults } from "../generation/languageModel.ts";
import type { AccessProfile } from "../policy/profile.ts";
import { addExpertOptions, type ExpertFlags, expertOptionsOf } from "./expertOptions.ts";
import { wholeNumber } from "./numberArguments.ts";

/** As Commander gives them. */
export interface EngineFlags extends ExpertFlags {
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
  const { batchTokens, contextLengthLimit } = openDefaults;
  const choice = (flags: string, description: string, values: readonly string[]) =>
    new Option(flags, description).choices(values);
  command
    .optionsGroup("Engine:")
    .option(
      "--threads <count>",
      `compute threads (default: one per processor, here ${availableParallelism()})`,
      wholeNumber({ least: 1 }),
    )
    .option(
      "--context <tokens>",
      `positions to keep room for (default: what the model was trained for, at most ${contextLengthLimit})`,
      wholeNumber({ least: 1 }),
    )
    .option(
      "--batch <tokens>",
      "prompt tokens computed at once",
      wholeNumber({ least: 1 }),
      batchTokens,
    )
    .addOption(
      choice("--arithmetic <kind>", "fast rounds activations as llama.cpp does, exact keeps them", [
        "fast",
        "exact",
      ]).default(defaults.arithmetic),
    )
    .addOption(
      choice("--kv <format>", "how keys and values are kept", ["f16", "f32"]).default(
        defaults.keyValueFormat,
      ),
    )
    .addOption(
      choice("--kernels <build>", "SIMD build; the same results (default: relaxed where it runs)", [
        "relaxed",
        "plain",
      ]),
    );
  addExpertOptions(command);
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
    ...(signal === undefined ? {} : { signal }),
    ...(threads === undefined ? {} : { threads }),
    ...(context === undefined ? {} : { contextLength: context }),
    ...(kernels === undefined ? {} : { kernels }),
  };
}
