/**
 * What a file's header tells about its model: sizes, experts, formats, memory. Nothing is read but
 * metadata and the tensor table, so it works on models too large to open, on files that hold only a
 * vocabulary and on families we cannot run.
 */
import { keyValueBytesPerToken } from "../compute/keyValueCache.ts";
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import type { Metadata } from "../gguf/metadata.ts";
import { splitCount } from "../gguf/splitFiles.ts";
import type { FormatName } from "../numerics/formats/blockFormat.ts";
import { SluiceError } from "../support/errors.ts";
import { architectureOf } from "./architectures/index.ts";
import type { Shape } from "./shape.ts";

/** `undefined` stands for what the file does not say. */
export interface ModelDescription {
  readonly file: string;
  /** Files of a split model, else 1. */
  readonly fileCount: number;
  readonly fileBytes: number;
  readonly name: string | undefined;
  readonly architecture: string | undefined;
  /** Why we cannot run it; `undefined` when nothing in the header is in the way. */
  readonly obstacle: string | undefined;
  readonly parameters: { readonly total: number; readonly activePerToken: number | undefined };
  readonly layerCount: number | undefined;
  readonly hiddenSize: number | undefined;
  /** Positions the model was trained for. */
  readonly contextLength: number | undefined;
  readonly vocabulary: VocabularyDescription | undefined;
  /** `undefined` for a dense model. */
  readonly experts: ExpertsDescription | undefined;
  /** Most bytes first. */
  readonly formats: readonly FormatDescription[];
  readonly memory: MemoryDescription;
}

interface VocabularyDescription {
  readonly size: number;
  /** `tokenizer.ggml.model` and `tokenizer.ggml.pre`. */
  readonly kind: string | undefined;
  readonly splitPattern: string | undefined;
  readonly hasChatTemplate: boolean;
}

export interface ExpertsDescription {
  readonly expertCount: number;
  /** The router's top-k. */
  readonly expertsPerToken: number | undefined;
  /** Layers with experts, in order; none in a file without weights. */
  readonly layers: readonly { readonly layer: number; readonly expertBytes: number }[];
  /** T: what one token asks of the experts, over all layers. */
  readonly tokenCycle: { readonly slots: number; readonly bytes: number } | undefined;
}

interface FormatDescription {
  readonly format: FormatName;
  readonly tensorCount: number;
  readonly bytes: number;
  /** Whether a kernel multiplies it; rows of other formats are decoded first, which is slower. */
  readonly hasKernel: boolean;
}

interface MemoryDescription {
  /** All that is not an expert. Vectors count as f32, as they are kept. */
  readonly hotBytes: number;
  readonly expertBytes: number;
  /** Known for the families we run. */
  readonly keyValues: KeyValueDescription | undefined;
}

interface KeyValueDescription {
  readonly bytesPerToken: { readonly f16: number; readonly f32: number };
  /** The context a model gets unless asked for another. */
  readonly defaultContextLength: number;
}

export interface DescribeOptions {
  readonly hasKernel: (format: FormatName) => boolean;
  /** The longest context taken without being asked for. */
  readonly contextLengthLimit: number;
}

/** Never fails on an open file: what a header does not say, or says wrongly, is `undefined`. */
export function describeModel(file: GgufFile, options: DescribeOptions): ModelDescription {
  const { metadata } = file;
  const architecture = textOf(metadata, "general.architecture");
  const size = (key: string) => countOf(metadata, `${architecture}.${key}`);
  const tensors = [...file.tensors.values()];
  const { shape, obstacle } = readShape(metadata, architecture);
  const experts = describeExperts(tensors, size("expert_count"), size("expert_used_count"));
  return {
    file: file.name,
    fileCount: splitCount(metadata),
    fileBytes: file.sizeBytes,
    name: textOf(metadata, "general.name"),
    architecture,
    obstacle: obstacle ?? (tensors.length === 0 ? "the file holds no weights" : undefined),
    parameters: countParameters(tensors, experts),
    layerCount: size("block_count"),
    hiddenSize: size("embedding_length"),
    contextLength: size("context_length"),
    vocabulary: describeVocabulary(metadata),
    experts,
    formats: describeFormats(tensors, options.hasKernel),
    memory: describeMemory(tensors, shape, options.contextLengthLimit),
  };
}

/** The sizes as the family reads them, or why it cannot. */
function readShape(
  metadata: Metadata,
  architecture: string | undefined,
): { shape?: Shape; obstacle: string | undefined } {
  if (architecture === undefined) return { obstacle: "the file names no architecture" };
  try {
    return {
      shape: architectureOf(architecture, metadata.file).readShape(metadata),
      obstacle: undefined,
    };
  } catch (error) {
    if (error instanceof SluiceError) return { obstacle: error.message };
    throw error;
  }
}

function describeVocabulary(metadata: Metadata): VocabularyDescription | undefined {
  const pieces = metadata.raw("tokenizer.ggml.tokens");
  if (!Array.isArray(pieces)) return undefined;
  return {
    size: pieces.length,
    kind: textOf(metadata, "tokenizer.ggml.model"),
    splitPattern: textOf(metadata, "tokenizer.ggml.pre"),
    hasChatTemplate: metadata.has("tokenizer.chat_template"),
  };
}

function describeExperts(
  tensors: readonly TensorInfo[],
  expertCount: number | undefined,
  expertsPerToken: number | undefined,
): ExpertsDescription | undefined {
  if (expertCount === undefined || expertCount === 0) return undefined;
  const bytes = new Map<number, number>();
  for (const tensor of tensors) {
    const layer = expertLayerOf(tensor);
    if (layer !== undefined) bytes.set(layer, (bytes.get(layer) ?? 0) + tensor.byteLength);
  }
  const layers = [...bytes]
    .map(([layer, layerBytes]) => ({ layer, expertBytes: layerBytes / expertCount }))
    .sort((a, b) => a.layer - b.layer);
  const tokenCycle =
    layers.length === 0 || expertsPerToken === undefined
      ? undefined
      : {
          slots: layers.length * expertsPerToken,
          bytes: layers.reduce((sum, { expertBytes }) => sum + expertBytes * expertsPerToken, 0),
        };
  return { expertCount, expertsPerToken, layers, tokenCycle };
}

function countParameters(
  tensors: readonly TensorInfo[],
  experts: ExpertsDescription | undefined,
): ModelDescription["parameters"] {
  const inExperts = sum(tensors.filter(isExpert), ({ elementCount }) => elementCount);
  const total = sum(tensors, ({ elementCount }) => elementCount);
  if (experts === undefined) return { total, activePerToken: total };
  const { expertCount, expertsPerToken } = experts;
  if (expertsPerToken === undefined) return { total, activePerToken: undefined };
  return {
    total,
    activePerToken: total - inExperts + (inExperts / expertCount) * expertsPerToken,
  };
}

function describeFormats(
  tensors: readonly TensorInfo[],
  hasKernel: DescribeOptions["hasKernel"],
): readonly FormatDescription[] {
  return [...Map.groupBy(tensors, ({ format }) => format.name)]
    .map(([format, members]) => ({
      format,
      tensorCount: members.length,
      bytes: sum(members, ({ byteLength }) => byteLength),
      hasKernel: hasKernel(format),
    }))
    .sort((a, b) => b.bytes - a.bytes);
}

function describeMemory(
  tensors: readonly TensorInfo[],
  shape: Shape | undefined,
  contextLengthLimit: number,
): MemoryDescription {
  const hot = tensors.filter((tensor) => !isExpert(tensor));
  return {
    hotBytes: sum(hot, (tensor) =>
      tensor.shape.length === 1 ? tensor.elementCount * 4 : tensor.byteLength,
    ),
    expertBytes: sum(tensors.filter(isExpert), ({ byteLength }) => byteLength),
    keyValues:
      shape === undefined
        ? undefined
        : {
            bytesPerToken: {
              f16: keyValueBytesPerToken(shape, "f16"),
              f32: keyValueBytesPerToken(shape, "f32"),
            },
            defaultContextLength: Math.min(shape.contextLength, contextLengthLimit),
          },
  };
}

/**
 * Names of expert tensors: `blk.3.ffn_gate_exps.weight` holds all of a layer; files from before
 * April 2024 have `blk.3.ffn_gate.7.weight`, one tensor per expert.
 */
const expertName = /^blk\.(\d+)\.ffn_(?:\w+_exps\.\w+|\w+\.\d+\.weight)$/;

function expertLayerOf({ name }: TensorInfo): number | undefined {
  const layer = expertName.exec(name)?.[1];
  return layer === undefined ? undefined : Number(layer);
}

function isExpert(tensor: TensorInfo): boolean {
  return expertLayerOf(tensor) !== undefined;
}

function textOf(metadata: Metadata, key: string): string | undefined {
  const value = metadata.raw(key);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A count, or the one that all layers share. */
function countOf(metadata: Metadata, key: string): number | undefined {
  const value = metadata.raw(key);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [first] = values;
  const count = typeof first === "bigint" ? Number(first) : first;
  const isCount = typeof count === "number" && Number.isSafeInteger(count) && count >= 0;
  return isCount && values.every((other) => other === first) ? count : undefined;
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
