/**
 * Where the activations of a batch lie on a GPU: a stack of buffers. Nothing is freed singly; a layer
 * marks the top before it starts and goes back to it when it ends, so the same step of the next layer,
 * and of the next token, finds the same buffer, and the bind groups made for it.
 */
import type { GpuBuffer } from "./gpuTensors.ts";

export type CreateBuffer = (byteLength: number, label: string) => GpuBuffer;

export class BufferStack {
  readonly #create: CreateBuffer;
  readonly #buffers: GpuBuffer[] = [];
  readonly #outgrown: GpuBuffer[] = [];
  #top = 0;

  constructor(create: CreateBuffer) {
    this.#create = create;
  }

  /** Bytes of all buffers, in use or not. */
  get byteLength(): number {
    return this.#buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /**
   * At least `byteLength` bytes, with what they held before. The largest batch comes first (it is
   * measured before any is computed); a place whose buffer is too small for once gets a larger one.
   */
  allocate(byteLength: number): GpuBuffer {
    const place = this.#top++;
    const known = this.#buffers[place];
    if (known !== undefined && known.byteLength >= byteLength) return known;
    const buffer = this.#create(
      Math.max(16, Math.ceil(byteLength / 16) * 16),
      `activations ${place}`,
    );
    // Steps already recorded may still read the small one; it goes when the device does, or at once.
    if (known !== undefined) this.#outgrown.push(known);
    this.#buffers[place] = buffer;
    return buffer;
  }

  /** Frees buffers that were too small; only when nothing recorded reads them any more. */
  dropOutgrown(): void {
    for (const { buffer } of this.#outgrown.splice(0)) buffer.destroy();
  }

  get mark(): number {
    return this.#top;
  }

  /** Gives back everything allocated since `mark` was read. */
  release(mark: number): void {
    this.#top = mark;
  }
}
