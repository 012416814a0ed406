/** A model without experts. */
import { join } from "node:path";
import { tinyModel } from "../robustness/tinyModels.ts";
import { type TensorSource, writeGguf } from "../support/ggufBuilder.ts";

/** The tiny Mixtral, whose first experts are its feed-forwards, in `folder`. */
export function denseModel(folder: string): string {
  const { metadata, tensors } = tinyModel("llama");
  const dense = tensors.flatMap(({ name, shape, type, data }): TensorSource[] => {
    if (name.includes("ffn_gate_inp")) return [];
    if (!name.includes("_exps")) return [{ name, shape, type, data }];
    const length = data.byteLength / (shape[2] ?? 1);
    const first = new Uint8Array(data.buffer, data.byteOffset, length);
    return [{ name: name.replace("_exps", ""), shape: shape.slice(0, 2), type, data: first }];
  });
  const counts = { "llama.expert_count": 0, "llama.expert_used_count": 0 };
  const path = join(folder, "dense.gguf");
  writeGguf(path, { metadata: { ...metadata, ...counts }, tensors: dense });
  return path;
}
