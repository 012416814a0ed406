/**
 * A GGUF model file (or all files of a split one), open for reading: metadata, the table of tensors
 * and their bytes.
 *
 * Source: the GGUF specification (ggml/docs/gguf.md), versions 2 and 3, little-endian.
 */
import { BadGgufError, MissingTensorError, SluiceError } from "../support/errors.ts";
import type { Metadata } from "./metadata.ts";
import { openShard, type Shard } from "./shard.ts";
import { checkSplit, splitCount, splitPaths } from "./splitFiles.ts";
import type { TensorInfo } from "./tensorTable.ts";
import type { WeightFile } from "./weightFile.ts";

export type { TensorInfo } from "./tensorTable.ts";

/**
 * Opens a model; of a split one, any file may be named. Everything the header says is checked, so
 * that reading can only fail if the file changes or the disk does.
 *
 * Throws `BadGgufError` for a file that breaks the format's rules, `SluiceError`
 * `"file-unreadable"` for one that cannot be read and `"unsupported-format"` for a weight encoding
 * we cannot decode. After an error nothing stays open.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  await using opened = new AsyncDisposableStack();
  const named = await openShard(path);
  opened.use(named.file);
  const count = splitCount(named.metadata);
  const shards = count === 1 ? [named] : await openSplit(path, named, count, opened);
  const file = new GgufFile(shards);
  opened.move(); // from here on it is the caller's
  return file;
}

async function openSplit(
  path: string,
  named: Shard,
  count: number,
  opened: AsyncDisposableStack,
): Promise<readonly Shard[]> {
  const shards: Shard[] = [];
  for (const [index, shardPath] of splitPaths(path, count).entries()) {
    if (index === named.number) {
      shards.push(named);
      continue;
    }
    const shard = await openShard(shardPath).catch((cause: unknown) => {
      throw incompleteSplit(cause, index, count);
    });
    opened.use(shard.file);
    shards.push(shard);
  }
  checkSplit(shards);
  return shards;
}

export class GgufFile implements AsyncDisposable {
  /** Of the first file of a split model. */
  readonly path: string;
  /** The last part of the path, for messages. */
  readonly name: string;
  /** Version of the container format. */
  readonly version: number;
  /** Of a split model, what its first file holds. */
  readonly metadata: Metadata;
  /** By name, in file order. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** All files together. */
  readonly sizeBytes: number;
  readonly #files: readonly WeightFile[];

  /** Takes over the open files. Throws `BadGgufError` when two hold a tensor of the same name. */
  constructor(shards: readonly Shard[]) {
    const [first] = shards;
    if (first === undefined) throw new RangeError("a model has at least one file");
    this.path = first.file.path;
    this.name = first.file.name;
    this.version = first.version;
    this.metadata = first.metadata;
    this.#files = shards.map(({ file }) => file);
    this.sizeBytes = this.#files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.tensors = joinTables(shards);
  }

  /** Throws `MissingTensorError`. */
  tensor(name: string): TensorInfo {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new MissingTensorError(this.name, name);
    return tensor;
  }

  /**
   * Fills the whole target, which may view shared memory, with a tensor's bytes from `byteOffset`
   * on. Throws `SluiceError`: `"bad-option"` for a range outside the tensor, `"closed"`,
   * `"file-unreadable"`, and `BadGgufError` when the file has shrunk since it was opened.
   */
  async read(tensor: TensorInfo, byteOffset: number, target: Uint8Array): Promise<void> {
    const file = this.#files[tensor.shard];
    if (file === undefined || this.tensors.get(tensor.name) !== tensor) {
      throw new SluiceError("bad-option", `tensor "${tensor.name}" is not of ${this.name}`);
    }
    const end = byteOffset + target.length;
    if (!(Number.isSafeInteger(byteOffset) && byteOffset >= 0 && end <= tensor.byteLength)) {
      throw new SluiceError(
        "bad-option",
        `bytes ${byteOffset} to ${end} are outside tensor "${tensor.name}" ` +
          `(${tensor.byteLength} bytes)`,
      );
    }
    await file.read(target, tensor.offset + byteOffset);
  }

  /** Closes all files, once. Reads under way finish; later ones throw `"closed"`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#files.map((file) => file[Symbol.asyncDispose]()));
  }
}

function joinTables(shards: readonly Shard[]): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const { file, tensors: table } of shards) {
    for (const tensor of table) {
      if (tensors.has(tensor.name)) {
        throw new BadGgufError(
          file.name,
          `tensor "${tensor.name}" is in an earlier file of the split model as well`,
        );
      }
      tensors.set(tensor.name, tensor);
    }
  }
  return tensors;
}

/** Says which file of a split model is missing; other errors speak for themselves. */
function incompleteSplit(cause: unknown, index: number, count: number): unknown {
  if (!(cause instanceof SluiceError) || cause.code !== "file-unreadable") return cause;
  const message = `file ${index + 1} of the ${count} of a split model: ${cause.message}`;
  return new SluiceError("file-unreadable", message, { cause });
}
