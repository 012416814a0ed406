/**
 * What a miss costs: run the expert where its bytes lie, or move it to the fast device first?
 *
 *   run here  =  tokens x bytes x (ms per byte of the slow processor)
 *   move      =  (bytes queued before it + bytes) x (ms per byte of the link) + ms of the fast device
 *
 * The slow processor's time grows with the tokens, the link's does not: that is why decode runs misses
 * in place and prefill moves them. Times are given or measured; a measurement replaces what was given
 * and is smoothed from then on. Where neither is known nothing moves: an upload must be shown to pay.
 * Deterministic: the model has no clock, measurements are handed in and can be recorded.
 * Sources: K. Kamahori et al., "Fiddler: CPU-GPU Orchestration for Fast Inference of Mixture-of-Experts
 * Models", arXiv:2402.07033, section 3; the smoothing factor is that of SharpInference's
 * `FiddlerDispatchPolicy` (MIT), which holds the time of a transfer constant.
 */
import { Ewma } from "./ewma.ts";
import { requireAmount, requireCount } from "./requireNumber.ts";

export interface CostModelOptions {
  /** Milliseconds per byte and token of the processor beside the cold bytes. @default unknown */
  readonly runHereMsPerByte?: number;
  /** Milliseconds per byte of the link to the fast device. @default unknown */
  readonly linkMsPerByte?: number;
  /** Milliseconds that the fast device takes for an expert it holds. @default 0 */
  readonly fastMs?: number;
  /** Weight of a new measurement, in (0, 1]. @default 0.2 */
  readonly alpha?: number;
}

/** A miss that has to be answered now. */
export interface MissQuestion {
  readonly bytes: number;
  /** Tokens of the batch that chose this expert. @default 1 */
  readonly tokens?: number;
  /** Bytes that the link has to move before these. @default 0 */
  readonly queuedBytes?: number;
}

/** An expert that could be moved ahead of time, while nobody asks for it. */
export interface MoveAheadQuestion {
  readonly bytes: number;
  /** Uses to expect before it would be evicted: a probability, or more than 1 for several tokens. */
  readonly expectedUses: number;
  /** Milliseconds for which the link would stand idle otherwise. @default 0 */
  readonly idleMs?: number;
}

/** `undefined` stands for a time that is not known. */
export interface MissDecision {
  readonly action: "run-here" | "move";
  readonly runHereMs: number | undefined;
  readonly moveMs: number | undefined;
}

export interface MoveAheadDecision {
  readonly action: "move" | "nothing";
  /** Milliseconds to gain less milliseconds to pay; `undefined` if a time is not known. */
  readonly gainMs: number | undefined;
}

export class CostModel {
  readonly #runHere: Estimate;
  readonly #link: Estimate;
  readonly #fast: Estimate;

  constructor(options: CostModelOptions = {}) {
    const { runHereMsPerByte, linkMsPerByte, fastMs = 0, alpha = 0.2 } = options;
    this.#runHere = new Estimate("runHereMsPerByte", runHereMsPerByte, alpha);
    this.#link = new Estimate("linkMsPerByte", linkMsPerByte, alpha);
    this.#fast = new Estimate("fastMs", fastMs, alpha);
  }

  /** An expert of `bytes` took `ms` for `tokens` tokens on the slow processor. */
  measuredRunHere({ bytes, tokens = 1 }: MissQuestion, ms: number): void {
    const work = requireCount("bytes", bytes, 1) * requireCount("tokens", tokens, 1);
    this.#runHere.add(requireAmount("ms", ms) / work);
  }

  /** The link moved `bytes` in `ms`, without the time they queued. */
  measuredMove(bytes: number, ms: number): void {
    this.#link.add(requireAmount("ms", ms) / requireCount("bytes", bytes, 1));
  }

  /** The fast device computed an expert it held in `ms`. */
  measuredFast(ms: number): void {
    this.#fast.add(ms);
  }

  /** Moves only if that is known to be quicker; equal times stay where they are. */
  decideMiss({ bytes, tokens = 1, queuedBytes = 0 }: MissQuestion): MissDecision {
    const runHereMs = this.#runHere.times(bytes * tokens);
    const transferMs = this.#link.times(queuedBytes + bytes);
    const moveMs = transferMs === undefined ? undefined : transferMs + this.#fast.value!;
    const pays = runHereMs !== undefined && moveMs !== undefined && moveMs < runHereMs;
    return { action: pays ? "move" : "run-here", runHereMs, moveMs };
  }

  /**
   * A move ahead of time gains, at each use, what that use will then not cost as a miss. It pays for
   * the time that it keeps the link from others: all of it but the idle part. "Nothing" is an answer,
   * and the one where a time is not known.
   */
  decideMoveAhead({ bytes, expectedUses, idleMs = 0 }: MoveAheadQuestion): MoveAheadDecision {
    const runHereMs = this.#runHere.times(bytes);
    const transferMs = this.#link.times(bytes);
    if (runHereMs === undefined || transferMs === undefined) {
      return { action: "nothing", gainMs: undefined };
    }
    const fastMs = this.#fast.value!;
    const savedPerUse = Math.min(runHereMs, transferMs + fastMs) - fastMs;
    const paid = Math.max(0, transferMs - idleMs);
    const gainMs = requireAmount("expectedUses", expectedUses) * savedPerUse - paid;
    return { action: gainMs > 0 ? "move" : "nothing", gainMs };
  }
}

/** A time per unit: the measured mean, before that what was given, before that unknown. */
class Estimate {
  readonly #given: number | undefined;
  readonly #measured: Ewma;

  constructor(name: string, given: number | undefined, alpha: number) {
    this.#given = given === undefined ? undefined : requireAmount(name, given);
    this.#measured = new Ewma(alpha);
  }

  get value(): number | undefined {
    return this.#measured.mean ?? this.#given;
  }

  add(sample: number): void {
    this.#measured.add(sample);
  }

  times(units: number): number | undefined {
    return this.value === undefined ? undefined : this.value * units;
  }
}
