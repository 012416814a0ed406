/** What a file's tensors must be for a model to be built of them. */
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import { BadGgufError, SluiceError } from "../support/errors.ts";

/** NVFP4 files may carry a factor per tensor; a result without it would be wrong, silently. */
export function refuseScale(file: GgufFile, name: string): void {
  if (!file.tensors.has(`${name}.scale`)) return;
  throw new SluiceError(
    "unsupported-format",
    `${file.name}: tensors with a scale of their own ("${name}.scale") are not supported yet`,
  );
}

export function refuseShape(
  file: GgufFile,
  tensor: TensorInfo,
  expected: readonly number[],
): never {
  throw new BadGgufError(
    file.name,
    `tensor "${tensor.name}" has the shape [${tensor.shape.join(", ")}], the header's sizes ask for [${expected.join(", ")}]`,
  );
}
