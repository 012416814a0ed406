/** One sequence of tokens on a model: feed it, read logits, rewind it, feed it again. */
import type { KeyValueCache } from "../compute/keyValueCache.ts";
import type { Model } from "../model/architecture.ts";
import { OptionError, SluiceError } from "../support/errors.ts";
import type { Devices } from "./devices.ts";

/** What computes a model: replaced as a whole when one of its devices fails. */
export interface Engine {
  readonly devices: Devices;
  readonly model: Model;
}

/** The model that a sequence belongs to. */
export interface SequenceHost {
  /** Numbers the model's sequences from 0. */
  readonly number: number;
  /** Tokens computed at once. */
  readonly batchTokens: number;
  /** What computes the model now. */
  readonly engine: () => Engine;
  readonly createCache: (engine: Engine) => KeyValueCache & Disposable;
  /** Replaces an engine that failed for good; throws the error if it was another kind of failure. */
  readonly mend: (error: unknown, engine: Engine) => Promise<void>;
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
  readonly #host: SequenceHost;
  readonly #tokens: number[] = [];
  #engine: Engine;
  #cache: KeyValueCache & Disposable;
  #feeding = false;
  #closed = false;

  /** Use `LanguageModel.createSequence`. */
  constructor(host: SequenceHost) {
    this.#host = host;
    this.#engine = host.engine();
    this.#cache = host.createCache(this.#engine);
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
    return this.#cache.capacity;
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
    const { vocabularySize } = this.#engine.model;
    const { batchTokens: most } = this.#host;
    const batchTokens = outputs === "all" ? Math.min(most, outputLimit) : most;
    const all = Int32Array.from(tokens);
    // One token behind others is taken for the one just generated.
    const phase = all.length === 1 && this.length > 0 ? "decode" : "prefill";
    this.#check(tokens);
    this.#refuseIfFeeding();
    if (this.length + all.length > this.capacity) {
      throw new SluiceError(
        "context-full",
        `${this.length + all.length} tokens do not fit a context of ${this.capacity}; ask for a longer context or feed less`,
      );
    }
    this.#feeding = true;
    const before = this.length;
    let logits: Float32Array = new Float32Array(0);
    try {
      for (let begin = 0; begin < all.length; begin += batchTokens) {
        const batch = all.subarray(begin, begin + batchTokens);
        const last = begin + batch.length === all.length;
        const wanted =
          outputs === "all"
            ? Int32Array.from(batch.keys())
            : Int32Array.from(last ? [batch.length - 1] : []);
        const computed = await this.#host.exclusively(() =>
          this.#compute({ batch, wanted, phase, signal }),
        );
        if (outputs === "last" || computed.length === all.length * vocabularySize) {
          logits = computed;
          continue;
        }
        if (begin === 0) logits = new Float32Array(all.length * vocabularySize);
        logits.set(computed, begin * vocabularySize);
      }
    } catch (error) {
      // It may have been disposed of meanwhile: then it is empty already.
      if (this.#cache.length > before) this.#cache.truncate(before);
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
    this.#cache.truncate(Math.min(length, this.#cache.length));
    this.#tokens.length = length;
  }

  /** Gives its memory back. A call under way ends with `closed`. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cache[Symbol.dispose]();
    this.#tokens.length = 0;
  }

  /** Computes a batch; if a GPU fails for good, once more on what is left. */
  async #compute(pass: Pass): Promise<Float32Array> {
    await this.#follow(pass.signal);
    try {
      return await this.#computeBatch(pass);
    } catch (error) {
      await this.#host.mend(error, this.#engine);
      await this.#follow(pass.signal);
      return await this.#computeBatch(pass);
    }
  }

  /** If the engine was replaced: what it remembered of this sequence is computed again. */
  async #follow(signal: AbortSignal | undefined): Promise<void> {
    const engine = this.#host.engine();
    if (engine === this.#engine && this.#cache.length === this.length) return;
    if (this.#closed) throw new SluiceError("closed", "this sequence has been closed");
    if (engine !== this.#engine) {
      this.#cache[Symbol.dispose]();
      this.#engine = engine;
      this.#cache = this.#host.createCache(engine);
    }
    const tokens = Int32Array.from(this.#tokens.splice(0));
    const wanted = new Int32Array(0);
    try {
      this.#cache.truncate(0);
      for (let begin = 0; begin < tokens.length; begin += this.#host.batchTokens) {
        const batch = tokens.subarray(begin, begin + this.#host.batchTokens);
        await this.#computeBatch({ batch, wanted, phase: "prefill", signal });
      }
    } catch (error) {
      // The next call tries again.
      this.#cache.truncate(0);
      if (!this.#closed) this.#tokens.splice(0, this.length, ...tokens);
      throw error;
    }
  }

  async #computeBatch({
    batch: tokens,
    wanted: outputs,
    phase,
    signal,
  }: Pass): Promise<Float32Array> {
    const { devices, model } = this.#engine;
    const cache = this.#cache;
    const first = cache.length;
    cache.advance(tokens.length);
    devices.experts.beginPass({
      sequence: this.#host.number,
      position: first,
      tokens: tokens.length,
      phase,
    });
    const positions = Int32Array.from(tokens, (_, index) => first + index);
    const logits = await devices.during(signal, async () => {
      const hidden = await model.forward({ tokens, positions, outputs, cache });
      return devices.read(hidden);
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
    const { vocabularySize } = this.#engine.model;
    if (tokens.length === 0) throw new OptionError("no tokens to feed");
    for (const token of Array.from(tokens)) {
      if (Number.isInteger(token) && token >= 0 && token < vocabularySize) continue;
      throw new OptionError(
        `${token} is not a token of this model; tokens go from 0 to ${vocabularySize - 1}`,
      );
    }
  }
}
