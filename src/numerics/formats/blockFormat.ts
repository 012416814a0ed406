/**
 * A weight encoding: how a row of numbers lies in bytes. The plain TypeScript of this folder is
 * the specification; the WASM and WGSL kernels are tested against it, and it against ggml.
 */
export interface BlockFormat {
  /** ggml's name, such as `"Q4_K"`. */
  readonly name: FormatName;
  /** ggml's type number, as GGUF files store it. */
  readonly ggmlType: number;
  /** Values in one block. Rows are a whole number of blocks. */
  readonly blockElements: number;
  /** Bytes of one block. */
  readonly blockBytes: number;
  /** What `fast` arithmetic rounds the activations to before they meet this format. */
  readonly activation: ActivationFormat;
  /** Decodes whole blocks: `output` is `blocks.length / blockBytes * blockElements` values. */
  readonly dequantise: (blocks: Uint8Array, output: Float32Array) => void;
}

/** The encodings ggml rounds activations to, by weight format (llama.cpp's `vec_dot_type`). */
export type ActivationFormat = "F32" | "F16" | "BF16" | "Q8_0" | "Q8_1" | "Q8_K";

export type FormatName =
  | "F32"
  | "F16"
  | "BF16"
  | "Q4_0"
  | "Q4_1"
  | "Q5_0"
  | "Q5_1"
  | "Q8_0"
  | "Q2_K"
  | "Q3_K"
  | "Q4_K"
  | "Q5_K"
  | "Q6_K"
  | "IQ1_S"
  | "IQ1_M"
  | "IQ2_XXS"
  | "IQ2_XS"
  | "IQ2_S"
  | "IQ3_XXS"
  | "IQ3_S"
  | "IQ4_NL"
  | "IQ4_XS"
  | "MXFP4"
  | "NVFP4"
  | "TQ1_0"
  | "TQ2_0"
  | "Q1_0"
  | "Q2_0";

/** Bytes of one row of `elements` values; `undefined` when they do not fill whole blocks. */
export function rowBytes(format: BlockFormat, elements: number): number | undefined {
  if (elements % format.blockElements !== 0) return undefined;
  return (elements / format.blockElements) * format.blockBytes;
}
