/** What attention remembers of one sequence: keys and values of each layer and position. */

/** How keys and values are stored. llama.cpp's default is `"f16"`. */
export type KeyValueFormat = "f16" | "f32";

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

/** Bytes that one position of all layers takes. */
export function keyValueBytesPerToken(shape: KeyValueShape, format: KeyValueFormat): number {
  const values = shape.layerCount * shape.keyValueHeadCount * (shape.headSize + shape.valueSize);
  return values * (format === "f16" ? 2 : 4);
}
