/**
 * Rotary position embedding: the frequency of each pair, and the angles of a batch of positions.
 * Everything up to the sines is f64, so positions in the hundred thousands keep their precision
 * (ggml multiplies in f32, step by step, and drifts).
 *
 * Sources: Su et al., RoFormer, arXiv:2104.09864, eq. 34; Peng et al., YaRN, arXiv:2309.00071,
 * as llama.cpp rounds its bounds (`ggml_rope_yarn_corr_dims`).
 */

/** How a model that was trained on a short context was stretched to a longer one. */
export type RopeScaling =
  | { readonly kind: "none" }
  /** Positions are divided by `factor`. */
  | { readonly kind: "linear"; readonly factor: number }
  /** Slow pairs are divided by `factor`, fast ones left alone, those between blended. */
  | {
      readonly kind: "yarn";
      readonly factor: number;
      /** The context the model was trained on first. */
      readonly originalContext: number;
      /** Turns within that context above which a pair is left alone. @default 32 */
      readonly betaFast?: number;
      /** Turns below which a pair is divided in full. @default 1 */
      readonly betaSlow?: number;
      /** Multiplies the magnitude (`rope.scaling.attn_factor`). @default 1 */
      readonly attentionFactor?: number;
    };

export interface RopeOptions {
  /** Values of a head that turn; even. */
  readonly rotarySize: number;
  /** `rope.freq_base` */
  readonly base: number;
  /** @default none */
  readonly scaling?: RopeScaling;
  /** Divisors of the frequencies, one per pair (`rope_freqs.weight`). @default none */
  readonly factors?: Float32Array;
}

/** A model's rotation, ready for any position. */
export interface Rope {
  /** Values in a head; those from `rotarySize` on stay as they are. */
  readonly headSize: number;
  readonly rotarySize: number;
  /** `norm`: pairs of neighbours. `neox`: pairs `rotarySize / 2` apart. */
  readonly pairing: "norm" | "neox";
  /** `[rotarySize / 2]`: radians per position. */
  readonly frequencies: Float64Array;
  /** What cosines and sines are multiplied by; 1 but for YaRN. */
  readonly magnitude: number;
}

/** A head's rotation from the model's numbers. */
export function createRope(
  options: RopeOptions & { readonly headSize: number; readonly pairing: Rope["pairing"] },
): Rope {
  const { headSize, rotarySize, pairing } = options;
  const frequencies = ropeFrequencies(options);
  return { headSize, rotarySize, pairing, frequencies, magnitude: ropeMagnitude(options.scaling) };
}

/** Radians per position of each pair: `[rotarySize / 2]`. */
export function ropeFrequencies(options: RopeOptions): Float64Array {
  const { rotarySize, base, scaling = { kind: "none" }, factors } = options;
  const frequencies = new Float64Array(rotarySize / 2);
  for (let pair = 0; pair < frequencies.length; pair++) {
    const plain = base ** ((-2 * pair) / rotarySize) / (factors === undefined ? 1 : factors[pair]);
    frequencies[pair] = plain * stretch(scaling, pair, rotarySize, base);
  }
  return frequencies;
}

/** YaRN's `1 + 0.1 ln factor` (times the attention factor), which sharpens attention; else 1. */
export function ropeMagnitude(scaling: RopeScaling = { kind: "none" }): number {
  if (scaling.kind !== "yarn") return 1;
  return (1 + 0.1 * Math.log(scaling.factor)) * (scaling.attentionFactor ?? 1);
}

/**
 * Cosines and sines of every (position, pair), times the rope's magnitude.
 *
 * @param positions `[tokens]`
 * @param output    `[tokens][2][rotarySize / 2]`: a token's cosines, then its sines
 */
export function ropeAngles(
  rope: Pick<Rope, "frequencies" | "magnitude">,
  positions: Int32Array,
  output: Float32Array,
): void {
  const { frequencies, magnitude } = rope;
  const pairs = frequencies.length;
  for (let token = 0; token < positions.length; token++) {
    const cosines = token * 2 * pairs;
    for (let pair = 0; pair < pairs; pair++) {
      const angle = positions[token] * frequencies[pair];
      output[cosines + pair] = Math.cos(angle) * magnitude;
      output[cosines + pairs + pair] = Math.sin(angle) * magnitude;
    }
  }
}

/** What a pair's frequency is multiplied by. */
function stretch(scaling: RopeScaling, pair: number, rotarySize: number, base: number): number {
  switch (scaling.kind) {
    case "none":
      return 1;
    case "linear":
      return 1 / scaling.factor;
    case "yarn": {
      const { factor, originalContext, betaFast = 32, betaSlow = 1 } = scaling;
      // The pair (a real number) that makes `turns` turns within the original context.
      const pairOf = (turns: number) =>
        (rotarySize * Math.log(originalContext / (turns * 2 * Math.PI))) / (2 * Math.log(base));
      const low = Math.max(0, Math.floor(pairOf(betaFast)));
      const high = Math.min(rotarySize - 1, Math.ceil(pairOf(betaSlow)));
      const ramp = (pair - low) / Math.max(0.001, high - low);
      const divided = Math.min(1, Math.max(0, ramp)); // the share that is divided by the factor
      return divided / factor + (1 - divided);
    }
    default:
      throw scaling satisfies never;
  }
}
