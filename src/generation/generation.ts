/** Text from a prompt: prefill, then token after token until something ends it. */
import { OptionError, SluiceError } from "../support/errors.ts";
import type { ChatMessage } from "../text/chatTemplate.ts";
import { samplerOf } from "./generationSampler.ts";
import type { LanguageModel } from "./languageModel.ts";
import type { Sampler, SamplingOptions } from "./sampler.ts";
import { type DrawnLogprob, logprobsOf } from "./sampling/logprobs.ts";
import type { TokenMask } from "./sampling/tokenMask.ts";
import type { Sequence } from "./sequence.ts";
import { StopStrings } from "./stopStrings.ts";

/** Text to continue, messages to answer, or tokens as they are. */
export type Prompt = string | readonly ChatMessage[] | readonly number[];

export interface GenerateOptions extends SamplingOptions {
  /** Stop after this many tokens. @default 512 */
  readonly maxTokens?: number;
  /** End the text before the first of these strings. Neither shown nor reported. @default none */
  readonly stop?: string | readonly string[];
  /** Never let the model end its turn: forbids all end-of-generation tokens. @default false */
  readonly ignoreEos?: boolean;
  /** Report how likely each token was and so many of the likeliest in its place. @default off */
  readonly logprobs?: number;
  /** A grammar (GBNF) that the text must match. @default none */
  readonly grammar?: string;
  /** A JSON schema: the text is then JSON that it admits. @default none */
  readonly jsonSchema?: unknown;
  /** Any other rule about what may be said; has a state, so it serves one generation. @default none */
  readonly tokenMask?: TokenMask;
  /** Cancels the generation: iterating then throws SluiceError `aborted`. */
  readonly signal?: AbortSignal;
  /**
   * Where to compute. Of its tokens, those that the prompt begins with too are not computed again;
   * the others are forgotten. Afterwards it holds the prompt and what was generated, perhaps without
   * the last token. @default a new sequence, disposed of at the end
   */
  readonly sequence?: Sequence;
}

export const generateDefaults: { readonly maxTokens: number } = { maxTokens: 512 };

/**
 * `end`: the model said so; `stop`: it spelled a stop string; `length`: `maxTokens` reached;
 * `context`: no room for another token.
 */
export type FinishReason = "end" | "stop" | "length" | "context";

export interface GenerationStatistics {
  readonly promptTokens: number;
  /** Those of the prompt's that the sequence held already. */
  readonly reusedTokens: number;
  readonly generatedTokens: number;
  /** Until the first token was known. */
  readonly prefillMs: number;
  /** From the first token to the last. */
  readonly decodeMs: number;
  /** Undefined before the end, and when the generation was cancelled or failed. */
  readonly finishReason: FinishReason | undefined;
  /** To repeat the run. */
  readonly seed: number;
}

/** A generation under way. Iterate over it once; the statistics are right at any moment. */
export class Generation implements AsyncIterable<string> {
  readonly #model: LanguageModel;
  readonly #prompt: readonly number[];
  readonly #options: GenerateOptions;
  readonly #sampler: Sampler;
  readonly #stops: StopStrings;
  readonly #tokens: number[] = [];
  readonly #logprobs: DrawnLogprob[] = [];
  #reusedTokens = 0;
  #prefillMs = 0;
  #decodeMs = 0;
  #finishReason: FinishReason | undefined;
  #started = false;

  /** Use `LanguageModel.generate`. */
  constructor(model: LanguageModel, prompt: Prompt, options: GenerateOptions) {
    this.#model = model;
    this.#options = { ...generateDefaults, ...options };
    this.#prompt = tokensOf(model, prompt);
    this.#sampler = samplerOf(model, this.#prompt, options);
    this.#stops = new StopStrings(options.stop);
    checkWholeNumber("maxTokens", options.maxTokens, 1);
    checkWholeNumber("logprobs", options.logprobs, 0);
  }

  /** Tokens generated so far: all but an end-of-generation token, those of a stop string too. */
  get tokens(): readonly number[] {
    return this.#tokens;
  }

  /** One for each of `tokens`, in the model's own distribution; none without `logprobs`. */
  get logprobs(): readonly DrawnLogprob[] {
    return this.#logprobs;
  }

  get statistics(): GenerationStatistics {
    return {
      promptTokens: this.#prompt.length,
      reusedTokens: this.#reusedTokens,
      generatedTokens: this.#tokens.length,
      prefillMs: this.#prefillMs,
      decodeMs: this.#decodeMs,
      finishReason: this.#finishReason,
      seed: this.#sampler.seed,
    };
  }

  /**
   * Pieces of text, never half a character; some tokens add nothing yet.
   *
   * @throws SluiceError `context-full` when the prompt alone does not fit, `aborted`,
   *   `thread-failed`, `bad-number` when the model computes no usable logits, `busy` when another
   *   generation computes on the same sequence
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    if (this.#started)
      throw new SluiceError("closed", "a generation can be iterated over only once");
    this.#started = true;
    const { sequence = this.#model.createSequence() } = this.#options;
    using _sequence = this.#options.sequence === undefined ? sequence : occupy(sequence);
    await using _threads = await this.#model.holdThreads();
    yield* this.#run(sequence);
  }

  async *#run(sequence: Sequence): AsyncGenerator<string, void, undefined> {
    const { maxTokens = generateDefaults.maxTokens } = this.#options;
    const { tokenizer } = this.#model;
    const text = tokenizer.stream();
    const stops = this.#stops;
    const start = performance.now();
    this.#reusedTokens = rewindToCommon(sequence, this.#prompt);
    let next = await this.#computeNext(sequence, this.#prompt.slice(this.#reusedTokens));
    this.#prefillMs = performance.now() - start;
    while (!tokenizer.endOfGeneration.has(next.token)) {
      this.#take(next);
      const piece = stops.push(text.push(next.token));
      if (piece !== "") yield piece;
      if (stops.hasStopped) this.#finishReason = "stop";
      else if (this.#tokens.length >= maxTokens) this.#finishReason = "length";
      else if (sequence.length >= sequence.capacity) this.#finishReason = "context";
      if (this.#finishReason !== undefined) break;
      const begin = performance.now();
      next = await this.#computeNext(sequence, [next.token]);
      this.#decodeMs += performance.now() - begin;
    }
    this.#finishReason ??= "end";
    const rest = stops.push(text.end()) + stops.end();
    if (stops.hasStopped) this.#finishReason = "stop";
    if (rest !== "") yield rest;
  }

  async #computeNext(sequence: Sequence, tokens: readonly number[]): Promise<Drawn> {
    const logits = await sequence.feed(tokens, { signal: this.#options.signal });
    return { token: this.#sampler.sample(logits), logits };
  }

  #take({ token, logits }: Drawn): void {
    this.#tokens.push(token);
    this.#sampler.accept(token);
    const { logprobs } = this.#options;
    if (logprobs !== undefined) this.#logprobs.push(logprobsOf(logits, token, logprobs));
  }
}

interface Drawn {
  readonly token: number;
  /** What it was drawn from. */
  readonly logits: Float32Array;
}

function tokensOf(model: LanguageModel, prompt: Prompt): readonly number[] {
  if (typeof prompt === "string") return model.tokenizer.encode(prompt);
  const [first] = prompt;
  if (first === undefined || typeof first === "number") return prompt as readonly number[];
  return model.tokenizer.encode(model.chatTemplate.render(prompt as readonly ChatMessage[]));
}

/** Sequences given by callers that a generation is computing on. */
const occupied = new WeakSet<Sequence>();

function occupy(sequence: Sequence): Disposable {
  if (occupied.has(sequence)) {
    throw new SluiceError("busy", "another generation is computing on this sequence");
  }
  occupied.add(sequence);
  return { [Symbol.dispose]: () => occupied.delete(sequence) };
}

/** Keeps what the sequence and the prompt begin with, but leaves a token to compute logits from. */
function rewindToCommon(sequence: Sequence, prompt: readonly number[]): number {
  const { tokens } = sequence;
  const most = Math.min(tokens.length, prompt.length - 1);
  let common = 0;
  while (common < most && tokens[common] === prompt[common]) common++;
  sequence.rewind(common);
  return common;
}

function checkWholeNumber(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new OptionError(`${name} is ${value}; it may be a whole number from ${least} up`);
}
