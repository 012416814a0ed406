/** Buffers that the CPU can map: results are copied into them to be read. They are kept for the next. */
import { bufferUsage, mapMode } from "./webgpu.ts";

/** More buffers than a few are only needed while as many reads are under way. */
const keptBuffers = 4;
/** The smallest one made, so that small reads of different sizes share it. */
const leastBytes = 4096;

export class ReadbackRing {
  readonly #device: GPUDevice;
  readonly #free: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** A buffer to copy at least so many bytes to, on loan until `collect`. */
  take(byteLength: number): GPUBuffer {
    return this.#takeFree(byteLength) ?? this.#create(byteLength);
  }

  /** The first bytes of a buffer on loan, once everything submitted that writes to it is done: a copy. */
  async collect(buffer: GPUBuffer, byteLength: number): Promise<ArrayBuffer> {
    await buffer.mapAsync(mapMode.READ, 0, byteLength);
    const bytes = buffer.getMappedRange(0, byteLength).slice(0);
    buffer.unmap();
    this.#free.push(buffer);
    // The oldest goes, so that the buffer of one large read is not kept for good.
    if (this.#free.length > keptBuffers) this.#free.shift()?.destroy();
    return bytes;
  }

  #takeFree(byteLength: number): GPUBuffer | undefined {
    const index = this.#free.findIndex(({ size }) => size >= byteLength);
    return index === -1 ? undefined : this.#free.splice(index, 1)[0];
  }

  #create(byteLength: number): GPUBuffer {
    const size = 2 ** Math.ceil(Math.log2(Math.max(leastBytes, byteLength)));
    return this.#device.createBuffer({
      size: Math.min(size, this.#device.limits.maxBufferSize),
      usage: bufferUsage.MAP_READ | bufferUsage.COPY_DST,
      label: "readback",
    });
  }
}
