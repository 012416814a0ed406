/**
 * The metadata of a GGUF file: typed reading with errors that name the key and the file.
 *
 * Every reader takes an optional fallback for an absent key; without one, absence throws
 * `MissingMetadataError`. A key that holds another kind of value always throws it.
 */
import { BadGgufError, MissingMetadataError } from "../support/errors.ts";

/** What a file can hold: 64-bit integers come as `bigint`, all other numbers as `number`. */
export type MetadataValue = string | number | bigint | boolean | readonly MetadataValue[];

/** More layers than any model has: beyond it a number is damage, not a size to allocate by. */
const LAYER_LIMIT = 65_536;

export class Metadata {
  /** Name of the file, for messages. */
  readonly file: string;
  readonly #entries: ReadonlyMap<string, MetadataValue>;

  constructor(entries: ReadonlyMap<string, MetadataValue>, file: string) {
    this.#entries = entries;
    this.file = file;
  }

  /** In file order. */
  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The value as stored, for listings. */
  raw(key: string): MetadataValue | undefined {
    return this.#entries.get(key);
  }

  string(key: string, fallback?: string): string {
    return this.#one(key, fallback, "a string", asString);
  }

  boolean(key: string, fallback?: boolean): boolean {
    return this.#one(key, fallback, "a boolean", asBoolean);
  }

  /** A finite number. */
  float(key: string, fallback?: number): number {
    return this.#one(key, fallback, "a finite number", asFloat);
  }

  /** An integer that a `number` holds exactly. */
  integer(key: string, fallback?: number): number {
    return this.#one(key, fallback, "an integer", asInteger);
  }

  /** A non-negative integer that a `number` holds exactly. */
  count(key: string, fallback?: number): number {
    return this.#one(key, fallback, "a count", asCount);
  }

  strings(key: string, fallback?: readonly string[]): readonly string[] {
    return this.#many(key, fallback, "an array of strings", asString);
  }

  booleans(key: string, fallback?: readonly boolean[]): readonly boolean[] {
    return this.#many(key, fallback, "an array of booleans", asBoolean);
  }

  floats(key: string, fallback?: readonly number[]): readonly number[] {
    return this.#many(key, fallback, "an array of finite numbers", asFloat);
  }

  integers(key: string, fallback?: readonly number[]): readonly number[] {
    return this.#many(key, fallback, "an array of integers", asInteger);
  }

  /**
   * One integer per layer. The file may hold an array of `layerCount`, or one number for all:
   * converters write the short form when the layers agree.
   */
  integerPerLayer(key: string, layerCount: number, fallback?: number): readonly number[] {
    if (!(layerCount <= LAYER_LIMIT)) {
      throw new BadGgufError(this.file, `a model of ${layerCount} layers cannot be right`);
    }
    const value = this.#entries.get(key);
    if (!isArray(value)) {
      return new Array<number>(layerCount).fill(this.integer(key, fallback));
    }
    if (value.length !== layerCount) {
      const expected = `an integer or an array of ${layerCount}, one per layer,`;
      throw new MissingMetadataError(this.file, key, expected, describe(value));
    }
    return this.integers(key);
  }

  #one<T>(key: string, fallback: T | undefined, expected: string, convert: Convert<T>): T {
    const value = this.#entries.get(key);
    if (value === undefined) return this.#absent(key, fallback, expected);
    const converted = convert(value);
    if (converted === undefined) {
      throw new MissingMetadataError(this.file, key, expected, describe(value));
    }
    return converted;
  }

  #many<T>(
    key: string,
    fallback: readonly T[] | undefined,
    expected: string,
    convert: Convert<T>,
  ): readonly T[] {
    const value = this.#entries.get(key);
    if (value === undefined) return this.#absent(key, fallback, expected);
    if (!isArray(value)) {
      throw new MissingMetadataError(this.file, key, expected, describe(value));
    }
    return value.map((element, index) => {
      const converted = convert(element);
      if (converted === undefined) {
        const found = `${describe(element)} at index ${index}`;
        throw new MissingMetadataError(this.file, key, expected, found);
      }
      return converted;
    });
  }

  #absent<T>(key: string, fallback: T | undefined, expected: string): T {
    if (fallback === undefined) throw new MissingMetadataError(this.file, key, expected);
    return fallback;
  }
}

/** `undefined` for a value of another kind. */
type Convert<T> = (value: MetadataValue) => T | undefined;

function asString(value: MetadataValue): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function asBoolean(value: MetadataValue): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function asFloat(value: MetadataValue): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function asInteger(value: MetadataValue): number | undefined {
  const number = asFloat(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

function asCount(value: MetadataValue): number | undefined {
  const number = asInteger(value);
  return number !== undefined && number >= 0 ? number : undefined;
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: MetadataValue | undefined): value is readonly MetadataValue[] {
  return Array.isArray(value);
}

/** A value in a message: short, whatever the file holds. */
function describe(value: MetadataValue): string {
  if (isArray(value)) return `an array of ${value.length}`;
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
