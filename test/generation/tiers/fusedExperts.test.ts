/** Files that keep gate and up of all experts in one tensor: the same model, read with a stride. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type OpenOptions, openModel } from "../../../src/generation/languageModel.ts";
import { errorOf } from "../../support/errorOf.ts";
import { type GgufSource, type TensorSource, writeGguf } from "../../support/ggufBuilder.ts";
import { type MoeShape, moeModel } from "../../support/moeModel.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";
import { budgetsOf } from "./tierModels.ts";

const scratch = scratchFolder();
const roomy: OpenOptions = { threads: 1, contextLength: 64, batchTokens: 8 };
const tokens = [3, 1, 4, 1, 5, 9, 2, 6];

describe.each(["Q8_0", "F32"] as const)("%s experts, fused and separate", (format) => {
  const shape = { layers: 2, experts: 6, expertsPerToken: 2, format: () => format };
  const separate = save("separate", moeModel(shape));
  const fused = save("fused", moeModel({ ...shape, isFused: true }));

  test("give the same bits from RAM", async () => {
    expect(await logitsOf(fused, roomy)).toEqual(await logitsOf(separate, roomy));
  });

  test("give the same bits from few slots", async () => {
    const { leastBytes, allBytes } = await budgetsOf(fused, roomy);
    expect(leastBytes).toBeLessThan(allBytes);
    const tight = { ...roomy, ramBytes: leastBytes };
    expect(await logitsOf(fused, tight)).toEqual(await logitsOf(separate, roomy));
  });
});

test("a fused tensor that is no two experts high is refused by name and shape", async () => {
  const shape: MoeShape = { layers: 1, experts: 4, expertsPerToken: 2, isFused: true };
  const source = moeModel(shape);
  const wrong = {
    ...source,
    tensors: (source.tensors ?? []).map((tensor) =>
      tensor.name.includes("gate_up")
        ? { ...tensor, shape: [32, 32, 4], data: half(tensor.data) }
        : tensor,
    ),
  };
  expect(await errorOf(openModel(save("wrong", wrong)))).toMatchInlineSnapshot(
    `"bad-gguf: wrong.gguf: tensor "blk.0.ffn_gate_up_exps.weight" has the shape [32, 32, 4], the header's sizes ask for [32, 64, 4]"`,
  );
});

function save(name: string, source: GgufSource): string {
  return writeGguf(join(scratch, `${name}.gguf`), source);
}

function half({ buffer, byteOffset, byteLength }: TensorSource["data"]): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength / 2);
}

async function logitsOf(path: string, options: OpenOptions): Promise<Float32Array> {
  await using model = await openModel(path, options);
  using sequence = model.createSequence();
  return await sequence.feed(tokens, { outputs: "all" });
}
