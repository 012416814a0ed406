/**
 * What a `.npy` file says of its array.
 *
 * Source: numpy.lib.format, versions 1.0 to 3.0: magic, version, length of the header (u16 in
 * version 1, u32 later), and a Python dictionary as text.
 */
import { quoted } from "../../support/quoted.ts";
import { TraceDamage } from "../traceSource.ts";
import type { ByteReader } from "./byteReader.ts";

const magic = "\x93NUMPY";
const MOST_HEADER_BYTES = 64 * 1024;

/** Encodings of whole numbers, by their names in the file. */
export const npyIntegers: Readonly<
  Record<string, { readonly bytes: number; readonly read: (view: DataView, at: number) => number }>
> = {
  "|u1": { bytes: 1, read: (view, at) => view.getUint8(at) },
  "|i1": { bytes: 1, read: (view, at) => view.getInt8(at) },
  "<u2": { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  "<i2": { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  "<u4": { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  "<i4": { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  "<i8": { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
};

export interface NpyHeader {
  /** A key of {@link npyIntegers}. */
  readonly encoding: string;
  readonly shape: readonly number[];
}

export function isNpy(start: string): boolean {
  return start.startsWith(magic);
}

/** Reads up to the first number. @throws TraceDamage for arrays that are no router's choices */
export async function readNpyHeader(reader: ByteReader): Promise<NpyHeader> {
  const start = await reader.read(8);
  const isFirstVersion = start[6] === 1;
  const lengthBytes = await reader.read(isFirstVersion ? 2 : 4);
  const length = littleEndian(lengthBytes);
  if (length > MOST_HEADER_BYTES) throw new TraceDamage(`a header of ${length} bytes`, 8);
  const text = Buffer.from(await reader.read(length)).toString("latin1");
  const encoding = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (encoding === undefined || order === undefined || shape === undefined) {
    throw new TraceDamage(`not the header of a plain array: ${quoted(text.trim())}`, 8);
  }
  if (!Object.hasOwn(npyIntegers, encoding)) {
    const known = Object.keys(npyIntegers).join(", ");
    throw new TraceDamage(`numbers of type ${quoted(encoding)}; experts are whole: ${known}`, 8);
  }
  if (order === "True") {
    throw new TraceDamage("the array is in Fortran order; save np.ascontiguousarray(array)", 8);
  }
  return { encoding, shape: shape.match(/\d+/g)?.map(Number) ?? [] };
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
