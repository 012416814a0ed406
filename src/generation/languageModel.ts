/**
 * A model ready to generate: where file, memory, threads, family and tokenizer come together.
 */
import { availableParallelism } from "node:os";
import { threadLimit } from "../compute/cpu/controlBlock.ts";
import type { Arithmetic } from "../compute/cpu/encodings.ts";
import type { KernelBuild } from "../compute/cpu/wasmKernels.ts";
import { GpuFailureError } from "../compute/gpu/gpuErrors.ts";
import { type KeyValueFormat, keyValueBytesPerToken } from "../compute/keyValueCache.ts";
import type { ExpertLayer } from "../experts/experts.ts";
import { type GgufFile, openGguf } from "../gguf/ggufFile.ts";
import type { Metadata } from "../gguf/metadata.ts";
import { architectureOf } from "../model/architectures/index.ts";
import type { Shape } from "../model/shape.ts";
import { OptionError, SluiceError } from "../support/errors.ts";
import { publish } from "../support/events.ts";
import { type ChatTemplate, createChatTemplate } from "../text/chatTemplate.ts";
import { createTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { type Assembly, assemble, keyValueShape, type ResolvedOptions } from "./assembly.ts";
import { embeddedModelPath } from "./embeddedModel.ts";
import type { ExpertOptions, ExpertReport } from "./expertTier.ts";
import { type GenerateOptions, Generation, type Prompt } from "./generation.ts";
import type { GpuOptions } from "./gpuOptions.ts";
import type { GpuReport } from "./gpuTier.ts";
import { type Engine, Sequence } from "./sequence.ts";

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

/** Bytes a model holds, by what they are for. */
export interface MemoryUse {
  readonly hotBytes: number;
  /** Slots of experts, whether all experts have one or not. */
  readonly expertBytes: number;
  /** Keys and values of one sequence at full length. */
  readonly keyValueBytes: number;
  /** Room for the activations of the largest batch; memory never touched costs nothing. */
  readonly workspaceBytes: number;
  /** WASM memories that hold all this. */
  readonly arenaCount: number;
}

/**
 * Opens a GGUF model, or the embedded one, and reads it into memory.
 *
 * @throws SluiceError: the file cannot be read or is damaged, its family, a format or the
 *   tokenizer is not supported, an option is out of range, or memory does not suffice
 */
export async function openModel(
  path: string = embeddedModelPath,
  options: OpenOptions = {},
): Promise<LanguageModel> {
  const file = await openGguf(path);
  try {
    return await LanguageModel.load(file, options);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

interface Parts extends Assembly {
  readonly file: GgufFile;
  readonly shape: Shape;
  readonly options: ResolvedOptions;
}

export class LanguageModel implements AsyncDisposable {
  readonly path: string;
  readonly name: string;
  readonly shape: Shape;
  readonly contextLength: number;
  readonly threads: number;
  readonly arithmetic: Arithmetic;
  readonly keyValueFormat: KeyValueFormat;
  /** What `RoutingEvent.model` and `LayerEvent.model` are for this model. */
  readonly identity: object;
  /** Rows of the output head: logits of one position. */
  readonly vocabularySize: number;
  readonly #metadata: Metadata;
  readonly #given: OpenOptions;
  /** Until the model is closed; then its memory can go, whoever still holds the model. */
  #parts: Parts | undefined;
  #tokenizer: Tokenizer | undefined;
  #chatTemplate: ChatTemplate | undefined;
  /** Batches take turns: they share one workspace. */
  #turn: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  /** How many were created. */
  #sequences = 0;

  /** Use `openModel`. */
  constructor(parts: Parts, given: OpenOptions) {
    this.#parts = parts;
    this.#given = given;
    this.#metadata = parts.file.metadata;
    this.vocabularySize = parts.model.vocabularySize;
    this.path = parts.file.path;
    this.name = parts.file.name;
    this.shape = parts.shape;
    this.contextLength = parts.options.contextLength;
    this.threads = parts.options.threads;
    this.arithmetic = parts.options.arithmetic;
    this.keyValueFormat = parts.options.keyValueFormat;
    this.identity = parts.devices.identity;
  }

  /** Takes over an open file. */
  static async load(file: GgufFile, given: OpenOptions): Promise<LanguageModel> {
    const architecture = architectureOf(file.metadata.string("general.architecture"), file.name);
    const shape = architecture.readShape(file.metadata);
    const options = resolve(given, shape);
    const assembly = await assemble(file, shape, options, given);
    return new LanguageModel({ ...assembly, file, shape, options }, given);
  }

  /** Built when first asked for: a large vocabulary takes about a second. */
  get tokenizer(): Tokenizer {
    this.#tokenizer ??= createTokenizer(this.#metadata, this.vocabularySize);
    return this.#tokenizer;
  }

  get chatTemplate(): ChatTemplate {
    this.#chatTemplate ??= createChatTemplate(this.#metadata, this.tokenizer);
    return this.#chatTemplate;
  }

  get memory(): MemoryUse {
    const { store, devices, shape, options, tier } = this.#open;
    return {
      hotBytes: store.byteLengths.hot,
      expertBytes: tier.plan.slotBytes,
      keyValueBytes:
        keyValueBytesPerToken(keyValueShape(shape), options.keyValueFormat) * options.contextLength,
      workspaceBytes: devices.cpu.workspace.peakBytes,
      arenaCount: devices.cpu.arenas.list.length,
    };
  }

  /** Layers that have experts, in the order of the forward pass. */
  get expertLayers(): readonly ExpertLayer[] {
    return this.#open.store.expertSources.map(({ layer }) => layer);
  }

  /** Where the experts are, and how that went so far. */
  get experts(): ExpertReport {
    return this.#open.tier.report();
  }

  /** GPUs that compute layers, and how that went so far; none if the processor computes all. */
  get gpus(): readonly GpuReport[] {
    const { gpuTiers, devices } = this.#open;
    const { outputDevice } = devices.placement;
    return gpuTiers.map((tier, index) => tier.report(outputDevice === index + 1));
  }

  /** What a user should know of where things went: why there is no GPU, what did not fit. */
  get remarks(): readonly string[] {
    return this.#open.remarks;
  }

  /** A new, empty sequence with its own keys and values. Dispose of it to reuse its memory. */
  createSequence(): Sequence {
    const { shape, options } = this.#open;
    return new Sequence({
      number: this.#sequences++,
      batchTokens: options.batchTokens,
      engine: () => this.#open,
      createCache: ({ devices }) =>
        devices.createCache(keyValueShape(shape), options.keyValueFormat, options.contextLength),
      mend: (error, engine) => this.#mend(error, engine),
      exclusively: (work) => this.#exclusively(work),
    });
  }

  /**
   * Continues a prompt: iterate over the result for pieces of text as they come.
   *
   * @throws OptionError for options out of range; while iterating, SluiceError as `Generation` says
   */
  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    this.#refuseIfClosed();
    return new Generation(this, prompt, options);
  }

  /** Keeps the compute threads at hand until disposed of: worth it around several batches. */
  async holdThreads(): Promise<AsyncDisposable> {
    return this.#open.devices.holdThreads();
  }

  /** Ends the threads and closes the file. A batch under way finishes first. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#turn;
    const parts = this.#parts;
    this.#parts = undefined;
    if (parts !== undefined) await closeParts(parts);
    await parts?.file[Symbol.asyncDispose]();
  }

  /** A GPU that failed is given up: the processor computes everything from now on. */
  async #mend(error: unknown, failed: Engine): Promise<void> {
    const parts = this.#parts;
    if (!(error instanceof GpuFailureError) || parts === undefined) throw error;
    if (parts !== failed) return; // another sequence has seen to it
    const { file, shape, options, remarks } = parts;
    this.#parts = undefined; // until it is well again, and for good if that fails
    await closeParts(parts);
    const given = { ...this.#given, gpu: "off", identity: this.identity };
    const assembly = await assemble(file, shape, options, given);
    const remark = `${error.message}; the CPU goes on alone`;
    this.#parts = { ...assembly, file, shape, options, remarks: [...remarks, remark] };
    publish("sluice:gpu", () => {
      return { device: error.device, kind: "given-up", message: "the CPU goes on alone" };
    });
  }

  get #open(): Parts {
    this.#refuseIfClosed();
    if (this.#parts === undefined) throw new SluiceError("closed", `${this.name} has been closed`);
    return this.#parts;
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseIfClosed();
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #refuseIfClosed(): void {
    if (this.#closing !== undefined)
      throw new SluiceError("closed", `${this.name} has been closed`);
  }
}

async function closeParts({ tier, devices }: Parts): Promise<void> {
  await tier[Symbol.asyncDispose]();
  await devices[Symbol.asyncDispose]();
}

function resolve(given: OpenOptions, shape: Shape): ResolvedOptions {
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
