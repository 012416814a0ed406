/**
 * A model ready to generate: where file, memory, threads, family and tokenizer come together.
 */
import { availableParallelism } from "node:os";
import { threadLimit } from "../compute/cpu/controlBlock.ts";
import { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { createCpuOps } from "../compute/cpu/cpuOps.ts";
import type { Arithmetic } from "../compute/cpu/encodings.ts";
import { compileKernels, type KernelBuild } from "../compute/cpu/wasmKernels.ts";
import { type KeyValueFormat, keyValueBytesPerToken } from "../compute/keyValueCache.ts";
import type { ExpertLayer } from "../experts/experts.ts";
import { TieredExperts } from "../experts/tieredExperts.ts";
import { type GgufFile, openGguf } from "../gguf/ggufFile.ts";
import type { Metadata } from "../gguf/metadata.ts";
import type { Model } from "../model/architecture.ts";
import { architectureOf } from "../model/architectures/index.ts";
import type { Shape } from "../model/shape.ts";
import { OptionError, SluiceError } from "../support/errors.ts";
import { type ChatTemplate, createChatTemplate } from "../text/chatTemplate.ts";
import { createTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { embeddedModelPath } from "./embeddedModel.ts";
import { type ExpertOptions, type ExpertReport, ExpertTier, looksAhead } from "./expertTier.ts";
import { type GenerateOptions, Generation, type Prompt } from "./generation.ts";
import { outputLimit, Sequence } from "./sequence.ts";
import { WeightStore } from "./weightStore.ts";

export interface OpenOptions extends ExpertOptions {
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

interface Parts {
  readonly file: GgufFile;
  readonly shape: Shape;
  readonly backend: CpuBackend;
  readonly model: Model;
  readonly store: WeightStore;
  readonly options: ResolvedOptions;
  readonly experts: TieredExperts;
  readonly tier: ExpertTier;
}

/** The options with their defaults filled in. */
interface ResolvedOptions {
  readonly threads: number;
  readonly contextLength: number;
  readonly arithmetic: Arithmetic;
  readonly keyValueFormat: KeyValueFormat;
  readonly batchTokens: number;
  readonly arenaBytes?: number;
  readonly stallMs?: number;
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
  constructor(parts: Parts) {
    this.#parts = parts;
    this.#metadata = parts.file.metadata;
    this.vocabularySize = parts.model.vocabularySize;
    this.path = parts.file.path;
    this.name = parts.file.name;
    this.shape = parts.shape;
    this.contextLength = parts.options.contextLength;
    this.threads = parts.options.threads;
    this.arithmetic = parts.options.arithmetic;
    this.keyValueFormat = parts.options.keyValueFormat;
    this.identity = parts.backend.identity;
  }

  /** Takes over an open file. */
  static async load(file: GgufFile, given: OpenOptions): Promise<LanguageModel> {
    const architecture = architectureOf(file.metadata.string("general.architecture"), file.name);
    const shape = architecture.readShape(file.metadata);
    const options = resolve(given, shape);
    const { module } = await compileKernels(
      given.kernels === undefined ? {} : { build: given.kernels },
    );
    const backend = new CpuBackend({ module, ...options });
    const ops = createCpuOps(backend);
    const experts = new TieredExperts(backend, ops, { looksAhead: looksAhead(given) });
    const store = new WeightStore(file);
    const model = await architecture.build(shape, store, { ops, experts, metadata: file.metadata });
    await measureBatch(model, backend, shape, options);
    backend.settle({ longestRow: store.longestRow, headValues: shape.headSize + shape.valueSize });
    const laterBytes =
      keyValueBytesPerToken(keyValueShape(shape), options.keyValueFormat) * options.contextLength;
    const tier = await ExpertTier.open(
      {
        file,
        backend,
        store,
        experts,
        laterBytes,
        expertsPerToken: shape.expertsPerToken,
        signal: given.signal,
      },
      given,
    );
    return new LanguageModel({ file, shape, backend, model, store, options, experts, tier });
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
    const { store, backend, shape, options, tier } = this.#open;
    return {
      hotBytes: store.byteLengths.hot,
      expertBytes: tier.plan.slotBytes,
      keyValueBytes:
        keyValueBytesPerToken(keyValueShape(shape), options.keyValueFormat) * options.contextLength,
      workspaceBytes: backend.workspace.peakBytes,
      arenaCount: backend.arenas.list.length,
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

  /** A new, empty sequence with its own keys and values. Dispose of it to reuse its memory. */
  createSequence(): Sequence {
    const { backend, shape, model, experts, options } = this.#open;
    const cache = backend.createCache(
      keyValueShape(shape),
      options.keyValueFormat,
      options.contextLength,
    );
    return new Sequence({
      number: this.#sequences++,
      backend,
      model,
      experts,
      cache,
      batchTokens: options.batchTokens,
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
    return this.#open.backend.holdThreads();
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
    await parts?.tier[Symbol.asyncDispose]();
    await parts?.backend[Symbol.asyncDispose]();
    await parts?.file[Symbol.asyncDispose]();
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

/** Runs the largest batch there may be with addresses only, to learn what memory it takes. */
async function measureBatch(
  model: Model,
  backend: CpuBackend,
  shape: Shape,
  options: ResolvedOptions,
): Promise<void> {
  const tokens = new Int32Array(options.batchTokens);
  const cache = backend.createCache(
    keyValueShape(shape),
    options.keyValueFormat,
    options.contextLength,
  );
  const outputs = Int32Array.from(tokens.subarray(0, outputLimit).keys());
  await backend.during(undefined, async () => {
    await model.forward({ tokens, positions: tokens, outputs, cache });
  });
}

function keyValueShape({ layerCount, keyValueHeadCount, headSize, valueSize }: Shape) {
  return { layerCount, keyValueHeadCount, headSize, valueSize };
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
