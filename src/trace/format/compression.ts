/** How the blocks of a trace file may be packed. */
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** In the order of their codes in the file. */
export const compressions: readonly ["none", "gzip", "zstd"] = ["none", "gzip", "zstd"];
export type Compression = (typeof compressions)[number];

/** Packs so fast that a recorder does not hold up the model. */
export function compress(bytes: Uint8Array, compression: Compression): Uint8Array {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gzipSync(bytes, { level: constants.Z_BEST_SPEED });
    case "zstd":
      return zstdCompressSync(bytes);
  }
}

/**
 * The bytes that were packed; their number is known, so that a hostile file cannot unpack to more.
 *
 * @throws Error of `node:zlib` if the bytes are damaged, or unpack to more than `length`
 */
export function decompress(
  bytes: Uint8Array,
  compression: Compression,
  length: number,
): Uint8Array {
  // zlib wants room for one byte at least.
  const options = { maxOutputLength: Math.max(length, 1) };
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gunzipSync(bytes, options);
    case "zstd":
      return zstdDecompressSync(bytes, options);
  }
}
