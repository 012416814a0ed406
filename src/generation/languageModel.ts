/**
 * A model ready to generate: where file, memory, threads, family and tokenizer come together.
 */
import type { Arithmetic } from "../compute/cpu/encodings.ts";
import { GpuFailureError } from "../compute/gpu/gpuErrors.ts";
import type { KeyValueFormat } from "../compute/keyValueCache.ts";
import type { ExpertLayer } from "../experts/experts.ts";
import { type GgufFile, openGguf } from "../gguf/ggufFile.ts";
import type { Metadata } from "../gguf/metadata.ts";
import { architectureOf } from "../model/architectures/index.ts";
import type { Shape } from "../model/shape.ts";
import type { AccessProfile } from "../policy/profile.ts";
import { SluiceError } from "../support/errors.ts";
import { publish } from "../support/events.ts";
import { type ChatTemplate, createChatTemplate } from "../text/chatTemplate.ts";
import { createTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { type Assembly, assemble, keyValueShape, type ResolvedOptions } from "./assembly.ts";
import { embeddedModelPath } from "./embeddedModel.ts";
import type { ExpertReport } from "./expertTier.ts";
import { type GenerateOptions, Generation, type Prompt } from "./generation.ts";
import { keyValueBytesPerLayer } from "./gpuPlan.ts";
import { type GpuReport, mergedProfile } from "./gpuReport.ts";
import { type OpenOptions, resolveOptions } from "./openOptions.ts";
import { type Engine, Sequence } from "./sequence.ts";

export { type OpenOptions, openDefaults } from "./openOptions.ts";

/** Bytes of RAM that a model holds, by what they are for. */
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
  readonly #file: GgufFile;
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
    this.#file = parts.file;
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
    const options = resolveOptions(given, shape);
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
      hotBytes: store.byteLengths.processor,
      expertBytes: tier.plan.slotBytes,
      keyValueBytes: devices.processorLayers * keyValueBytesPerLayer(shape, options),
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

  /**
   * Uses of every expert, in layers that have experts, wherever it was computed: what `profile` of
   * `openModel` takes.
   */
  get profile(): AccessProfile {
    return mergedProfile(this.expertLayers, this.experts.profile, this.gpus);
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
    await using _file = this.#file;
    if (parts !== undefined) await closeParts(parts);
  }

  /** A GPU that failed is given up: the processor computes everything from now on. */
  async #mend(error: unknown, failed: Engine): Promise<void> {
    const parts = this.#parts;
    if (!(error instanceof GpuFailureError) || parts === undefined) throw error;
    if (parts !== failed) return; // another sequence has seen to it
    const { file, shape, options, remarks } = parts;
    this.#parts = undefined; // until it is well again, and for good if that fails
    await closeParts(parts);
    // What cancelled the loading has nothing to say any more.
    const { signal: _, ...again } = this.#given;
    const given = { ...again, gpu: "off", identity: this.identity };
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
  await using _devices = devices; // after the tier, also if that fails
  await tier[Symbol.asyncDispose]();
}
