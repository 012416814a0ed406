/** How a user says what is to become of the experts. */
import { type ExpertGrid, expertCount } from "../policy/expertId.ts";
import { predictorEntry } from "../policy/predictors/predictorRegistry.ts";
import type { AccessProfile } from "../policy/profile.ts";
import { createPolicy } from "../policy/registry.ts";
import { requireCount } from "../policy/requireNumber.ts";
import { OptionError } from "../support/errors.ts";

/** How experts are kept; what is left out is chosen by what was measured, see docs/policies.md. */
export interface ExpertOptions {
  /**
   * Bytes of RAM for hot tensors, keys and values of one sequence, activations and experts. With
   * less than the model's size, experts are read when the router asks for them.
   * @default "auto": what is free, less a reserve
   */
  readonly ramBytes?: number | "auto";
  /**
   * `eager` reads all that fits before the first token; `lazy` reads what is needed, and the rest
   * in the background.
   * @default "lazy" if there is more than 1 GiB to read
   */
  readonly load?: "eager" | "lazy";
  /** Who is kept, as `createPolicy` of `sluice/policy` takes it. @default "cycle-burst" */
  readonly policy?: string;
  /** Who is read ahead, or "off". @default "transitions" */
  readonly predictor?: string;
  /** Bytes that may be read ahead in one pass; 0 turns it off. @default a quarter of one token's experts */
  readonly prefetchBytes?: number;
  /** Misses that may be given a slot in one pass. @default all */
  readonly insertCap?: number;
  /** Experts per layer to pin once it is known which are hot. @default 0 */
  readonly warmPins?: number;
  /** How many experts must have been asked for by then. @default 512 */
  readonly warmPinsAfter?: number;
  /** Uses of earlier runs: what was hot then is read first. Counts of this run are added to it. */
  readonly profile?: AccessProfile;
  /** Milliseconds of waiting for an expert after which the disk counts as lost. @default 30000 */
  readonly readTimeoutMs?: number;
}

export const expertDefaults: {
  readonly policy: string;
  readonly predictor: string;
  readonly layersAhead: number;
  readonly eagerBytes: number;
  readonly readTimeoutMs: number;
} = {
  policy: "cycle-burst",
  predictor: "transitions",
  layersAhead: 1,
  eagerBytes: 2 ** 30,
  readTimeoutMs: 30_000,
};

/** The predictor that the options ask for; `undefined` if nothing is to be read ahead. */
export function predictorOf({ predictor, prefetchBytes }: ExpertOptions): string | undefined {
  const name = predictor ?? expertDefaults.predictor;
  return name === "off" || prefetchBytes === 0 ? undefined : name;
}

/** Whether the options ask for early router logits; known before the batch is measured. */
export function looksAhead(options: ExpertOptions): boolean {
  const predictor = predictorOf(options);
  return predictor !== undefined && (predictorEntry(predictor).needsLookahead ?? false);
}

/** @throws OptionError for what is unknown, out of range or of another model */
export function checkExpertOptions(options: ExpertOptions, grid: ExpertGrid): void {
  const { ramBytes = "auto", load = "lazy", policy = expertDefaults.policy } = options;
  if (ramBytes !== "auto") requireCount("ramBytes", ramBytes, 1);
  if (load !== "eager" && load !== "lazy") {
    throw new OptionError(`load must be "eager" or "lazy", not "${load}"`);
  }
  createPolicy(policy, { ...grid, capacity: expertCount(grid) });
  const predictor = predictorOf(options);
  if (predictor !== undefined) predictorEntry(predictor);
  for (const [name, least] of numbers) {
    const value = options[name];
    if (value !== undefined) requireCount(name, value, least);
  }
  checkProfile(options.profile, grid);
}

/** The whole numbers among the options, and from where on they make sense. */
const numbers = [
  ["prefetchBytes", 0],
  ["insertCap", 0],
  ["warmPins", 0],
  ["warmPinsAfter", 1],
  ["readTimeoutMs", 1],
] as const;

function checkProfile(profile: AccessProfile | undefined, grid: ExpertGrid): void {
  if (profile === undefined) return;
  const inWords = ({ layerCount, expertsPerLayer }: ExpertGrid) =>
    `${layerCount} layers of ${expertsPerLayer} experts`;
  if (inWords(profile) === inWords(grid)) return;
  throw new OptionError(
    `the profile is of ${inWords(profile)}, the model has ${inWords(grid)}: it is of another model`,
  );
}
