/**
 * From logits to the next token: a chain of stages, then a draw.
 *
 * The order of the chain is llama.cpp's default (`common_params_sampling::samplers`): top-k, top-p,
 * min-p, temperature. Stages to come have their places in it: penalties, DRY, biases and grammar
 * masks in front, typical-p after top-k, XTC before temperature; Mirostat replaces the chain.
 */
import { seededRandom } from "../numerics/random.ts";
import { OptionError } from "../support/errors.ts";
import { Candidates, type Stage } from "./sampling/candidates.ts";
import { minP, temperature, topK, topP } from "./sampling/stages.ts";

export interface SamplingOptions {
  /** Divides the logits: lower is safer, 0 always takes the likeliest token. @default 0.8 */
  readonly temperature?: number;
  /** Keep this many of the likeliest tokens. 0 turns it off. @default 40 */
  readonly topK?: number;
  /** Keep the likeliest tokens that make up this probability. 1 turns it off. @default 0.95 */
  readonly topP?: number;
  /** Keep tokens at least this many times as likely as the likeliest. 0 turns it off. @default 0.05 */
  readonly minP?: number;
  /** Start of the random numbers, 0 to 2^32 - 1. Drawn anew for each sampler if absent. */
  readonly seed?: number;
}

export const samplingDefaults: Required<Omit<SamplingOptions, "seed">> = {
  temperature: 0.8,
  topK: 40,
  topP: 0.95,
  minP: 0.05,
};

type Settings = Required<SamplingOptions>;

export interface Sampler {
  /** The seed in force, so that a run can be repeated. */
  readonly seed: number;
  /**
   * Draws the next token.
   *
   * @param logits `[vocabularySize]`, left as it is; -Infinity masks a token
   * @throws SluiceError `bad-number` where a logit is NaN or +Infinity, or every token is masked
   */
  sample(logits: Float32Array): number;
}

/**
 * A sampler with a random sequence of its own: the same seed, options and logits give the same
 * tokens. Each call of `sample` takes one number of the sequence.
 *
 * @throws OptionError if an option is outside what it may be
 */
export function createSampler(options: SamplingOptions = {}): Sampler {
  const settings: Settings = { ...samplingDefaults, seed: freshSeed(), ...options };
  checkSettings(settings);
  const stages = chain(settings);
  const random = seededRandom(settings.seed);
  let candidates = new Candidates(0);

  return {
    seed: settings.seed,
    sample(logits) {
      if (candidates.tokens.length < logits.length) candidates = new Candidates(logits.length);
      candidates.load(logits);
      for (const stage of stages) stage(candidates);
      return draw(candidates, random());
    },
  };
}

/** The stages that have something to do, in order. */
function chain(settings: Settings): readonly Stage[] {
  // Temperature 0 is the limit in which the likeliest token takes all.
  if (settings.temperature === 0) return [topK(1)];
  const stages: Stage[] = [];
  if (settings.topK > 0) stages.push(topK(settings.topK));
  if (settings.topP < 1) stages.push(topP(settings.topP));
  if (settings.minP > 0) stages.push(minP(settings.minP));
  if (settings.temperature !== 1) stages.push(temperature(settings.temperature));
  return stages;
}

/** The token on whose stretch of the cumulative distribution `fraction` (0 to below 1) falls. */
function draw(candidates: Candidates, fraction: number): number {
  candidates.softmax();
  const { tokens, probabilities, size } = candidates;
  let left = fraction;
  let i = 0;
  // The random numbers end 2^-32 below 1, the sum of the probabilities far nearer to it: `size` only
  // stops what rounding should never let through.
  while (i < size - 1 && left >= probabilities[i]!) left -= probabilities[i++]!;
  return tokens[i]!;
}

const SEED_COUNT = 2 ** 32;

function freshSeed(): number {
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  return seed!;
}

function checkSettings(settings: Settings): void {
  const isShare = (value: number) => value >= 0 && value <= 1;
  check(
    settings,
    "temperature",
    "a number from 0 (always the likeliest token) up",
    (value) => Number.isFinite(value) && value >= 0,
  );
  check(
    settings,
    "topK",
    "a whole number from 0 (off) up",
    (value) => Number.isSafeInteger(value) && value >= 0,
  );
  check(settings, "topP", "a number from 0 to 1 (off)", isShare);
  check(settings, "minP", "a number from 0 (off) to 1", isShare);
  check(
    settings,
    "seed",
    `a whole number from 0 to ${SEED_COUNT - 1}`,
    (value) => Number.isInteger(value) && value >= 0 && value < SEED_COUNT,
  );
}

function check(
  settings: Settings,
  name: keyof Settings,
  allowed: string,
  isAllowed: (value: number) => boolean,
): void {
  const value: unknown = settings[name];
  if (typeof value === "number" && isAllowed(value)) return;
  const shown = typeof value === "string" ? `"${value}"` : String(value);
  throw new OptionError(`${name} is ${shown}; it may be ${allowed}`);
}
