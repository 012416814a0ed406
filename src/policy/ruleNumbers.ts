/** Numbers that a rule remembers between accesses, as parts that a snapshot can hold. */
import type { RulePart } from "./replacementRule.ts";

/** One number per expert (or per layer), read and written as a plain typed array. */
export class NumberTable implements RulePart {
  readonly values: Float64Array;
  readonly #initial: number;

  constructor(length: number, initial = 0) {
    this.values = new Float64Array(length).fill(initial);
    this.#initial = initial;
  }

  save(): number[] {
    return Array.from(this.values);
  }

  load(saved: readonly number[]): void {
    this.values.set(saved);
  }

  clear(): void {
    this.values.fill(this.#initial);
  }
}

/** One number. */
export class NumberCell implements RulePart {
  value: number;
  readonly #initial: number;

  constructor(initial = 0) {
    this.value = initial;
    this.#initial = initial;
  }

  save(): number[] {
    return [this.value];
  }

  load(saved: readonly number[]): void {
    this.value = saved[0]!;
  }

  clear(): void {
    this.value = this.#initial;
  }
}

/**
 * Random whole numbers that a seed repeats everywhere and a snapshot continues: the state is one
 * word. Source: SplitMix (Steele, Lea and Flood, OOPSLA 2014) in 32 bits, mixed by MurmurHash3's
 * finaliser.
 */
export class RandomNumbers implements RulePart {
  readonly #state: NumberCell;

  constructor(seed: number) {
    this.#state = new NumberCell(seed | 0);
  }

  /** Uniform in 0 to `bound` - 1; the bias is below bound / 2^32. */
  below(bound: number): number {
    this.#state.value = (this.#state.value + 0x9e3779b9) | 0;
    let mixed = this.#state.value;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return Math.floor((((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32) * bound);
  }

  save(): number[] {
    return this.#state.save();
  }

  load(saved: readonly number[]): void {
    this.#state.load(saved);
  }

  clear(): void {
    this.#state.clear();
  }
}
