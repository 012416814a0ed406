/**
 * Walks the structure of a GGUF header before `@huggingface/gguf` (0.4.6) reads its values.
 *
 * The library gives no byte offsets, takes the zeros behind a short file for data, accepts doubled
 * keys, and gets two kinds of strings wrong (see `StringMend`). So counts, lengths, types and names
 * are checked here first; what passes is safe to hand over.
 *
 * Source: the GGUF specification (ggml/docs/gguf.md) and llama.cpp's `gguf.cpp`.
 */
import { GGUFValueType } from "@huggingface/gguf";
import { quoted } from "../support/quoted.ts";
import { HeaderCursor } from "./headerCursor.ts";
import type { WeightFile } from "./weightFile.ts";

export interface HeaderCheck {
  readonly version: 2 | 3;
  /** Metadata keys, in file order. */
  readonly keys: readonly string[];
  /** Strings to put over those that the library returns. */
  readonly mends: readonly StringMend[];
  /** Where the description of each tensor begins. */
  readonly tensorStarts: readonly number[];
  /** Where the last description ends: the data section begins at the next aligned offset. */
  readonly end: number;
}

/**
 * A string the library may return wrongly: one that begins with U+FEFF loses it (a token of every
 * Llama 2 vocabulary), and the last string of a value is cut where a 2 MB read step ends in it.
 */
export interface StringMend {
  readonly key: string;
  /** Indices into nested arrays; empty for a plain string. */
  readonly path: readonly number[];
  readonly text: string;
}

/** "GGUF", read as a little-endian u32. */
const MAGIC = 0x46554747;

const KEY_LIMIT_BYTES = 65_535; // the specification's
const TENSOR_NAME_LIMIT_BYTES = 64; // the specification's
const DIMENSION_LIMIT = 4; // GGML_MAX_DIMS
const METADATA_LIMIT = 100_000; // the library's
const ARRAY_LIMIT = 1_000_000; // the library's
const NESTING_LIMIT = 4; // the library's
/** The library looks 0.5 MB past a key and takes one step of 2 MB: more than this it may miss. */
const STRING_LIMIT_BYTES = 1_500_000;

/** Key length, value type, and the smallest value. */
const SMALLEST_METADATA_BYTES = 8 + 4 + 1;
/** Name length, dimension count, one dimension, type, and offset. */
const SMALLEST_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;

/** Bytes of the value types that have a fixed size. */
const fixedBytes = new Map<number, number>([
  [GGUFValueType.UINT8, 1],
  [GGUFValueType.INT8, 1],
  [GGUFValueType.UINT16, 2],
  [GGUFValueType.INT16, 2],
  [GGUFValueType.UINT32, 4],
  [GGUFValueType.INT32, 4],
  [GGUFValueType.FLOAT32, 4],
  [GGUFValueType.BOOL, 1],
  [GGUFValueType.UINT64, 8],
  [GGUFValueType.INT64, 8],
  [GGUFValueType.FLOAT64, 8],
]);

/** Checks a header's structure against the file. Throws `BadGgufError` with the byte at fault. */
export function checkHeader(file: WeightFile): HeaderCheck {
  const cursor = new HeaderCursor(file);
  const version = checkPreamble(cursor);
  const tensorCount = checkCount(cursor, "tensors", SMALLEST_TENSOR_BYTES);
  const metadataCount = checkCount(cursor, "metadata entries", SMALLEST_METADATA_BYTES);
  if (metadataCount > METADATA_LIMIT) {
    throw cursor.bad(`${metadataCount} metadata entries; at most ${METADATA_LIMIT} supported`, 16);
  }
  const mends: StringMend[] = [];
  const keys = new Set<string>();
  for (let entry = 0; entry < metadataCount; entry++) checkMetadata(cursor, keys, mends);
  const tensorStarts: number[] = [];
  const names = new Set<string>();
  for (let tensor = 0; tensor < tensorCount; tensor++) {
    tensorStarts.push(cursor.position);
    checkTensor(cursor, names);
  }
  return { version, keys: [...keys], mends, tensorStarts, end: cursor.position };
}

function checkPreamble(cursor: HeaderCursor): 2 | 3 {
  if (cursor.remainingBytes === 0) throw cursor.bad("the file is empty", 0);
  const start = cursor.remainingBytes < 4 ? undefined : cursor.u32("the magic number");
  if (start !== MAGIC) throw cursor.bad(`not a GGUF file: ${likelyContent(start)}`, 0);
  const version = cursor.u32("the version");
  if (version === 2 || version === 3) return version;
  if (version !== 0 && (version & 0xffff) === 0) {
    throw cursor.bad("a big-endian GGUF file; only little-endian ones can be read", 4);
  }
  throw cursor.bad(
    version === 1
      ? "GGUF version 1 (August 2023) is not supported: convert the model again"
      : `GGUF version ${version} is unknown; 2 and 3 can be read`,
    4,
  );
}

/** What people most often have instead, by its first four bytes. */
function likelyContent(start: number | undefined): string {
  switch (start) {
    case 0x73726576: // "vers"
      return "it looks like a Git LFS pointer; fetch the file itself with `git lfs pull`";
    case 0x4f44213c: // "<!DO"
    case 0x6f64213c: // "<!do"
    case 0x6d74683c: // "<htm"
      return "it looks like a web page; download the file itself";
    default:
      return 'it does not begin with "GGUF"';
  }
}

function checkCount(cursor: HeaderCursor, things: string, smallestBytes: number): number {
  const offset = cursor.position;
  const count = cursor.u64(`the number of ${things}`);
  if (count * smallestBytes > cursor.remainingBytes) {
    throw cursor.bad(`${count} ${things} cannot fit in ${cursor.remainingBytes} bytes`, offset);
  }
  return count;
}

function checkMetadata(cursor: HeaderCursor, keys: Set<string>, mends: StringMend[]): void {
  const offset = cursor.position;
  const key = boundedText(cursor, "a metadata key", KEY_LIMIT_BYTES);
  if (keys.has(key)) throw cursor.bad(`metadata key ${quoted(key)} is there twice`, offset);
  keys.add(key);
  const what = `metadata ${quoted(key)}`;
  const type = cursor.u32(what);
  checkValue(cursor, type, {
    what,
    path: [],
    mend: (path, text) => mends.push({ key, path, text }),
  });
}

interface ValueContext {
  /** The entry, for messages. */
  readonly what: string;
  /** Indices of the arrays around the value. */
  readonly path: readonly number[];
  readonly mend: (path: readonly number[], text: string) => void;
}

function checkValue(cursor: HeaderCursor, type: number, context: ValueContext): void {
  const bytes = fixedBytes.get(type);
  if (bytes !== undefined) cursor.skip(bytes, context.what);
  else if (type === GGUFValueType.STRING) checkString(cursor, context, context.path, true);
  else if (type === GGUFValueType.ARRAY) checkArray(cursor, context);
  else throw cursor.bad(`${context.what} has unknown value type ${type}`, cursor.position - 4);
}

function checkArray(cursor: HeaderCursor, context: ValueContext): void {
  const { what, path } = context;
  if (path.length === NESTING_LIMIT) {
    throw cursor.bad(`${what} nests arrays deeper than ${NESTING_LIMIT}`, cursor.position);
  }
  const type = cursor.u32(what);
  const lengthOffset = cursor.position;
  const length = cursor.u64(what);
  if (length > ARRAY_LIMIT) {
    throw cursor.bad(
      `${what} is an array of ${length}; at most ${ARRAY_LIMIT} supported`,
      lengthOffset,
    );
  }
  const bytes = fixedBytes.get(type);
  if (bytes !== undefined) {
    cursor.skip(length * bytes, what);
  } else if (type === GGUFValueType.STRING) {
    for (let index = 0; index < length; index++) {
      checkString(cursor, context, index, index === length - 1);
    }
  } else if (type === GGUFValueType.ARRAY) {
    for (let index = 0; index < length; index++) {
      checkArray(cursor, { ...context, path: [...path, index] });
    }
  } else {
    throw cursor.bad(`${what} is an array of unknown value type ${type}`, lengthOffset - 4);
  }
}

/** `place` is the whole path, or the index in the array at `context.path` (no array per token). */
function checkString(
  cursor: HeaderCursor,
  { what, path, mend }: ValueContext,
  place: number | readonly number[],
  isLast: boolean,
): void {
  const byteLength = boundedLength(cursor, what, STRING_LIMIT_BYTES);
  if (isLast || cursor.atByteOrderMark(byteLength, what)) {
    mend(typeof place === "number" ? [...path, place] : place, cursor.text(byteLength, what));
  } else {
    cursor.skip(byteLength, what);
  }
}

function checkTensor(cursor: HeaderCursor, names: Set<string>): void {
  const offset = cursor.position;
  const name = boundedText(cursor, "a tensor name", TENSOR_NAME_LIMIT_BYTES);
  if (names.has(name)) throw cursor.bad(`tensor "${name}" is there twice`, offset);
  names.add(name);
  const what = `the description of tensor "${name}"`;
  const dimensionOffset = cursor.position;
  const dimensionCount = cursor.u32(what);
  if (dimensionCount < 1 || dimensionCount > DIMENSION_LIMIT) {
    throw cursor.bad(
      `tensor "${name}" has ${dimensionCount} dimensions, 1 to ${DIMENSION_LIMIT} expected`,
      dimensionOffset,
    );
  }
  cursor.skip(8 * dimensionCount + 4 + 8, what);
}

function boundedText(cursor: HeaderCursor, what: string, limitBytes: number): string {
  return cursor.text(boundedLength(cursor, what, limitBytes), what);
}

function boundedLength(cursor: HeaderCursor, what: string, limitBytes: number): number {
  const byteLength = cursor.u64(what);
  // Checked second: a length that the file cannot hold is damage, whatever we support.
  if (byteLength > limitBytes && byteLength <= cursor.remainingBytes) {
    throw cursor.bad(
      `${what} is a text of ${byteLength} bytes; at most ${limitBytes} supported`,
      cursor.position - 8,
    );
  }
  return byteLength;
}
