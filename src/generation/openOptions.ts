/** How a user opens a model, and what is taken where nothing is said. */
import { availableParallelism } from "node:os";
import { threadLimit } from "../compute/cpu/controlBlock.ts";
import type { Arithmetic } from "../compute/cpu/encodings.ts";
import type { KernelBuild } from "../compute/cpu/wasmKernels.ts";
import type { KeyValueFormat } from "../compute/keyValueCache.ts";
import type { Shape } from "../model/shape.ts";
import { OptionError } from "../support/errors.ts";
import type { ResolvedOptions } from "./assembly.ts";
import type { ExpertOptions } from "./expertOptions.ts";
import type { GpuOptions } from "./gpuOptions.ts";

export interface OpenOptions extends ExpertOptions, GpuOptions {
  /** Compute threads, the calling one included. @default one per processor */
  readonly threads?: number;
  /** Positions a sequence may have. @default what the model was trained for, at most 4096 */
  readonly contextLength?: number;
  /** `fast` rounds activations as llama.cpp does; `exact` keeps them f32 and is slower. @default "fast" */
  readonly arithmetic?: Arithmetic;
  /** How keys and values are kept. @default "f16" */
  readonly keyValueFormat?: KeyValueFormat;
  /** Prompt tokens computed at once. Changes memory and speed, never a token. @default 256 */
  readonly batchTokens?: number;
  /** SIMD build of the kernels. Both give the same bits. @default the fastest this Node runs */
  readonly kernels?: KernelBuild;
  /** Size of each WASM memory but the last. @default 4 GiB */
  readonly arenaBytes?: number;
  /** Milliseconds without any progress after which a compute thread counts as lost. @default 30000 */
  readonly stallMs?: number;
  /** Cancels the loading. */
  readonly signal?: AbortSignal;
}

export const openDefaults: {
  readonly arithmetic: Arithmetic;
  readonly keyValueFormat: KeyValueFormat;
  readonly batchTokens: number;
  /** The longest context taken without being asked for. */
  readonly contextLengthLimit: number;
} = { arithmetic: "fast", keyValueFormat: "f16", batchTokens: 256, contextLengthLimit: 4096 };

/**
 * Fills in what was left out.
 *
 * @throws OptionError for what is out of range
 */
export function resolveOptions(given: OpenOptions, shape: Shape): ResolvedOptions {
  const { arithmetic, keyValueFormat, batchTokens, contextLengthLimit } = openDefaults;
  const contextLength = given.contextLength ?? Math.min(shape.contextLength, contextLengthLimit);
  const options = {
    threads: given.threads ?? availableParallelism(),
    contextLength,
    arithmetic: given.arithmetic ?? arithmetic,
    keyValueFormat: given.keyValueFormat ?? keyValueFormat,
    batchTokens: Math.min(given.batchTokens ?? batchTokens, contextLength),
    ...(given.arenaBytes === undefined ? {} : { arenaBytes: given.arenaBytes }),
    ...(given.stallMs === undefined ? {} : { stallMs: given.stallMs }),
  };
  checkCount("threads", options.threads, threadLimit);
  checkCount("batchTokens", options.batchTokens, 8192);
  checkCount(
    "contextLength",
    contextLength,
    shape.contextLength,
    "what this model was trained for",
  );
  return options;
}

function checkCount(name: string, value: number, limit: number, why = ""): void {
  if (Number.isInteger(value) && value >= 1 && value <= limit) return;
  throw new OptionError(
    `${name} is ${value}; it may be a whole number from 1 to ${limit}${why && ` (${why})`}`,
  );
}
