/** Hot tensors in a GPU's memory: matrices as the file has them, several to a buffer; vectors as f32. */
import type { GpuBackend } from "../compute/gpu/gpuBackend.ts";
import type { GpuPlace } from "../compute/gpu/gpuTensors.ts";
import type { Matrix, Vector } from "../compute/ops.ts";
import type { HotTensors } from "./weightStore.ts";

/** Offsets of matrices: a multiple of a shader's words, and of a cache line. */
const alignment = 256;
/** Matrices of a layer or two: buffers of this size waste little, and few adapters refuse them. */
const bufferBytes = 256 * 2 ** 20;

export class GpuWeights {
  readonly #places = new Map<Matrix | Vector, GpuPlace>();

  /** Where a handle's bytes lie; `undefined` if not on this GPU. */
  find(handle: Matrix | Vector): GpuPlace | undefined {
    return this.#places.get(handle);
  }

  /**
   * Takes memory for tensors and sends them.
   *
   * @throws what reading them throws; GpuFailureError `gpu-out-of-memory`
   */
  async load(backend: GpuBackend, tensors: HotTensors): Promise<void> {
    const limit = Math.min(bufferBytes, backend.bindingBytes);
    for (const pack of packs(tensors.matrices, limit)) {
      const bytes = pack.reduce((sum, { matrix }) => sum + roundUp(matrix.byteLength), 0);
      const buffer = await backend.createBufferChecked(bytes, "weights");
      let byteOffset = 0;
      for (const { matrix, read } of pack) {
        backend.write(buffer, byteOffset, await read());
        this.#places.set(matrix, { buffer, byteOffset });
        byteOffset += roundUp(matrix.byteLength);
      }
    }
    for (const { vector, read } of tensors.vectors) {
      const buffer = await backend.createBufferChecked(vector.length * 4, vector.name);
      backend.write(buffer, 0, await read());
      this.#places.set(vector, { buffer, byteOffset: 0 });
    }
  }
}

/** Neighbours that share a buffer; a matrix larger than the limit has one of its own. */
function packs(
  matrices: HotTensors["matrices"],
  limit: number,
): HotTensors["matrices"][number][][] {
  const packed: HotTensors["matrices"][number][][] = [];
  let bytes = 0;
  for (const entry of matrices) {
    const own = roundUp(entry.matrix.byteLength);
    if (packed.length === 0 || bytes + own > limit) {
      packed.push([entry]);
      bytes = own;
    } else {
      packed.at(-1)!.push(entry);
      bytes += own;
    }
  }
  return packed;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
