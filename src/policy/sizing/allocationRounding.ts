/**
 * What an allocator really takes for a tensor: sizes are rounded up before they are counted.
 *
 * SharpInference once planned 3043 slots from raw bytes where its allocator, which rounds every
 * tensor to a power of two, held 2220; the difference would have been a crash once the cache filled.
 */
import { OptionError } from "../../support/errors.ts";
import { requireCount } from "../requireNumber.ts";

/** Bytes asked for -> bytes taken; never fewer. */
export type AllocationRounding = (bytes: number) => number;

/** Takes what is asked for: tensors lie in one slab, back to back. */
export const noRounding: AllocationRounding = (bytes) => bytes;

/** Rounds up to a multiple: 4096 for pages, 256 for WebGPU buffer offsets. */
export function roundUpToMultiple(unitBytes: number): AllocationRounding {
  requireCount("unitBytes", unitBytes, 1);
  return (bytes) => Math.ceil(bytes / unitBytes) * unitBytes;
}

/**
 * Rounds up to the next power of two, as pooled allocators do.
 * Source: the buffer pool of SharpInference, whose smallest buffer is 64 bytes.
 */
export function roundUpToPowerOfTwo(smallestBytes = 64): AllocationRounding {
  requireCount("smallestBytes", smallestBytes, 1);
  if (!Number.isInteger(Math.log2(smallestBytes))) {
    throw new OptionError(`smallestBytes must be a power of two, not ${smallestBytes}`);
  }
  return (bytes) => {
    let taken = smallestBytes;
    while (taken < bytes) taken *= 2;
    return taken;
  };
}

/** Bytes that one expert takes: its tensors (gate, up, down), each rounded for itself. */
export function expertFootprint(
  tensorBytes: readonly number[],
  rounding: AllocationRounding = noRounding,
): number {
  return tensorBytes.reduce((sum, bytes) => sum + rounding(requireCount("tensorBytes", bytes)), 0);
}
