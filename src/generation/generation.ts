/** Text from a prompt: prefill, then token after token until something ends it. */
import { OptionError, SluiceError } from "../support/errors.ts";
import type { ChatMessage } from "../text/chatTemplate.ts";
import type { LanguageModel } from "./languageModel.ts";
import { createSampler, type SamplingOptions } from "./sampler.ts";
import type { Sequence } from "./sequence.ts";

/** Text to continue, messages to answer, or tokens as they are. */
export type Prompt = string | readonly ChatMessage[] | readonly number[];

export interface GenerateOptions extends SamplingOptions {
  /** Stop after this many tokens. @default 512 */
  readonly maxTokens?: number;
  /** Cancels the generation: iterating then throws SluiceError `aborted`. */
  readonly signal?: AbortSignal;
}

export const generateDefaults: { readonly maxTokens: number } = { maxTokens: 512 };

/** `end`: the model said so; `length`: `maxTokens` reached; `context`: no room for another token. */
export type FinishReason = "end" | "length" | "context";

export interface GenerationStatistics {
  readonly promptTokens: number;
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
  readonly #sampler;
  readonly #tokens: number[] = [];
  #prefillMs = 0;
  #decodeMs = 0;
  #finishReason: FinishReason | undefined;
  #started = false;

  /** Use `LanguageModel.generate`. */
  constructor(model: LanguageModel, prompt: Prompt, options: GenerateOptions) {
    this.#model = model;
    this.#options = { ...generateDefaults, ...options };
    this.#sampler = createSampler(options);
    this.#prompt = tokensOf(model, prompt);
    checkMaxTokens(this.#options.maxTokens);
  }

  /** Tokens generated so far, without the one that ended the generation. */
  get tokens(): readonly number[] {
    return this.#tokens;
  }

  get statistics(): GenerationStatistics {
    return {
      promptTokens: this.#prompt.length,
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
   *   `thread-failed`, `bad-number` when the model computes no usable logits
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    if (this.#started)
      throw new SluiceError("closed", "a generation can be iterated over only once");
    this.#started = true;
    using sequence = this.#model.createSequence();
    await using _threads = await this.#model.holdThreads();
    yield* this.#run(sequence);
  }

  async *#run(sequence: Sequence): AsyncGenerator<string, void, undefined> {
    const { signal, maxTokens = generateDefaults.maxTokens } = this.#options;
    const { tokenizer } = this.#model;
    const text = tokenizer.stream();
    const start = performance.now();
    let logits = await sequence.feed(this.#prompt, { signal });
    this.#prefillMs = performance.now() - start;
    for (;;) {
      const token = this.#sampler.sample(logits);
      if (tokenizer.endOfGeneration.has(token)) {
        this.#finishReason = "end";
        break;
      }
      this.#tokens.push(token);
      const piece = text.push(token);
      if (piece !== "") yield piece;
      if (this.#tokens.length >= maxTokens) this.#finishReason = "length";
      else if (sequence.length >= sequence.capacity) this.#finishReason = "context";
      if (this.#finishReason !== undefined) break;
      const begin = performance.now();
      logits = await sequence.feed([token], { signal });
      this.#decodeMs += performance.now() - begin;
    }
    const rest = text.end();
    if (rest !== "") yield rest;
  }
}

function tokensOf(model: LanguageModel, prompt: Prompt): readonly number[] {
  if (typeof prompt === "string") return model.tokenizer.encode(prompt);
  const [first] = prompt;
  if (first === undefined || typeof first === "number") return prompt as readonly number[];
  return model.tokenizer.encode(model.chatTemplate.render(prompt as readonly ChatMessage[]));
}

function checkMaxTokens(value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1)) return;
  throw new OptionError(`maxTokens is ${value}; it may be a whole number from 1 up`);
}
