/** The sampling options that most people never touch: stages, and what they are told. */
import { type Command, Option } from "commander";
import {
  type SamplerStage,
  type SamplingOptions,
  samplingDefaults,
} from "../generation/sampler.ts";
import { realNumber, wholeNumber } from "./numberArguments.ts";
import {
  mirostatVersion,
  repeatedText,
  stageList,
  tokenBias,
  tokenCountOrAll,
} from "./samplingArguments.ts";

/** As Commander gives them. */
export interface StageFlags {
  readonly samplers: readonly SamplerStage[];
  readonly repeatPenalty: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  readonly repeatLastN: number;
  readonly dryMultiplier: number;
  readonly dryBase: number;
  readonly dryAllowedLength: number;
  readonly dryPenaltyLastN: number;
  readonly drySequenceBreaker?: readonly string[];
  readonly topNSigma: number;
  readonly typicalP: number;
  readonly xtcProbability: number;
  readonly xtcThreshold: number;
  readonly dynatempRange: number;
  readonly dynatempExp: number;
  readonly mirostat: 0 | 2;
  readonly mirostatEnt: number;
  readonly mirostatLr: number;
  readonly logitBias: Readonly<Record<number, number>>;
}

/** What stands for no sequence breakers at all, as in llama.cpp. */
const noBreakers = "none";

export function addStageOptions(command: Command): void {
  const defaults = samplingDefaults;
  const anyNumber = realNumber({ least: -1e6, most: 1e6 });
  const share = realNumber({ most: 1 });
  command
    .optionsGroup("Sampling in depth (docs/sampling.md):")
    .addOption(
      new Option("--samplers <a;b;c>", "the stages in their order")
        .argParser(stageList)
        .default(defaults.samplers, defaults.samplers.join("; ")),
    )
    .option(
      "--repeat-penalty <factor>",
      "divides logits of recent tokens; 1 is off",
      realNumber({ least: 1e-6, most: 1e6 }),
      defaults.repeatPenalty,
    )
    .option(
      "--frequency-penalty <value>",
      "subtracted for each recent use; 0 is off",
      anyNumber,
      defaults.frequencyPenalty,
    )
    .option(
      "--presence-penalty <value>",
      "subtracted for any recent use; 0 is off",
      anyNumber,
      defaults.presencePenalty,
    )
    .option(
      "--repeat-last-n <tokens>",
      "how far these three look back; 0 is off, -1 is all",
      tokenCountOrAll,
      defaults.penaltyLastN,
    )
    .option(
      "--dry-multiplier <value>",
      "DRY's penalty for repeating passages; 0 is off",
      realNumber(),
      defaults.dryMultiplier,
    )
    .option(
      "--dry-base <factor>",
      "how it grows with their length",
      realNumber({ least: 1, most: 1e6 }),
      defaults.dryBase,
    )
    .option(
      "--dry-allowed-length <tokens>",
      "shorter passages are free",
      wholeNumber(),
      defaults.dryAllowedLength,
    )
    .option(
      "--dry-penalty-last-n <tokens>",
      "how far DRY looks back; 0 is off, -1 is all",
      tokenCountOrAll,
      defaults.dryPenaltyLastN,
    )
    .option(
      "--dry-sequence-breaker <text>",
      `no passage goes beyond it; repeatable, "${noBreakers}" for none (default: \\n : " *)`,
      repeatedText,
    )
    .option(
      "--top-n-sigma <value>",
      "keep logits so many deviations from the largest; -1 is off",
      realNumber({ least: -1 }),
      defaults.topNSigma,
    )
    .option(
      "--typical-p <share>",
      "keep the most typical tokens of this probability; 1 is off",
      share,
      defaults.typicalP,
    )
    .option(
      "--xtc-probability <share>",
      "how often top choices are dropped; 0 is off",
      share,
      defaults.xtcProbability,
    )
    .option(
      "--xtc-threshold <share>",
      "how likely a top choice is; above 0.5 is off",
      share,
      defaults.xtcThreshold,
    )
    .option(
      "--dynatemp-range <value>",
      "lets the temperature move so far either way; 0 is off",
      realNumber(),
      defaults.dynamicTemperatureRange,
    )
    .option(
      "--dynatemp-exp <value>",
      "bends that way",
      realNumber(),
      defaults.dynamicTemperatureExponent,
    )
    .option(
      "--mirostat <version>",
      "2 replaces the stages; 0 is off",
      mirostatVersion,
      defaults.mirostat,
    )
    .option("--mirostat-ent <bits>", "the surprise it aims at", realNumber(), defaults.mirostatTau)
    .option("--mirostat-lr <rate>", "how fast it learns", realNumber(), defaults.mirostatEta)
    .addOption(
      new Option("--logit-bias <token+bias>", 'as "15043+1" or "15043-inf"; repeatable')
        .argParser(tokenBias)
        .default({}, "none"),
    );
}

export function stageOptionsOf(flags: StageFlags): SamplingOptions {
  const { drySequenceBreaker: breakers } = flags;
  return {
    samplers: flags.samplers,
    repeatPenalty: flags.repeatPenalty,
    frequencyPenalty: flags.frequencyPenalty,
    presencePenalty: flags.presencePenalty,
    penaltyLastN: flags.repeatLastN,
    dryMultiplier: flags.dryMultiplier,
    dryBase: flags.dryBase,
    dryAllowedLength: flags.dryAllowedLength,
    dryPenaltyLastN: flags.dryPenaltyLastN,
    ...(breakers === undefined
      ? {}
      : { drySequenceBreakers: breakers.filter((text) => text !== noBreakers) }),
    topNSigma: flags.topNSigma,
    typicalP: flags.typicalP,
    xtcProbability: flags.xtcProbability,
    xtcThreshold: flags.xtcThreshold,
    dynamicTemperatureRange: flags.dynatempRange,
    dynamicTemperatureExponent: flags.dynatempExp,
    mirostat: flags.mirostat,
    mirostatTau: flags.mirostatEnt,
    mirostatEta: flags.mirostatLr,
    logitBias: flags.logitBias,
  };
}
