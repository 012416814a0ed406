/** The sizes every family shares, read from `<architecture>.*` keys with llama.cpp's defaults. */
import type { Metadata } from "../gguf/metadata.ts";
import { BadGgufError, SluiceError } from "../support/errors.ts";

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

/** What a family says about its keys where families differ. */
export interface ShapeRules {
  /** The width of its experts. */
  readonly expertSize: (sizes: SizeReader) => number;
  /** Whether llama.cpp runs it only with key and value heads of one size. */
  readonly equalHeads: boolean;
}

interface SizeReader {
  /** The router's top-k. */
  readonly expertsPerToken: number;
  /** A count, or the fallback; `<architecture>.` is put before the key. */
  readonly count: (key: string, fallback?: number) => number;
  /** A value that files may give per layer, if it is the same in all. */
  readonly uniform: (key: string, fallback?: number) => number;
}

/**
 * Reads and checks the common sizes.
 *
 * @throws MissingMetadataError; BadGgufError for sizes that cannot be; SluiceError
 *   `unsupported-architecture` for those that only we cannot run
 */
export function readShape(metadata: Metadata, rules: ShapeRules): Shape {
  const architecture = metadata.string("general.architecture");
  const keyOf = (key: string) => `${architecture}.${key}`;
  const count = (key: string, fallback?: number) => metadata.count(keyOf(key), fallback);
  const layerCount = positive("block_count", count("block_count"));
  // Read before any tensor: a damaged header must not make us build a list of billions.
  if (layerCount > layerLimit)
    refuse("block_count", `${layerCount} layers are more than any model has`);
  const hiddenSize = positive("embedding_length", count("embedding_length"));
  const heads = readHeads(hiddenSize);
  const expertCount = count("expert_count", 0);
  const expertsPerToken =
    expertCount === 0 ? 0 : positive("expert_used_count", uniform("expert_used_count"));
  if (expertsPerToken > expertCount) {
    refuse(
      "expert_used_count",
      `${expertsPerToken} of ${expertCount} experts cannot serve a token`,
    );
  }
  const epsilon = metadata.float(keyOf("attention.layer_norm_rms_epsilon"));
  if (!(epsilon >= 0)) refuse("attention.layer_norm_rms_epsilon", `${epsilon} is below 0`);
  const expertSize = () => rules.expertSize({ expertsPerToken, count, uniform });
  return {
    architecture,
    layerCount,
    hiddenSize,
    contextLength: positive("context_length", count("context_length")),
    ...heads,
    epsilon,
    expertCount,
    expertsPerToken,
    expertSize: expertCount === 0 ? 0 : positive("expert_feed_forward_length", expertSize()),
    feedForwardSize: expertCount === 0 ? uniform("feed_forward_length") : 0,
  };

  function readHeads(width: number) {
    const headCount = positive("attention.head_count", uniform("attention.head_count"));
    const keyValueHeadCount = positive(
      "attention.head_count_kv",
      uniform("attention.head_count_kv", headCount),
    );
    const size = (key: string) => positive(key, count(key, width / headCount));
    const headSize = size("attention.key_length");
    const valueSize = size("attention.value_length");
    const rotarySize = positive("rope.dimension_count", count("rope.dimension_count", headSize));
    if (headCount % keyValueHeadCount !== 0) {
      refuse(
        "attention.head_count",
        `${headCount} heads cannot share ${keyValueHeadCount} key-value heads`,
      );
    }
    if (Math.max(headSize, valueSize) > headLimit) {
      refuse(
        "attention.key_length",
        `heads of ${headSize} and ${valueSize} values are larger than any model's`,
      );
    }
    if (rotarySize !== headSize || rotarySize % 2 !== 0) {
      refuse(
        "rope.dimension_count",
        `${rotarySize} of ${headSize} values rotate; this family rotates whole heads, in pairs`,
      );
    }
    if (rules.equalHeads && valueSize !== headSize) {
      refuse(
        "attention.value_length",
        `${valueSize} values to keys of ${headSize}; this family has them equal`,
      );
    }
    return { headCount, keyValueHeadCount, headSize, valueSize, rotarySize };
  }

  function uniform(key: string, fallback?: number): number {
    const perLayer = metadata.integerPerLayer(keyOf(key), layerCount, fallback);
    const [first] = perLayer;
    if (first === undefined || perLayer.some((value) => value !== first)) {
      throw new SluiceError(
        "unsupported-architecture",
        `${metadata.file}: metadata key "${keyOf(key)}" differs between layers, which Sluice cannot run yet`,
      );
    }
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
