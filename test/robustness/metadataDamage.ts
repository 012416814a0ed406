/** Damage to what a header says: values, their types, their presence, and the table of tensors. */
import {
  arrayOf,
  type TensorSource,
  type TypedValue,
  type Value,
  valueTypes,
} from "../support/ggufBuilder.ts";
import { type Chance, extremeFloats, extremeIntegers } from "./chance.ts";
import type { ModelSource } from "./tinyModels.ts";

export type SourceDamage = (chance: Chance, model: ModelSource) => string;

/** Each changes the model and says what it did. */
export const metadataDamages: Readonly<Record<string, SourceDamage>> = {
  "key missing": (chance, { metadata }) => {
    const key = chance.of(Object.keys(metadata));
    delete metadata[key];
    return key;
  },

  "value of another type": (chance, { metadata }) => {
    const key = chance.of(Object.keys(metadata));
    const value = anyValue(chance);
    metadata[key] = value;
    return `${key} is ${value.type}`;
  },

  "extreme number": (chance, { metadata }) => {
    const numeric = Object.keys(metadata).filter((key) => !key.startsWith("tokenizer"));
    const key = chance.of(numeric.slice(1)); // the first is the architecture
    const value = chance.oneIn(4) ? extremeFloat(chance) : extremeInteger(chance);
    metadata[key] = value;
    return `${key} = ${value.value}`;
  },

  "sizes that disagree": (chance, { metadata }) => {
    const keys = Object.keys(metadata).filter((key) => typeof metadata[key] === "number");
    const key = chance.of(keys);
    const old = Number(metadata[key]);
    metadata[key] = chance.of([old - 1, old + 1, old * 2, Math.floor(old / 2), old * 16]);
    return `${key}: ${old} -> ${metadata[key]}`;
  },

  "optional key": (chance, { metadata }) => {
    const family = String(metadata["general.architecture"]);
    const key = chance.of(optionalKeys).replace("*", family);
    const value = chance.oneIn(4) ? anyValue(chance) : extremeInteger(chance);
    metadata[key] = value;
    return `${key} = ${typeof value.value === "object" ? value.type : value.value}`;
  },

  "rope scaling": (chance, { metadata }) => {
    const name = `${metadata["general.architecture"]}.rope`;
    metadata[`${name}.scaling.type`] = chance.of(["linear", "yarn", "none", "longrope"]);
    metadata[`${name}.scaling.factor`] = extremeFloat(chance);
    metadata[`${name}.scaling.original_context_length`] = Number(chance.of([0, 1, 64, 2 ** 31]));
    metadata[`${name}.freq_base`] = extremeFloat(chance);
    return JSON.stringify(metadata[`${name}.scaling.type`]);
  },

  "tensor missing": (chance, { tensors }) => {
    const [gone] = tensors.splice(chance.below(tensors.length), 1);
    return gone.name;
  },

  "tensor twice": (chance, { tensors }) => {
    const tensor = chance.of(tensors);
    tensors.push(tensor);
    return tensor.name;
  },

  "tensor of another shape": (chance, { tensors }) => {
    const dimensions = () =>
      Number(chance.of([...extremeIntegers.slice(1, 14), 32n, 32n, 64n, 2n ** 31n]));
    return change(chance, tensors, () => ({
      shape: Array.from({ length: 1 + chance.below(4) }, dimensions),
    }));
  },

  "tensor of swapped dimensions": (chance, { tensors }) =>
    change(chance, tensors, ({ shape }) => ({ shape: shape.toReversed() })),

  "tensor of another format": (chance, { tensors }) =>
    change(chance, tensors, () => ({ type: chance.below(44) })),

  "tensors with each other's names": (chance, { tensors }) => {
    const [a, b] = [chance.below(tensors.length), chance.below(tensors.length)];
    const [first, second] = [tensors[a], tensors[b]];
    tensors[a] = { ...first, name: second.name };
    tensors[b] = { ...second, name: first.name };
    return `${first.name} and ${second.name}`;
  },

  "tensor nobody expects": (chance, { tensors }) => {
    const name = chance.of([
      "rope_freqs.weight",
      "blk.0.attn_q.bias",
      "blk.0.ffn_up_exps.bias",
      "blk.0.ffn_up_exps.scale",
      "blk.0.attn_qkv.weight",
      "__proto__",
      "",
      "x".repeat(64),
    ]);
    const length = chance.of([1, 8, 16, 32, 96]);
    const data = Float32Array.from({ length }, () => chance.of(extremeFloats));
    tensors.push({ name, shape: [length], type: "F32", data });
    return JSON.stringify(name);
  },

  "weights that are no numbers": (chance, { tensors }) =>
    change(chance, tensors, ({ data, type }) => {
      const bytes = new Uint8Array(
        data.buffer.slice(0) as ArrayBuffer,
        data.byteOffset,
        data.byteLength,
      );
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let hit = chance.of([1, 4, 1000]); hit > 0; hit--) {
        if (type === "F32") {
          view.setFloat32(4 * chance.below(bytes.length / 4), chance.of(extremeFloats), true);
        } else {
          const scale = chance.of([0x7c00, 0xfc00, 0x7e00, 0xffff, 0x7bff, 0x0001]);
          view.setUint16(34 * chance.below(bytes.length / 34), scale, true);
        }
      }
      return { data: bytes };
    }),
};

/** What the families read if it is there; `*` is the family. */
const optionalKeys = [
  "*.attention.key_length",
  "*.attention.value_length",
  "*.rope.dimension_count",
  "*.rope.scaling.factor",
  "*.rope.scale_linear",
  "*.expert_feed_forward_length",
  "*.expert_weights_scale",
  "*.vocab_size",
  "general.alignment",
  "general.name",
  "split.count",
  "split.no",
  "split.tensors.count",
  "__proto__",
  "",
];

function change(
  chance: Chance,
  tensors: TensorSource[],
  changes: (tensor: TensorSource) => Partial<TensorSource>,
): string {
  const index = chance.below(tensors.length);
  const tensor = { ...tensors[index], ...changes(tensors[index]) };
  tensors[index] = tensor;
  return `${tensor.name} [${tensor.shape}] ${tensor.type}`;
}

function extremeInteger(chance: Chance): TypedValue {
  const value = chance.of(extremeIntegers);
  if (chance.oneIn(4)) return { type: "i64", value: -value };
  return value < 2n ** 32n ? { type: "u32", value: Number(value) } : { type: "u64", value };
}

function extremeFloat(chance: Chance): TypedValue {
  return { type: chance.of(["f32", "f64"]), value: chance.of(extremeFloats) };
}

function anyValue(chance: Chance): TypedValue {
  const type = chance.of(valueTypes);
  if (type === "string") return { type, value: chance.of(["", "x", "1", "\0", "9".repeat(400)]) };
  if (type === "array") return anyArray(chance, 0);
  if (type === "f32" || type === "f64") return { type, value: chance.of(extremeFloats) };
  return { type, value: BigInt.asUintN(8, chance.of(extremeIntegers)) };
}

function anyArray(chance: Chance, depth: number): { type: "array"; value: TypedArray } {
  const length = chance.of([0, 1, 2, 3, 300]);
  const type = depth < 5 && chance.oneIn(3) ? "array" : chance.of(["u8", "i32", "f32", "string"]);
  const element = (): Value => {
    if (type === "array") return anyArray(chance, depth + 1).value as unknown as Value;
    return type === "string" ? "x" : chance.below(100);
  };
  const count = type === "array" ? Math.min(length, 3) : length;
  return arrayOf(type as "u8", Array.from({ length: count }, element) as number[]);
}

type TypedArray = ReturnType<typeof arrayOf>["value"];
