/** A model whose experts take a while to be read. */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { tinyModel } from "../robustness/tinyModels.ts";
import { buildGgufHeader, type TensorPlan } from "../support/ggufBuilder.ts";

const expertCount = 64;
const expertSize = 16_384;
const q8Bytes = (values: number) => (values / 32) * 34;

/**
 * The tiny model with 200 MB of experts. All its weights are zero, in a file that takes no room where
 * the file system knows holes.
 */
export function largeModel(folder: string): string {
  const { metadata, tensors } = tinyModel("qwen3moe");
  const header = buildGgufHeader({
    metadata: {
      ...metadata,
      "qwen3moe.expert_count": expertCount,
      "qwen3moe.expert_feed_forward_length": expertSize,
    },
    tensors: tensors.map(({ data, ...tensor }): TensorPlan => {
      if (tensor.name.includes("ffn_gate_inp")) {
        return { ...tensor, shape: [32, expertCount], byteLength: 4 * 32 * expertCount };
      }
      if (!tensor.name.includes("_exps")) return { ...tensor, byteLength: data.byteLength };
      const isDown = tensor.name.includes("ffn_down");
      const shape = isDown ? [expertSize, 32, expertCount] : [32, expertSize, expertCount];
      return { ...tensor, shape, byteLength: q8Bytes(32 * expertSize * expertCount) };
    }),
  });
  const path = join(folder, "large.gguf");
  const file = openSync(path, "w");
  writeSync(file, header);
  ftruncateSync(file, header.length + 6 * q8Bytes(32 * expertSize * expertCount) + 2 ** 20);
  closeSync(file);
  return path;
}
