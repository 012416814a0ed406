/**
 * One GGUF file, opened: its structure checked, its values read by `@huggingface/gguf`, its tensors
 * looked up in the file. A model is one of these or, when split, several.
 */
import { resolve } from "node:path";
import { gguf } from "@huggingface/gguf";
import { BadGgufError } from "../support/errors.ts";
import { quoted } from "../support/quoted.ts";
import { checkHeader, type HeaderCheck, type StringMend } from "./headerCheck.ts";
import { Metadata, type MetadataValue } from "./metadata.ts";
import { splitCount } from "./splitFiles.ts";
import { readTensorTable, type TensorInfo } from "./tensorTable.ts";
import { openWeightFile, type WeightFile } from "./weightFile.ts";

export interface Shard {
  readonly file: WeightFile;
  /** Which file of a split model it says it is, from 0; 0 for a model in one file. */
  readonly number: number;
  /** Version of the container format. */
  readonly version: number;
  readonly metadata: Metadata;
  /** In file order. */
  readonly tensors: readonly TensorInfo[];
}

const DEFAULT_ALIGNMENT = 32; // GGUF_DEFAULT_ALIGNMENT

/** Opens and checks one file; the caller closes `file`. After an error nothing stays open. */
export async function openShard(path: string): Promise<Shard> {
  await using opened = new AsyncDisposableStack();
  const file = opened.use(await openWeightFile(path));
  const header = checkHeader(file);
  const parsed = await parse(file);
  if (parsed.tensorInfoByteRange[1] !== header.end) {
    throw new BadGgufError(file.name, "the file changed while it was read");
  }
  const metadata = new Metadata(collect(parsed.metadata, header, file.name), file.name);
  const number = splitCount(metadata) > 1 ? metadata.count("split.no") : 0;
  const alignment = readAlignment(metadata);
  const tensors = readTensorTable(parsed.tensorInfos, {
    file,
    shard: number,
    start: Math.ceil(header.end / alignment) * alignment,
    alignment,
    descriptions: header.tensorStarts,
  });
  opened.move(); // from here on it is the caller's
  return { file, number, version: header.version, metadata, tensors };
}

async function parse(file: WeightFile): ReturnType<typeof gguf> {
  try {
    return await gguf(resolve(file.path), { allowLocalFile: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BadGgufError(file.name, `the header cannot be read: ${reason}`, { cause });
  }
}

/** The library's values under the file's keys, in the file's order, strings mended. */
function collect(values: object, header: HeaderCheck, file: string): Map<string, MetadataValue> {
  // By name and not by iteration: the library puts `version` and the counts among the values.
  const found = new Map<string, MetadataValue>(Object.entries(values));
  const entries = new Map<string, MetadataValue>();
  for (const key of header.keys) {
    const value = found.get(key);
    if (value === undefined)
      throw new BadGgufError(file, `metadata key ${quoted(key)} cannot be read`);
    entries.set(key, value);
  }
  for (const { key, path, text } of header.mends) {
    entries.set(key, mended(entries.get(key), path, text));
  }
  return entries;
}

/** Changes arrays in place: they are the library's result and nobody else has them. */
function mended(value: MetadataValue | undefined, path: StringMend["path"], text: string) {
  const [index, ...rest] = path;
  if (index === undefined || !Array.isArray(value)) return text;
  value[index] = mended(value[index], rest, text);
  return value;
}

/** llama.cpp's rule: an u32 power of two. (The specification wants a multiple of 8 as well.) */
function readAlignment(metadata: Metadata): number {
  const alignment = metadata.count("general.alignment", DEFAULT_ALIGNMENT);
  if ((alignment & -alignment) >>> 0 !== alignment || alignment === 0) {
    throw new BadGgufError(
      metadata.file,
      `general.alignment is ${alignment}, a power of two expected`,
    );
  }
  return alignment;
}
