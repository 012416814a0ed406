/** One sequence of tokens on a model: feed it, read logits, rewind it, feed it again. */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import type { CpuKeyValueCache } from "../compute/cpu/cpuKeyValueCache.ts";
import type { ExpertRoom } from "../experts/expertRoom.ts";
import type { Model } from "../model/architecture.ts";
import { OptionError, SluiceError } from "../support/errors.ts";

export interface SequenceParts {
  /** Numbers the model's sequences from 0. */
  readonly number: number;
  readonly backend: CpuBackend;
  readonly model: Model;
  readonly experts: ExpertRoom;
  readonly cache: CpuKeyValueCache;
  /** Tokens computed at once. */
  readonly batchTokens: number;
  /** Waits for the model's other batches, then runs `work`. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface FeedOptions {
  /** Which of the fed tokens' logits are wanted. @default "last" */
  readonly outputs?: "last" | "all";
  readonly signal?: AbortSignal | undefined;
}

interface Pass {
  readonly batch: Int32Array;
  /** Indices into the batch of the tokens whose logits are wanted. */
  readonly wanted: Int32Array;
  readonly phase: "prefill" | "decode";
  readonly signal: AbortSignal | undefined;
}

/** Rows of logits computed at once: with large vocabularies they outgrow all other activations. */
export const outputLimit = 32;

export class Sequence implements Disposable {
  readonly #parts: SequenceParts;
  readonly #tokens: number[] = [];
  #feeding = false;

  /** Use `LanguageModel.createSequence`. */
  constructor(parts: SequenceParts) {
    this.#parts = parts;
  }

  /** All tokens fed so far. */
  get tokens(): readonly number[] {
    return this.#tokens;
  }

  get length(): number {
    return this.#tokens.length;
  }

  /** Positions it has room for. */
  get capacity(): number {
    return this.#parts.cache.capacity;
  }

  /**
   * Appends tokens and returns logits: `[outputs, vocabularySize]`, a copy of its own.
   *
   * A failure leaves the sequence as it was before the call. One call must end before the next
   * begins, or their batches would mix; other sequences may be fed meanwhile.
   *
   * @throws OptionError for a token outside the vocabulary; SluiceError `context-full`, `aborted`,
   *   `thread-failed`, `busy` during another call, `closed`
   */
  async feed(
    tokens: ArrayLike<number>,
    { outputs = "last", signal }: FeedOptions = {},
  ): Promise<Float32Array> {
    const { model, cache } = this.#parts;
    const batchTokens =
      outputs === "all" ? Math.min(this.#parts.batchTokens, outputLimit) : this.#parts.batchTokens;
    const all = Int32Array.from(tokens);
    // One token behind others is taken for the one just generated.
    const phase = all.length === 1 && this.length > 0 ? "decode" : "prefill";
    this.#check(tokens);
    this.#refuseIfFeeding();
    if (this.length + all.length > cache.capacity) {
      throw new SluiceError(
        "context-full",
        `${this.length + all.length} tokens do not fit a context of ${cache.capacity}; ask for a longer context or feed less`,
      );
    }
    this.#feeding = true;
    const before = this.length;
    const logits = new Float32Array((outputs === "all" ? all.length : 1) * model.vocabularySize);
    try {
      for (let begin = 0; begin < all.length; begin += batchTokens) {
        const batch = all.subarray(begin, begin + batchTokens);
        const last = begin + batch.length === all.length;
        const wanted =
          outputs === "all"
            ? Int32Array.from(batch.keys())
            : Int32Array.from(last ? [batch.length - 1] : []);
        const computed = await this.#parts.exclusively(() =>
          this.#compute({ batch, wanted, phase, signal }),
        );
        logits.set(computed, outputs === "all" ? begin * model.vocabularySize : 0);
      }
    } catch (error) {
      // It may have been disposed of meanwhile: then it is empty already.
      if (cache.length > before) cache.truncate(before);
      if (this.#tokens.length > before) this.#tokens.length = before;
      throw error;
    } finally {
      this.#feeding = false;
    }
    return logits;
  }

  /**
   * Forgets all tokens from position `length` on.
   *
   * @throws OptionError for a length it does not have; SluiceError `busy` while it is fed
   */
  rewind(length: number): void {
    this.#refuseIfFeeding();
    if (!Number.isInteger(length) || length < 0 || length > this.length) {
      throw new OptionError(`cannot rewind ${this.length} tokens to ${length}`);
    }
    this.#parts.cache.truncate(length);
    this.#tokens.length = length;
  }

  /** Gives its memory back. A call under way ends with `closed`. */
  [Symbol.dispose](): void {
    this.#parts.cache[Symbol.dispose]();
    this.#tokens.length = 0;
  }

  async #compute({ batch: tokens, wanted: outputs, phase, signal }: Pass): Promise<Float32Array> {
    const { number, backend, model, experts, cache } = this.#parts;
    const first = cache.length;
    cache.advance(tokens.length);
    experts.beginPass({ sequence: number, position: first, tokens: tokens.length, phase });
    const positions = Int32Array.from(tokens, (_, index) => first + index);
    const logits = await backend.during(signal, async () => {
      const hidden = await model.forward({ tokens, positions, outputs, cache });
      return backend.floatsOf(hidden).slice();
    });
    for (const token of tokens) this.#tokens.push(token);
    return logits;
  }

  #refuseIfFeeding(): void {
    if (this.#feeding) {
      throw new SluiceError("busy", "this sequence is being fed; wait until that call has ended");
    }
  }

  #check(tokens: ArrayLike<number>): void {
    const { vocabularySize } = this.#parts.model;
    if (tokens.length === 0) throw new OptionError("no tokens to feed");
    for (const token of Array.from(tokens)) {
      if (Number.isInteger(token) && token >= 0 && token < vocabularySize) continue;
      throw new OptionError(
        `${token} is not a token of this model; tokens go from 0 to ${vocabularySize - 1}`,
      );
    }
  }
}
