/** What attention remembers of one sequence: keys and values of each layer and position. */
import { OptionError } from "../support/errors.ts";

/**
 * How keys and values are stored. llama.cpp's default is `"f16"`. `"q8_0"` takes 8.5 bits a value:
 * heads in blocks of 32 values that share an f16 scale, as in weights of that format.
 */
export type KeyValueFormat = (typeof keyValueFormats)[number];

export const keyValueFormats = ["f16", "f32", "q8_0"] as const;

export interface KeyValueShape {
  readonly layerCount: number;
  readonly keyValueHeadCount: number;
  /** Values per head of a key. */
  readonly headSize: number;
  /** Values per head of a value. */
  readonly valueSize: number;
}

export interface KeyValueCache {
  readonly format: KeyValueFormat;
  readonly shape: KeyValueShape;
  /** Positions it has room for. */
  readonly capacity: number;
  /** Positions filled, over all layers. */
  readonly length: number;
  /** Makes room for `tokens` more positions, which `remember` then fills layer by layer. */
  advance(tokens: number): void;
  /** Forgets all positions from `length` on. */
  truncate(length: number): void;
}

/**
 * Bytes that one position of all layers takes.
 *
 * @throws OptionError where heads are no whole number of blocks
 */
export function keyValueBytesPerToken(shape: KeyValueShape, format: KeyValueFormat): number {
  const { layerCount, keyValueHeadCount, headSize, valueSize } = shape;
  const headBytes = headRowBytes(headSize, format) + headRowBytes(valueSize, format);
  return layerCount * keyValueHeadCount * headBytes;
}

/**
 * Bytes that one position of one head takes, of keys or of values.
 *
 * @param size values of the head
 * @throws OptionError where that is no whole number of blocks
 */
export function headRowBytes(size: number, format: KeyValueFormat): number {
  switch (format) {
    case "f32":
      return size * 4;
    case "f16":
      return size * 2;
    case "q8_0":
      if (size % 32 === 0) return (size / 32) * 34;
      throw new OptionError(
        `keys and values as q8_0 come in blocks of 32, but this model's heads have ${size} values: take f16`,
      );
  }
}
