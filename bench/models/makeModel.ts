/**
 * Writes a model of random weights that routes as real ones do.
 *
 *     node bench/models/makeModel.ts bench-m models/bench-m.gguf [--layers 20] [--popularity 1] [--seed 1]
 *
 * Q4_K_M's mixture of formats: Q4_K, but Q6_K for the output head and, in half of the layers, for the
 * values and the experts' down matrices.
 *
 * With random routers every expert would be as likely as any other, at every token. So the first 32
 * columns of the hidden state are one constant: all tokens are embedded with it, and no matrix writes
 * to it (its rows are zero). The routers read it as a bias, normally distributed over the experts,
 * whose strength is `--popularity`; 0 gives uniform routing. 1 gives what the traces of
 * Qwen3-30B-A3B show: of a token's experts 38 % served the token before (see docs/tiers.md).
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildGgufHeader, f32, type TensorPlan } from "../../test/support/ggufBuilder.ts";
import { BlockPools, blockBytes, blockWeights, type WeightType } from "./randomBlocks.ts";
import { RandomNumbers } from "./randomNumbers.ts";
import { type ModelShape, modelShapes } from "./shapes.ts";

/** Columns of the hidden state that hold the constant: a sub-block of Q4_K. */
const constantColumns = 32;
/** What `--popularity 1` is, in logits. */
const usualBias = 3.2;

interface Tensor extends TensorPlan {
  readonly write: (put: (bytes: Uint8Array) => void) => void;
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    layers: { type: "string" },
    popularity: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
  },
});
const [name = "", path = `${name}.gguf`] = positionals;
const known = modelShapes[name];
if (known === undefined) {
  console.error(`makeModel: "${name}" is none of ${Object.keys(modelShapes).join(", ")}`);
  process.exit(2);
}
const layerCount = Number(options.layers ?? known.layerCount);
writeModel(path, name, { ...known, layerCount });

function writeModel(target: string, modelName: string, shape: ModelShape): void {
  const random = new RandomNumbers(Number(options.seed));
  const tensors = tensorsOf(shape, random);
  const file = openSync(target, "w");
  let written = 0;
  const put = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    written += bytes.length;
  };
  const header = buildGgufHeader({ metadata: metadataOf(modelName, shape), tensors });
  put(header);
  for (const tensor of tensors) {
    const begin = written;
    tensor.write(put);
    if (written - begin !== tensor.byteLength) throw new Error(`${tensor.name} has a wrong size`);
    put(new Uint8Array(-tensor.byteLength & 31));
  }
  closeSync(file);
  console.error(`${target}: ${(written / 1e9).toFixed(2)} GB`);
}

function tensorsOf(shape: ModelShape, random: RandomNumbers): Tensor[] {
  const { hiddenSize, layerCount, expertCount, expertSize, vocabularySize } = shape;
  const queryWidth = shape.headCount * shape.headSize;
  const keyWidth = shape.keyValueHeadCount * shape.headSize;
  const pools = new BlockPools(random);

  const ones = (tensorName: string, length: number): Tensor => ({
    name: tensorName,
    shape: [length],
    type: "F32",
    byteLength: length * 4,
    write: (put) => put(bytesOf(new Float32Array(length).fill(1))),
  });
  const matrix = (
    tensorName: string,
    type: WeightType,
    dimensions: readonly number[],
    deviation: number,
    /** Rows of the matrix, of which each has `rows` per expert, that stay out of the constant. */
    edit?: (row: Uint8Array, index: number) => void,
  ): Tensor => {
    const [columns = 0, rows = 0, copies = 1] = dimensions;
    const rowBytes = (columns / blockWeights) * blockBytes[type];
    const byteLength = rowBytes * rows * copies;
    return {
      name: tensorName,
      shape: dimensions,
      type,
      byteLength,
      write(put) {
        for (let copy = 0; copy < copies; copy++) {
          const bytes = Buffer.concat([...pools.blocks(type, deviation, rowBytes * rows)]);
          if (edit !== undefined) {
            for (let row = 0; row < rows; row++)
              edit(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), row);
          }
          put(bytes);
        }
      },
    };
  };
  const intoResidual = (type: WeightType) => (row: Uint8Array, index: number) => {
    if (index < constantColumns) silence(type, row);
  };

  const layers = Array.from({ length: layerCount }, (_, index) => {
    const part = (suffix: string) => `blk.${index}.${suffix}.weight`;
    const finer = moreBits(index, layerCount) ? "Q6_K" : "Q4_K";
    return [
      ones(part("attn_norm"), hiddenSize),
      matrix(part("attn_q"), "Q4_K", [hiddenSize, queryWidth], hiddenSize ** -0.5),
      matrix(part("attn_k"), "Q4_K", [hiddenSize, keyWidth], hiddenSize ** -0.5),
      matrix(part("attn_v"), finer, [hiddenSize, keyWidth], hiddenSize ** -0.5),
      matrix(
        part("attn_output"),
        "Q4_K",
        [queryWidth, hiddenSize],
        0.5 * queryWidth ** -0.5,
        intoResidual("Q4_K"),
      ),
      ones(part("attn_q_norm"), shape.headSize),
      ones(part("attn_k_norm"), shape.headSize),
      ones(part("ffn_norm"), hiddenSize),
      routerOf(part("ffn_gate_inp"), shape, random),
      matrix(
        part("ffn_gate_exps"),
        "Q4_K",
        [hiddenSize, expertSize, expertCount],
        hiddenSize ** -0.5,
      ),
      matrix(
        part("ffn_up_exps"),
        "Q4_K",
        [hiddenSize, expertSize, expertCount],
        hiddenSize ** -0.5,
      ),
      matrix(
        part("ffn_down_exps"),
        finer,
        [expertSize, hiddenSize, expertCount],
        expertSize ** -0.5,
        intoResidual(finer),
      ),
    ];
  });
  return [
    matrix("token_embd.weight", "Q4_K", [hiddenSize, vocabularySize], 0.5, embedConstant),
    ...layers.flat(),
    ones("output_norm.weight", hiddenSize),
    // Tokens that are no ASCII are never the likeliest, so what is generated is always valid text.
    matrix(
      "output.weight",
      "Q6_K",
      [hiddenSize, vocabularySize],
      hiddenSize ** -0.5,
      (row, token) => {
        if (token >= 128 && token < 256) silence("Q6_K", row);
      },
    ),
  ];
}

function routerOf(tensorName: string, shape: ModelShape, random: RandomNumbers): Tensor {
  const { hiddenSize, expertCount } = shape;
  return {
    name: tensorName,
    shape: [hiddenSize, expertCount],
    type: "F32",
    byteLength: hiddenSize * expertCount * 4,
    write(put) {
      const values = new Float32Array(hiddenSize * expertCount);
      for (let expert = 0; expert < expertCount; expert++) {
        const row = values.subarray(expert * hiddenSize, (expert + 1) * hiddenSize);
        const bias = usualBias * Number(options.popularity) * random.normal();
        for (let column = 0; column < hiddenSize; column++)
          row[column] = random.normal() * hiddenSize ** -0.5;
        row.fill(bias / constantColumns, 0, constantColumns);
      }
      put(bytesOf(values));
    },
  };
}

/** Writes the constant into the first sub-block of an embedding: largest scale and values, no minimum. */
function embedConstant(row: Uint8Array): void {
  row[4] = row[4]! | 0x3f;
  row[8] = row[8]! & 0xc0;
  for (let index = 16; index < 16 + constantColumns; index++) row[index] = row[index]! | 0x0f;
}

/** All weights of the row become zero. */
function silence(type: WeightType, row: Uint8Array): void {
  for (let at = 0; at < row.length; at += blockBytes[type]) {
    if (type === "Q4_K") row.fill(0, at, at + 4);
    else row.fill(0, at + 208, at + 210);
  }
}

/** The layers that llama.cpp's Q4_K_M gives more bits. */
function moreBits(layer: number, layerCount: number): boolean {
  const eighth = Math.floor(layerCount / 8);
  const last = Math.floor((7 * layerCount) / 8);
  return layer < eighth || layer >= last || (layer - eighth) % 3 === 2;
}

function metadataOf(modelName: string, shape: ModelShape) {
  const key = (suffix: string) => `qwen3moe.${suffix}`;
  const bytes = byteCharacters();
  const { vocabularySize } = shape;
  const fillers = Array.from({ length: vocabularySize - 258 }, (_, i) => `tok${i + 256}`);
  return {
    "general.architecture": "qwen3moe",
    "general.name": modelName,
    "general.file_type": 15,
    "general.quantization_version": 2,
    [key("block_count")]: shape.layerCount,
    [key("context_length")]: 4096,
    [key("embedding_length")]: shape.hiddenSize,
    [key("feed_forward_length")]: shape.expertSize * shape.expertsPerToken,
    [key("attention.head_count")]: shape.headCount,
    [key("attention.head_count_kv")]: shape.keyValueHeadCount,
    [key("attention.key_length")]: shape.headSize,
    [key("attention.value_length")]: shape.headSize,
    [key("attention.layer_norm_rms_epsilon")]: f32(1e-6),
    [key("rope.freq_base")]: f32(1e6),
    [key("expert_count")]: shape.expertCount,
    [key("expert_used_count")]: shape.expertsPerToken,
    [key("expert_feed_forward_length")]: shape.expertSize,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen2",
    "tokenizer.ggml.tokens": [...bytes, ...fillers, "<|endoftext|>", "<|im_end|>"],
    "tokenizer.ggml.token_type": {
      type: "array" as const,
      value: {
        elementType: "i32" as const,
        elements: Array.from({ length: vocabularySize }, (_, i) =>
          i < vocabularySize - 2 ? 1 : 3,
        ),
      },
    },
    // A list of merges must not be empty; this one joins two bytes that no text has side by side.
    "tokenizer.ggml.merges": [`${bytes[1]} ${bytes[2]}`],
    "tokenizer.ggml.eos_token_id": vocabularySize - 1,
    "tokenizer.ggml.bos_token_id": vocabularySize - 2,
    "tokenizer.ggml.padding_token_id": vocabularySize - 2,
    "tokenizer.ggml.add_bos_token": false,
    "tokenizer.chat_template": "{% for m in messages %}{{ m['content'] }}{% endfor %}",
  };
}

/** GPT-2's printable stand-in for each byte. */
function byteCharacters(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : next++),
  );
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
