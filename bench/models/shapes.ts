/** The models that benches run: shapes of real ones, Qwen3-MoE's forward pass, random weights. */

export interface ModelShape {
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly expertCount: number;
  readonly expertsPerToken: number;
  readonly expertSize: number;
  readonly headCount: number;
  readonly keyValueHeadCount: number;
  readonly headSize: number;
  readonly vocabularySize: number;
}

export const modelShapes: Readonly<Record<string, ModelShape>> = {
  /** For tests of the generator: 3 MB. */
  "bench-t": {
    hiddenSize: 256,
    layerCount: 4,
    expertCount: 16,
    expertsPerToken: 4,
    expertSize: 256,
    headCount: 4,
    keyValueHeadCount: 2,
    headSize: 64,
    vocabularySize: 512,
  },
  /** 1.05 GB. */
  "bench-s": {
    hiddenSize: 1024,
    layerCount: 16,
    expertCount: 64,
    expertsPerToken: 8,
    expertSize: 512,
    headCount: 16,
    keyValueHeadCount: 4,
    headSize: 64,
    vocabularySize: 32000,
  },
  /** OLMoE-1B-7B's: 4.2 GB. */
  "bench-m": {
    hiddenSize: 2048,
    layerCount: 16,
    expertCount: 64,
    expertsPerToken: 8,
    expertSize: 1024,
    headCount: 16,
    keyValueHeadCount: 16,
    headSize: 128,
    vocabularySize: 50304,
  },
  /** A layer of Qwen3-30B-A3B, 26 times: 10.2 GB. */
  "bench-l": {
    hiddenSize: 2048,
    layerCount: 26,
    expertCount: 128,
    expertsPerToken: 8,
    expertSize: 768,
    headCount: 32,
    keyValueHeadCount: 4,
    headSize: 128,
    vocabularySize: 151936,
  },
};
