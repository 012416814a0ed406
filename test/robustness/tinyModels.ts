/**
 * Small whole models of random weights, one per family and tokenizer: what the campaign damages.
 * Each is a description that can still be changed key by key before it becomes a file.
 */
import { seededRandom } from "../../src/numerics/random.ts";
import { characterOfByte } from "../../src/text/byteAlphabet.ts";
import { f32, i32, type TensorSource, type Value } from "../support/ggufBuilder.ts";

export interface ModelSource {
  readonly metadata: Record<string, Value>;
  readonly tensors: TensorSource[];
}

const hidden = 32;
const heads = 2;
const keyValueHeads = 1;
const headSize = 16;
const experts = 4;
const expertSize = 32;
const layers = 2;

/** A fresh copy: whoever gets it may change it. */
export function tinyModel(family: (typeof families)[number]): ModelSource {
  const vocabulary = family === "llama" ? sentencePieceKeys() : byteLevelKeys();
  const vocabularySize = (vocabulary["tokenizer.ggml.tokens"] as readonly string[]).length;
  return {
    metadata: { ...sizeKeys(family), ...vocabulary },
    tensors: tensorsOf(family, vocabularySize),
  };
}

export const families = ["qwen3moe", "olmoe", "llama"] as const;

function sizeKeys(family: string): Record<string, Value> {
  const sizes: Record<string, Value> = {
    block_count: layers,
    context_length: 256,
    embedding_length: hidden,
    feed_forward_length: expertSize,
    "attention.head_count": heads,
    "attention.head_count_kv": keyValueHeads,
    "attention.layer_norm_rms_epsilon": f32(1e-5),
    "rope.freq_base": f32(10_000),
    expert_count: experts,
    expert_used_count: 2,
  };
  if (family === "qwen3moe") sizes["expert_feed_forward_length"] = expertSize;
  const named = Object.entries(sizes).map(([key, value]) => [`${family}.${key}`, value]);
  return { "general.architecture": family, ...Object.fromEntries(named) };
}

const chatMl =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content }}" +
  "{{ '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

function byteLevelKeys(): Record<string, Value> {
  const merges = ["Ġ t", "h e", "Ġt he", "l l", "e ll", "ell o"];
  const tokens = [...characterOfByte, ...merges.map((merge) => merge.replace(" ", ""))];
  const control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
  return {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen2",
    "tokenizer.ggml.tokens": [...tokens, ...control],
    "tokenizer.ggml.token_type": [...tokens.map(() => i32(1)), ...control.map(() => i32(3))].map(
      ({ value }) => value as number,
    ),
    "tokenizer.ggml.merges": merges,
    "tokenizer.ggml.eos_token_id": tokens.length + 2,
    "tokenizer.ggml.padding_token_id": tokens.length,
    "tokenizer.ggml.add_bos_token": false,
    "tokenizer.chat_template": chatMl,
  };
}

function sentencePieceKeys(): Record<string, Value> {
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  });
  const words = ["▁", "t", "h", "e", "▁t", "he", "▁the", "l", "ll", "o", "llo", "1", "2", ":"];
  const control = ["<unk>", "<s>", "</s>"];
  const tokens = [...control, ...bytes, ...words];
  return {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": [2, 3, 3, ...bytes.map(() => 6), ...words.map(() => 1)],
    "tokenizer.ggml.scores": {
      type: "array",
      value: { elementType: "f32", elements: tokens.map((_, token) => -token) },
    },
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.unknown_token_id": 0,
    "tokenizer.chat_template":
      "{{ bos_token }}{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}",
  };
}

function tensorsOf(family: string, vocabularySize: number): TensorSource[] {
  const random = seededRandom(family.length);
  const matrix = (name: string, ...shape: number[]) => q8Tensor(`${name}.weight`, shape, random);
  const ones = (name: string, length: number): TensorSource => ({
    name: `${name}.weight`,
    shape: [length],
    type: "F32",
    data: new Float32Array(length).fill(1),
  });
  const headNorms = (layer: string) => {
    if (family === "llama") return [];
    const perHead = family === "qwen3moe";
    return [
      ones(`${layer}.attn_q_norm`, headSize * (perHead ? 1 : heads)),
      ones(`${layer}.attn_k_norm`, headSize * (perHead ? 1 : keyValueHeads)),
    ];
  };
  const layer = (name: string) => [
    ones(`${name}.attn_norm`, hidden),
    matrix(`${name}.attn_q`, hidden, heads * headSize),
    matrix(`${name}.attn_k`, hidden, keyValueHeads * headSize),
    matrix(`${name}.attn_v`, hidden, keyValueHeads * headSize),
    matrix(`${name}.attn_output`, heads * headSize, hidden),
    ...headNorms(name),
    ones(`${name}.ffn_norm`, hidden),
    f32Random(`${name}.ffn_gate_inp.weight`, [hidden, experts], random),
    matrix(`${name}.ffn_gate_exps`, hidden, expertSize, experts),
    matrix(`${name}.ffn_up_exps`, hidden, expertSize, experts),
    matrix(`${name}.ffn_down_exps`, expertSize, hidden, experts),
  ];
  return [
    matrix("token_embd", hidden, vocabularySize),
    ...Array.from({ length: layers }, (_, index) => layer(`blk.${index}`)).flat(),
    ones("output_norm", hidden),
    f32Random("output.weight", [hidden, vocabularySize], random),
  ];
}

function f32Random(name: string, shape: number[], random: () => number): TensorSource {
  const length = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length }, () => (random() - 0.5) / 4);
  return { name, shape, type: "F32", data };
}

/** Blocks of a scale (f16) and 32 signed bytes. */
function q8Tensor(name: string, shape: number[], random: () => number): TensorSource {
  const blocks = shape.reduce((product, size) => product * size, 1) / 32;
  const data = Buffer.alloc(blocks * 34);
  for (let block = 0; block < blocks; block++) {
    data.writeUInt16LE(0x1400, block * 34); // 2^-10
    for (let i = 2; i < 34; i++) data.writeInt8(Math.floor(random() * 255) - 127, block * 34 + i);
  }
  return { name, shape, type: "Q8_0", data };
}
