/**
 * Builds small GGUF files for tests, byte by byte and without the code under test.
 *
 * ```ts
 * const bytes = buildGguf({
 *   metadata: { "general.architecture": "olmoe", "olmoe.block_count": 2, "a.scale": f32(0.5) },
 *   tensors: [f32Tensor("token_embd.weight", [8, 4])],
 * });
 * ```
 * Plain values choose their type: string, boolean, integer (u32, or i32 when negative), bigint
 * (u64), other numbers f32, arrays by their elements. `u8` ... `f64` and `arrayOf` choose it by hand.
 */
import { writeFileSync } from "node:fs";
import { GGMLQuantizationType } from "@huggingface/gguf";

export const valueTypes = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "string",
  "array",
  "u64",
  "i64",
  "f64",
] as const;
export type ValueType = (typeof valueTypes)[number];

/** A value with its type said. Elements of an array carry no type of their own. */
export interface TypedValue {
  readonly type: ValueType;
  readonly value: PlainValue | ArrayValue;
}
export interface ArrayValue {
  readonly elementType: ValueType;
  readonly elements: readonly (PlainValue | ArrayValue)[];
}
export type PlainValue = string | number | bigint | boolean;
export type Value = PlainValue | readonly PlainValue[] | TypedValue;

export interface TensorSource {
  readonly name: string;
  /** ggml's order: the row length first. */
  readonly shape: readonly number[];
  /** ggml's name or number. */
  readonly type: keyof typeof GGMLQuantizationType | number;
  readonly data: ArrayBufferView;
}

/** A tensor whose data somebody else writes. */
export interface TensorPlan extends Omit<TensorSource, "data"> {
  readonly byteLength: number;
}

export interface GgufHeaderSource extends Omit<GgufSource, "tensors"> {
  readonly tensors: readonly TensorPlan[];
}

export interface GgufSource {
  readonly metadata?: Readonly<Record<string, Value>>;
  readonly tensors?: readonly TensorSource[];
  /** Written as `general.alignment` when given. @default 32 */
  readonly alignment?: number;
  /** @default 3 */
  readonly version?: number;
}

/** Where a field of the header lies: for tests that damage it. */
export interface HeaderField {
  readonly name: string;
  readonly offset: number;
  readonly byteLength: 4 | 8;
}

export function buildGguf(source: GgufSource): Uint8Array {
  return buildGgufWithFields(source).bytes;
}

/** The same with the place of every count, length, type, dimension and offset in the header. */
export function buildGgufWithFields(source: GgufSource): {
  bytes: Uint8Array;
  fields: readonly HeaderField[];
  /** Where the data section begins. */
  dataStart: number;
} {
  const { tensors = [], alignment = 32 } = source;
  const writer = writeHeader({
    ...source,
    tensors: tensors.map(({ data, ...tensor }) => ({ ...tensor, byteLength: data.byteLength })),
  });
  const dataStart = writer.length;
  for (const { data } of tensors) {
    writer.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    writer.pad(alignment);
  }
  return { bytes: writer.bytes(), fields: writer.fields, dataStart };
}

/** Everything before the data, for files too large to be built in memory. */
export function buildGgufHeader(source: GgufHeaderSource): Uint8Array {
  return writeHeader(source).bytes();
}

function writeHeader({
  metadata = {},
  tensors,
  alignment,
  version = 3,
}: GgufHeaderSource): FieldWriter {
  const entries = Object.entries(metadata).map(([key, value]) => [key, typed(value)] as const);
  if (alignment !== undefined) entries.push(["general.alignment", u32(alignment)]);
  const writer = new FieldWriter();
  writer.write(Buffer.from("GGUF"));
  writer.u32("version", version);
  writer.u64("tensor count", tensors.length);
  writer.u64("metadata count", entries.length);
  for (const [key, { type, value }] of entries) {
    writer.text(`key ${key}`, key);
    writer.u32(`type of ${key}`, valueTypes.indexOf(type));
    writeValue(writer, key, type, value);
  }
  const step = alignment ?? 32;
  let dataBytes = 0;
  for (const { name, shape, type, byteLength } of tensors) {
    writer.text(`name ${name}`, name);
    writer.u32(`dimensions of ${name}`, shape.length);
    for (const [axis, length] of shape.entries()) {
      writer.u64(`dimension ${axis} of ${name}`, length);
    }
    writer.u32(`type of ${name}`, typeof type === "number" ? type : GGMLQuantizationType[type]);
    writer.u64(`offset of ${name}`, dataBytes);
    dataBytes = aligned(dataBytes + byteLength, step);
  }
  writer.pad(step);
  return writer;
}

/** Builds and writes a file; returns its path. */
export function writeGguf(path: string, source: GgufSource): string {
  writeFileSync(path, buildGguf(source));
  return path;
}

/** An f32 tensor; without values it counts 0, 1, 2, ... */
export function f32Tensor(
  name: string,
  shape: readonly number[],
  values?: readonly number[],
): TensorSource {
  const length = shape.reduce((product, size) => product * size, 1);
  const data = values === undefined ? Float32Array.from({ length }, (_, i) => i) : values;
  return { name, shape, type: "F32", data: Float32Array.from(data) };
}

export const u8 = (value: number): TypedValue => ({ type: "u8", value });
export const i8 = (value: number): TypedValue => ({ type: "i8", value });
export const u16 = (value: number): TypedValue => ({ type: "u16", value });
export const i16 = (value: number): TypedValue => ({ type: "i16", value });
export const u32 = (value: number): TypedValue => ({ type: "u32", value });
export const i32 = (value: number): TypedValue => ({ type: "i32", value });
export const u64 = (value: bigint): TypedValue => ({ type: "u64", value });
export const i64 = (value: bigint): TypedValue => ({ type: "i64", value });
export const f32 = (value: number): TypedValue => ({ type: "f32", value });
export const f64 = (value: number): TypedValue => ({ type: "f64", value });

/** Nested arrays: `arrayOf("array", [arrayOf("u8", [1]).value, ...])`. */
export function arrayOf(
  elementType: ValueType,
  elements: ArrayValue["elements"],
): { type: "array"; value: ArrayValue } {
  return { type: "array", value: { elementType, elements } };
}

function typed(value: Value): TypedValue {
  if (typeof value !== "object") return { type: plainType([value]), value };
  if ("type" in value) return value;
  return arrayOf(plainType(value), value);
}

/** The type that holds all of them. */
function plainType(values: readonly PlainValue[]): ValueType {
  const [first] = values;
  if (typeof first === "string") return "string";
  if (typeof first === "boolean") return "bool";
  if (typeof first === "bigint") return "u64";
  if (!values.every(Number.isInteger)) return "f32";
  return values.some((value) => Number(value) < 0) ? "i32" : "u32";
}

function writeValue(
  writer: FieldWriter,
  key: string,
  type: ValueType,
  value: TypedValue["value"],
): void {
  if (typeof value === "object") {
    writer.u32(`element type of ${key}`, valueTypes.indexOf(value.elementType));
    writer.u64(`array length of ${key}`, value.elements.length);
    for (const element of value.elements) writeValue(writer, key, value.elementType, element);
  } else if (type === "string") {
    writer.text(`text of ${key}`, String(value));
  } else {
    writer.write(numberBytes(type, value));
  }
}

function numberBytes(type: ValueType, value: PlainValue): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  const bytes = (length: number) => new Uint8Array(view.buffer, 0, length);
  switch (type) {
    case "u8":
    case "i8":
    case "bool":
      view.setUint8(0, Number(value));
      return bytes(1);
    case "u16":
    case "i16":
      view.setUint16(0, Number(value), true);
      return bytes(2);
    case "u32":
    case "i32":
      view.setUint32(0, Number(value), true);
      return bytes(4);
    case "f32":
      view.setFloat32(0, Number(value), true);
      return bytes(4);
    case "u64":
    case "i64":
      view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
      return bytes(8);
    case "f64":
      view.setFloat64(0, Number(value), true);
      return bytes(8);
    default:
      throw new TypeError(`${type} is no number`);
  }
}

/** Collects bytes and remembers where the header's fields are. */
class FieldWriter {
  readonly fields: HeaderField[] = [];
  readonly #chunks: Uint8Array[] = [];
  length = 0;

  write(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.length += bytes.length;
  }

  u32(name: string, value: number): void {
    this.fields.push({ name, offset: this.length, byteLength: 4 });
    this.write(numberBytes("u32", value));
  }

  u64(name: string, value: number): void {
    this.fields.push({ name, offset: this.length, byteLength: 8 });
    this.write(numberBytes("u64", value));
  }

  text(name: string, value: string): void {
    const bytes = Buffer.from(value);
    this.u64(`length of ${name}`, bytes.length);
    this.write(bytes);
  }

  pad(alignment: number): void {
    this.write(new Uint8Array(aligned(this.length, alignment) - this.length));
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }
}

function aligned(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
