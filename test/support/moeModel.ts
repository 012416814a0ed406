/**
 * Qwen3-MoE models of any shape and of random weights: what no fixture has, such as layers whose
 * experts differ in size. Large tensors repeat one random stretch, so that writing them is quick.
 */
import { seededRandom } from "../../src/numerics/random.ts";
import { f32, type GgufSource, type TensorSource, type Value } from "./ggufBuilder.ts";

export interface MoeShape {
  readonly layers: number;
  readonly experts: number;
  readonly expertsPerToken: number;
  /** Multiple of 32. @default 32 */
  readonly hidden?: number;
  /** Multiple of 32. @default 32 */
  readonly expertSize?: number;
  /** Gate and up of all experts in one tensor, with the same weights. @default false */
  readonly isFused?: boolean;
  /** Formats of the experts of a layer. @default Q8_0 */
  readonly format?: (layer: number) => "Q8_0" | "F32";
  /** Format of the routers. @default F32 */
  readonly routerFormat?: (layer: number) => "Q8_0" | "F32";
  /** @default 64 */
  readonly vocabulary?: number;
  /** No layer adds anything: all see the same hidden state. @default false */
  readonly isStill?: boolean;
}

export function moeModel(shape: MoeShape): GgufSource {
  const { layers, experts, expertsPerToken, hidden = 32, expertSize = 32, vocabulary = 64 } = shape;
  const { format = () => "Q8_0", routerFormat = () => "F32" } = shape;
  const random = seededRandom(1);
  const q8 = (name: string, ...dimensions: number[]) => q8Tensor(name, dimensions, random);
  const ones = (name: string, length: number) => f32Tensor(name, [length], () => 1);
  const any = (type: "Q8_0" | "F32", name: string, ...dimensions: number[]) =>
    type === "F32"
      ? f32Tensor(name, dimensions, () => (random() - 0.5) / 4)
      : q8(name, ...dimensions);
  const silenced = ({ data, ...tensor }: TensorSource): TensorSource => {
    return { ...tensor, data: shape.isStill ? new Uint8Array(data.byteLength) : data };
  };
  const gateAndUp = (gate: TensorSource, up: TensorSource): TensorSource[] => {
    if (!shape.isFused) return [gate, up];
    const bytesOf = ({ data }: TensorSource, expert: number) => {
      const length = data.byteLength / experts;
      return new Uint8Array(data.buffer, data.byteOffset + expert * length, length);
    };
    const pairs = Array.from({ length: experts }, (_, e) => [bytesOf(gate, e), bytesOf(up, e)]);
    return [
      {
        name: gate.name.replace("gate", "gate_up"),
        shape: [hidden, 2 * expertSize, experts],
        type: gate.type,
        data: Buffer.concat(pairs.flat()),
      },
    ];
  };
  const layer = (index: number): TensorSource[] => {
    const name = (part: string) => `blk.${index}.${part}.weight`;
    return [
      ones(name("attn_norm"), hidden),
      q8(name("attn_q"), hidden, 32),
      q8(name("attn_k"), hidden, 16),
      q8(name("attn_v"), hidden, 16),
      silenced(q8(name("attn_output"), 32, hidden)),
      ones(name("attn_q_norm"), 16),
      ones(name("attn_k_norm"), 16),
      ones(name("ffn_norm"), hidden),
      any(routerFormat(index), name("ffn_gate_inp"), hidden, experts),
      ...gateAndUp(
        any(format(index), name("ffn_gate_exps"), hidden, expertSize, experts),
        any(format(index), name("ffn_up_exps"), hidden, expertSize, experts),
      ),
      silenced(any(format(index), name("ffn_down_exps"), expertSize, hidden, experts)),
    ];
  };
  const sizes: Record<string, Value> = {
    block_count: layers,
    context_length: 512,
    embedding_length: hidden,
    feed_forward_length: expertSize,
    expert_feed_forward_length: expertSize,
    "attention.head_count": 2,
    "attention.head_count_kv": 1,
    "attention.key_length": 16,
    "attention.value_length": 16,
    "attention.layer_norm_rms_epsilon": f32(1e-5),
    "rope.freq_base": f32(10_000),
    expert_count: experts,
    expert_used_count: expertsPerToken,
  };
  return {
    metadata: {
      "general.architecture": "qwen3moe",
      ...Object.fromEntries(
        Object.entries(sizes).map(([key, value]) => [`qwen3moe.${key}`, value]),
      ),
    },
    tensors: [
      q8("token_embd.weight", hidden, vocabulary),
      ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
      ones("output_norm.weight", hidden),
      q8("output.weight", hidden, vocabulary),
    ],
  };
}

function f32Tensor(name: string, shape: readonly number[], next: () => number): TensorSource {
  const length = shape.reduce((product, size) => product * size, 1);
  return { name, shape, type: "F32", data: Float32Array.from({ length }, next) };
}

/** Blocks of a scale (f16) and 32 signed bytes; after so many they begin anew, a little shifted. */
const blocksOnce = 1021;

function q8Tensor(name: string, shape: readonly number[], random: () => number): TensorSource {
  const blocks = shape.reduce((product, size) => product * size, 1) / 32;
  const stretch = Buffer.alloc(Math.min(blocks, blocksOnce) * 34);
  for (let at = 0; at < stretch.length; at += 34) {
    stretch.writeUInt16LE(0x1400, at); // 2^-10
    for (let i = 2; i < 34; i++) stretch.writeInt8(Math.floor(random() * 255) - 127, at + i);
  }
  return { name, shape, type: "Q8_0", data: Buffer.alloc(blocks * 34, stretch) };
}
