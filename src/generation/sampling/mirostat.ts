/**
 * Mirostat 2: cuts off surprising tokens, and moves the cut so that the surprise of the drawn tokens
 * settles at a target. It takes the place of the whole chain but for the temperature.
 *
 * Source: Basu et al., "Mirostat: A Neural Text Decoding Algorithm that Directly Controls
 * Perplexity", arXiv:2007.14966, appendix C; as in llama.cpp (`llama_sampler_mirostat_v2_apply`).
 */
import type { Stage } from "./candidates.ts";

export interface MirostatSettings {
  /** The surprise to aim at, in bits. */
  readonly mirostatTau: number;
  /** How fast the cut follows; 0 keeps it where it is. */
  readonly mirostatEta: number;
}

export interface Mirostat {
  readonly stage: Stage;
  /** Moves the cut. */
  observe(drawnProbability: number): void;
}

export function createMirostat({ mirostatTau, mirostatEta }: MirostatSettings): Mirostat {
  /** The most surprise a token may have, in bits. */
  let limit = 2 * mirostatTau;
  return {
    stage(candidates) {
      candidates.softmax();
      const { probabilities } = candidates;
      const [likeliest = 0] = candidates.best(1);
      candidates.keepWhere(
        (_, position) => position === likeliest || surprise(probabilities[position]!) <= limit,
      );
    },
    observe(drawnProbability) {
      limit -= mirostatEta * (surprise(drawnProbability) - mirostatTau);
    },
  };
}

function surprise(probability: number): number {
  return -Math.log2(probability);
}
