/**
 * What a sampler can be told, with defaults and limits. Names of llama.cpp's settings in camel case
 * where it has them; defaults and default order are its (`common_params_sampling`).
 */
import { OptionError } from "../../support/errors.ts";

/** The stages of the chain, in the default order. */
export const samplerStages = [
  "penalties",
  "dry",
  "topNSigma",
  "topK",
  "typicalP",
  "topP",
  "minP",
  "xtc",
  "temperature",
] as const;

export type SamplerStage = (typeof samplerStages)[number];

export interface SamplingOptions {
  /** Divides the logits: lower is safer, 0 always takes the likeliest token. @default 0.8 */
  readonly temperature?: number;
  /** Lets the temperature go so far up and down, with the model's unsureness. @default 0 (off) */
  readonly dynamicTemperatureRange?: number;
  /** Bends the way from the low to the high end of that range. @default 1 */
  readonly dynamicTemperatureExponent?: number;
  /** Keep this many of the likeliest tokens. 0 turns it off. @default 40 */
  readonly topK?: number;
  /** Keep the likeliest tokens that make up this probability. 1 turns it off. @default 0.95 */
  readonly topP?: number;
  /** Keep tokens at least this many times as likely as the likeliest. 0 turns it off. @default 0.05 */
  readonly minP?: number;
  /** Keep the most typical tokens that make up this probability. @default 1 (off) */
  readonly typicalP?: number;
  /** Keep tokens whose logits are this many deviations from the largest. @default -1 (off, as is 0) */
  readonly topNSigma?: number;
  /** How often XTC drops the top choices. @default 0 (off) */
  readonly xtcProbability?: number;
  /** The probability that makes a top choice. Above 0.5 turns XTC off. @default 0.1 */
  readonly xtcThreshold?: number;
  /** Divides (if negative, multiplies) the logits of recent tokens. @default 1 (off) */
  readonly repeatPenalty?: number;
  /** Subtracted from a token's logit once for each time it came recently. @default 0 */
  readonly frequencyPenalty?: number;
  /** Subtracted from the logits of recent tokens. @default 0 */
  readonly presencePenalty?: number;
  /** How many tokens are recent, those of the prompt included; -1: all. 0 is off. @default 64 */
  readonly penaltyLastN?: number;
  /** DRY's penalty for continuing a repeat of the allowed length. @default 0 (off) */
  readonly dryMultiplier?: number;
  /** By what DRY's penalty grows for each token of repeat beyond that. @default 1.75 */
  readonly dryBase?: number;
  /** Repeats shorter than this may go on. @default 2 */
  readonly dryAllowedLength?: number;
  /** How many tokens DRY searches for repeats; -1: all. 0 is off. @default -1 */
  readonly dryPenaltyLastN?: number;
  /** Texts that no repeat reaches across. @default ["\n", ":", "\"", "*"] */
  readonly drySequenceBreakers?: readonly string[];
  /** 2 uses Mirostat 2 instead of the chain, of which temperature alone stays. @default 0 (off) */
  readonly mirostat?: 0 | 2;
  /** The surprise Mirostat aims at, in bits. @default 5 */
  readonly mirostatTau?: number;
  /** How fast Mirostat learns. @default 0.1 */
  readonly mirostatEta?: number;
  /** Added to the logits of single tokens, by token; -Infinity forbids one. @default {} */
  readonly logitBias?: Readonly<Record<number, number>>;
  /** The stages of the chain and their order. @default all of `samplerStages`, in that order */
  readonly samplers?: readonly SamplerStage[];
  /** Start of the random numbers, 0 to 2^32 - 1. Drawn anew for each sampler if absent. */
  readonly seed?: number;
}

export const samplingDefaults: Required<Omit<SamplingOptions, "seed">> = {
  temperature: 0.8,
  dynamicTemperatureRange: 0,
  dynamicTemperatureExponent: 1,
  topK: 40,
  topP: 0.95,
  minP: 0.05,
  typicalP: 1,
  topNSigma: -1,
  xtcProbability: 0,
  xtcThreshold: 0.1,
  repeatPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  penaltyLastN: 64,
  dryMultiplier: 0,
  dryBase: 1.75,
  dryAllowedLength: 2,
  dryPenaltyLastN: -1,
  drySequenceBreakers: ["\n", ":", '"', "*"],
  mirostat: 0,
  mirostatTau: 5,
  mirostatEta: 0.1,
  logitBias: {},
  samplers: samplerStages,
};

/** Every option, decided. */
export type SamplingSettings = Required<SamplingOptions>;

/**
 * Fills in the defaults, and a fresh seed.
 *
 * @throws OptionError naming the option that is outside what it may be
 */
export function resolveSampling(options: SamplingOptions): SamplingSettings {
  const settings = { ...samplingDefaults, seed: freshSeed(), ...options };
  for (const [name, rule] of Object.entries(rules))
    check(name, settings[name as RuledOption], rule);
  return settings;
}

const SEED_COUNT = 2 ** 32;

/** Beyond this a penalty says no more, and f32 could overflow. */
const LARGEST_PENALTY = 1e6;
const LARGEST_BIAS = 1e30;

/** llama.cpp cuts a breaker off here. */
const LONGEST_BREAKER_BYTES = 40;

function freshSeed(): number {
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  return seed!;
}

interface Rule {
  /** How the message goes on after "it may be". */
  readonly allowed: string;
  readonly accepts: (value: unknown) => boolean;
}

type RuledOption = keyof SamplingSettings;

const share = (offAt: string): Rule => ({
  allowed: `a number ${offAt}`,
  accepts: (value) => isBetween(value, 0, 1),
});

const numberUp = (allowed: string): Rule => ({
  allowed,
  accepts: (value) => isBetween(value, 0, Number.MAX_VALUE),
});

const wholeFrom = (least: number, allowed: string): Rule => ({
  allowed,
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= least,
});

const penalty: Rule = {
  allowed: `a number from ${-LARGEST_PENALTY} to ${LARGEST_PENALTY} (0 is off)`,
  accepts: (value) => isBetween(value, -LARGEST_PENALTY, LARGEST_PENALTY),
};

const rules: Readonly<Record<RuledOption, Rule>> = {
  temperature: numberUp("a number from 0 (always the likeliest token) up"),
  dynamicTemperatureRange: numberUp("a number from 0 (off) up"),
  dynamicTemperatureExponent: numberUp("a number from 0 up"),
  topK: wholeFrom(0, "a whole number from 0 (off) up"),
  topP: share("from 0 to 1 (off)"),
  minP: share("from 0 (off) to 1"),
  typicalP: share("from 0 to 1 (off)"),
  topNSigma: {
    allowed: "a number above 0, or 0 or -1 (off)",
    accepts: (value) => value === -1 || isBetween(value, 0, Number.MAX_VALUE),
  },
  xtcProbability: share("from 0 (off) to 1"),
  xtcThreshold: share("from 0 to 1 (off above 0.5)"),
  repeatPenalty: {
    allowed: `a number above 0, at most ${LARGEST_PENALTY} (1 is off)`,
    accepts: (value) => isBetween(value, 1 / LARGEST_PENALTY, LARGEST_PENALTY),
  },
  frequencyPenalty: penalty,
  presencePenalty: penalty,
  penaltyLastN: wholeFrom(-1, "a whole number from 0 (off) up, or -1 (all tokens)"),
  dryMultiplier: numberUp("a number from 0 (off) up"),
  dryBase: { allowed: "a number from 1 up", accepts: (value) => isBetween(value, 1, 1e6) },
  dryAllowedLength: wholeFrom(0, "a whole number from 0 up"),
  dryPenaltyLastN: wholeFrom(-1, "a whole number from 0 (off) up, or -1 (all tokens)"),
  drySequenceBreakers: {
    allowed: `a list of texts of 1 to ${LONGEST_BREAKER_BYTES} bytes`,
    accepts: (value) => Array.isArray(value) && value.every(isBreaker),
  },
  mirostat: { allowed: "0 (off) or 2", accepts: (value) => value === 0 || value === 2 },
  mirostatTau: numberUp("a number of bits from 0 up"),
  mirostatEta: numberUp("a number from 0 up"),
  logitBias: {
    allowed: `an object of tokens with numbers from ${-LARGEST_BIAS} to ${LARGEST_BIAS}, or -Infinity`,
    accepts: (value) =>
      typeof value === "object" && value !== null && Object.entries(value).every(isBias),
  },
  samplers: {
    allowed: `a list of stages, each at most once: ${samplerStages.join(", ")}`,
    accepts: (value) =>
      Array.isArray(value) &&
      new Set(value).size === value.length &&
      value.every((name) => samplerStages.includes(name)),
  },
  seed: {
    allowed: `a whole number from 0 to ${SEED_COUNT - 1}`,
    accepts: (value) => Number.isInteger(value) && isBetween(value, 0, SEED_COUNT - 1),
  },
};

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function isBreaker(value: unknown): boolean {
  return typeof value === "string" && isBetween(Buffer.byteLength(value), 1, LONGEST_BREAKER_BYTES);
}

function isBias([token, bias]: [string, unknown]): boolean {
  return (
    /^\d+$/.test(token) && (bias === -Infinity || isBetween(bias, -LARGEST_BIAS, LARGEST_BIAS))
  );
}

function check(name: string, value: unknown, { allowed, accepts }: Rule): void {
  if (accepts(value)) return;
  // JSON shows texts and lists well, and has no word for the numbers that are none.
  const shown = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "undefined");
  throw new OptionError(`${name} is ${shown}; it may be ${allowed}`);
}
