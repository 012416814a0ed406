/**
 * What a file says about its tensors, checked against the file: formats known, sizes sound, every
 * tensor inside the file and none inside another. What is in the table can be read.
 */
import { GGMLQuantizationType, type GGUFTensorInfo } from "@huggingface/gguf";
import { type BlockFormat, rowBytes } from "../numerics/formats/blockFormat.ts";
import { formatOfGgmlType } from "../numerics/formats/index.ts";
import { BadGgufError, SluiceError } from "../support/errors.ts";
import type { WeightFile } from "./weightFile.ts";

export interface TensorInfo {
  readonly name: string;
  /** ggml's order: the first is the row length, the fastest in memory. 1 to 4 dimensions. */
  readonly shape: readonly number[];
  readonly format: BlockFormat;
  readonly elementCount: number;
  readonly byteLength: number;
  /** Which file of a split model, from 0. */
  readonly shard: number;
  /** Of the first byte, in its shard file. */
  readonly offset: number;
}

export interface DataSection {
  readonly file: WeightFile;
  /** Number of the file in a split model, from 0. */
  readonly shard: number;
  /** Where the data begins in the file. */
  readonly start: number;
  /** Tensors begin at multiples of this from the start. */
  readonly alignment: number;
  /** Where the description of each tensor begins, for messages. */
  readonly descriptions: readonly number[];
}

/**
 * The tensors of one file, in its order. Throws `BadGgufError` for sizes and places that cannot be,
 * `SluiceError` `"unsupported-format"` for a ggml type we cannot decode.
 */
export function readTensorTable(
  infos: readonly GGUFTensorInfo[],
  section: DataSection,
): readonly TensorInfo[] {
  const tensors = infos.map((info, index) =>
    readTensor(info, section, section.descriptions[index]),
  );
  const byOffset = tensors.toSorted((a, b) => a.offset - b.offset);
  checkEnd(byOffset.at(-1), section.file);
  checkOverlaps(byOffset, section.file);
  return tensors;
}

function readTensor(
  info: GGUFTensorInfo,
  { file, shard, start, alignment }: DataSection,
  description: number | undefined,
): TensorInfo {
  const format = formatOfGgmlType(info.dtype);
  if (format === undefined) throw unsupportedFormat(file.name, info);
  const bad = (reason: string): BadGgufError =>
    new BadGgufError(file.name, `tensor "${info.name}" ${reason}`, {
      ...(description === undefined ? {} : { offset: description }),
    });

  const dimensions = info.shape.join(" x ");
  const elementCount = Number(info.shape.reduce((product, length) => product * length, 1n));
  if (elementCount === 0) throw bad(`is empty (${dimensions})`);
  if (!Number.isSafeInteger(elementCount)) throw bad(`is impossibly large (${dimensions})`);
  const shape = info.shape.map(Number);
  const [rowLength = 1] = shape;
  const bytesPerRow = rowBytes(format, rowLength);
  if (bytesPerRow === undefined) {
    throw bad(
      `has rows of ${rowLength} values, which are no whole blocks of ${format.name} ` +
        `(${format.blockElements})`,
    );
  }
  if (info.offset % BigInt(alignment) !== 0n) {
    throw bad(`lies at data offset ${info.offset}, which is no multiple of ${alignment}`);
  }
  return {
    name: info.name,
    shape,
    format,
    elementCount,
    byteLength: (elementCount / rowLength) * bytesPerRow,
    shard,
    offset: start + Number(info.offset),
  };
}

function unsupportedFormat(file: string, { name, dtype }: GGUFTensorInfo): SluiceError {
  const type = `${dtype} (${GGMLQuantizationType[dtype] ?? "unknown"})`;
  return new SluiceError(
    "unsupported-format",
    `${file}: tensor "${name}" has ggml type ${type}, which is not supported`,
  );
}

function checkEnd(last: TensorInfo | undefined, file: WeightFile): void {
  const end = last === undefined ? 0 : last.offset + last.byteLength;
  if (end <= file.sizeBytes) return;
  throw new BadGgufError(
    file.name,
    `the file is shorter than its header says by ${end - file.sizeBytes} bytes ` +
      `(tensor "${last?.name}"): download it again`,
    { offset: file.sizeBytes },
  );
}

function checkOverlaps(byOffset: readonly TensorInfo[], file: WeightFile): void {
  for (const [index, tensor] of byOffset.entries()) {
    const next = byOffset[index + 1];
    if (next !== undefined && next.offset < tensor.offset + tensor.byteLength) {
      throw new BadGgufError(
        file.name,
        `tensors "${tensor.name}" and "${next.name}" share bytes; the header is damaged`,
        { offset: next.offset },
      );
    }
  }
}
