/** The sizes every family shares, read from `<architecture>.*` keys with llama.cpp's defaults. */
import type { Metadata } from "../gguf/metadata.ts";
import { BadGgufError } from "../support/errors.ts";

export interface Shape {
  /** `general.architecture`. */
  readonly architecture: string;
  readonly layerCount: number;
  readonly hiddenSize: number;
  /** Positions the model was trained for. */
  readonly contextLength: number;
  readonly headCount: number;
  readonly keyValueHeadCount: number;
  /** Values of one query or key head. */
  readonly headSize: number;
  /** Values of one value head. */
  readonly valueSize: number;
  /** Values of each head that rotate with the position. */
  readonly rotarySize: number;
  /** Added to the mean square in RMSNorm. */
  readonly epsilon: number;
  /** 0 in a dense model. */
  readonly expertCount: number;
  /** Experts that serve one token: the router's top-k. */
  readonly expertsPerToken: number;
  /** Width of one expert's feed-forward. */
  readonly expertSize: number;
  /** Width of a dense layer's feed-forward. */
  readonly feedForwardSize: number;
}

const layerLimit = 4096;
/** A job carries both head sizes in one word. */
const headLimit = 32_767;

/** Reads and checks the common sizes. `expertSize` is the family's rule for its experts' width. */
export function readShape(
  metadata: Metadata,
  expertSize: (read: (key: string, fallback?: number) => number) => number,
): Shape {
  const architecture = metadata.string("general.architecture");
  const keyOf = (key: string) => `${architecture}.${key}`;
  const count = (key: string, fallback?: number) => metadata.count(keyOf(key), fallback);
  const layerCount = positive("block_count", count("block_count"));
  // Read before any tensor: a damaged header must not make us build a list of billions.
  if (layerCount > layerLimit)
    refuse("block_count", `${layerCount} layers are more than any model has`);
  const hiddenSize = positive("embedding_length", count("embedding_length"));
  const headCount = positive("attention.head_count", uniform("attention.head_count"));
  const keyValueHeadCount = positive(
    "attention.head_count_kv",
    uniform("attention.head_count_kv", headCount),
  );
  const headSize = positive(
    "attention.key_length",
    count("attention.key_length", hiddenSize / headCount),
  );
  const valueSize = positive(
    "attention.value_length",
    count("attention.value_length", hiddenSize / headCount),
  );
  const rotarySize = positive("rope.dimension_count", count("rope.dimension_count", headSize));
  const expertCount = count("expert_count", 0);
  const expertsPerToken =
    expertCount === 0 ? 0 : positive("expert_used_count", uniform("expert_used_count"));
  if (headCount % keyValueHeadCount !== 0)
    refuse(
      "attention.head_count",
      `${headCount} heads cannot share ${keyValueHeadCount} key-value heads`,
    );
  if (Math.max(headSize, valueSize) > headLimit)
    refuse(
      "attention.key_length",
      `heads of ${headSize} and ${valueSize} values are larger than any model's`,
    );
  if (rotarySize > headSize || rotarySize % 2 !== 0)
    refuse("rope.dimension_count", `${rotarySize} of ${headSize} values cannot rotate in pairs`);
  if (expertsPerToken > expertCount)
    refuse(
      "expert_used_count",
      `${expertsPerToken} of ${expertCount} experts cannot serve a token`,
    );
  return {
    architecture,
    layerCount,
    hiddenSize,
    contextLength: positive("context_length", count("context_length")),
    headCount,
    keyValueHeadCount,
    headSize,
    valueSize,
    rotarySize,
    epsilon: metadata.float(keyOf("attention.layer_norm_rms_epsilon")),
    expertCount,
    expertsPerToken,
    expertSize: expertCount === 0 ? 0 : positive("expert_feed_forward_length", expertSize(count)),
    feedForwardSize: uniform("feed_forward_length", 0),
  };

  /** A value that files may give per layer; the families here need it equal in all of them. */
  function uniform(key: string, fallback?: number): number {
    const perLayer = metadata.integerPerLayer(keyOf(key), layerCount, fallback);
    const [first] = perLayer;
    if (first === undefined || perLayer.some((value) => value !== first))
      refuse(key, "values that differ between layers are not supported");
    return first;
  }

  function positive(key: string, value: number): number {
    if (!Number.isSafeInteger(value) || value <= 0)
      refuse(key, `${value} is not a positive whole number`);
    return value;
  }

  function refuse(key: string, why: string): never {
    throw new BadGgufError(metadata.file, `metadata key "${keyOf(key)}": ${why}`);
  }
}
