/**
 * Numbers of several bytes out of a block. Blocks have odd sizes (17, 34, 110 bytes), so their fields
 * lie at any address and cannot be read through a `Uint16Array`.
 */
import { halfToFloat } from "../half.ts";

export function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

/** As a signed 32-bit pattern: shift it with `>>>`. */
export function readBits32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

export function readHalf(bytes: Uint8Array, at: number): number {
  return halfToFloat(bytes[at] | (bytes[at + 1] << 8));
}
