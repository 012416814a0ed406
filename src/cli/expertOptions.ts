/**
 * Options about where experts are kept, each an environment variable as well. docs/tiers.md describes
 * them.
 */
import { type Command, Option } from "commander";
import { type ExpertOptions, expertDefaults } from "../generation/expertTier.ts";
import { predictorNames } from "../policy/predictors/predictorRegistry.ts";
import type { AccessProfile } from "../policy/profile.ts";
import { OptionError } from "../support/errors.ts";
import { byteCount, filePath, wholeNumber } from "./numberArguments.ts";
import { policySpec } from "./policyArgument.ts";

/** As Commander gives them. */
export interface ExpertFlags {
  readonly ram?: number | "auto";
  readonly load?: "eager" | "lazy";
  readonly policy?: string;
  readonly predict?: string;
  readonly prefetchBudget?: number | "off";
  readonly insertCap?: number;
  readonly warmpin?: number;
  readonly warmpinAfter?: number;
  readonly expertStats?: string;
  readonly heat?: string;
}

export function addExpertOptions(command: Command): void {
  const add = (flags: string, help: string, variable: string) => {
    const option = new Option(flags, help).env(variable);
    command.addOption(option);
    return option;
  };
  command.optionsGroup("Experts:");
  add(
    "--ram <bytes>",
    "RAM for the model, such as 8GiB; experts beyond it are read on demand (default: auto, what is free)",
    "SLUICE_RAM",
  ).argParser(byteCount({ least: 1, word: "auto" }));
  add(
    "--load <when>",
    "eager: first fill the RAM; lazy: begin at once, fill it meanwhile (default: lazy from 1 GiB on)",
    "SLUICE_LOAD",
  ).choices(["eager", "lazy"]);
  add(
    "--policy <spec>",
    `who is kept: a name of docs/policies.md, with :parameters (default: ${expertDefaults.policy})`,
    "SLUICE_POLICY",
  ).argParser(policySpec);
  add(
    "--predict <name>",
    `who guesses which experts to read ahead (default: ${expertDefaults.predictor})`,
    "SLUICE_PREDICT",
  ).choices([...predictorNames, "off"]);
  add(
    "--prefetch-budget <bytes>",
    "to read ahead per token, or off (default: a quarter of a token's experts)",
    "SLUICE_PREFETCH_BUDGET",
  ).argParser(byteCount({ word: "off" }));
  add(
    "--insert-cap <count>",
    "experts that one pass may displace (default: all it needs)",
    "SLUICE_INSERT_CAP",
  ).argParser(wholeNumber());
  add(
    "--warmpin <count>",
    "experts per layer to keep for good, once it is known which are hot (default: 0)",
    "SLUICE_WARMPIN",
  ).argParser(wholeNumber());
  add(
    "--warmpin-after <count>",
    "that is known when so many experts were asked for (default: 512)",
    "SLUICE_WARMPIN_AFTER",
  ).argParser(wholeNumber({ least: 1 }));
  add(
    "--heat <file>",
    "what earlier runs used most is read first; this run's uses are added",
    "SLUICE_HEAT",
  ).argParser(filePath);
  add(
    "--expert-stats <file>",
    'report on each layer\'s experts; as JSON if named .json, "-" is stderr',
    "SLUICE_EXPERT_STATS",
  ).argParser(filePath);
}

/**
 * @param profile what --heat has brought
 * @throws OptionError for flags that need another one
 */
export function expertOptionsOf(flags: ExpertFlags, profile?: AccessProfile): ExpertOptions {
  const { ram, load, policy, predict, prefetchBudget, insertCap, warmpin, warmpinAfter } = flags;
  if (warmpinAfter !== undefined && warmpin === undefined) {
    throw new OptionError("--warmpin-after does nothing without --warmpin");
  }
  return {
    ...(ram === undefined ? {} : { ramBytes: ram }),
    ...(load === undefined ? {} : { load }),
    ...(policy === undefined ? {} : { policy }),
    ...(predict === undefined ? {} : { predictor: predict }),
    ...(prefetchBudget === undefined
      ? {}
      : { prefetchBytes: prefetchBudget === "off" ? 0 : prefetchBudget }),
    ...(insertCap === undefined ? {} : { insertCap }),
    ...(warmpin === undefined ? {} : { warmPins: warmpin }),
    ...(warmpinAfter === undefined ? {} : { warmPinsAfter: warmpinAfter }),
    ...(profile === undefined ? {} : { profile }),
  };
}
