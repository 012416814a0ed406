/**
 * What the verbs of a GPU work with: buffers for activations, recorded steps, readbacks. Life: a batch
 * is *measured* (verbs take their buffers and name their shaders, nothing runs), then the backend
 * *settles*: the shaders are compiled, all at once.
 */
import type { Arithmetic } from "../cpu/encodings.ts";
import { BufferStack } from "./bufferStack.ts";
import type { GpuDevice } from "./gpuDevice.ts";
import { GpuProgram, type GpuStep, type QueuedStep } from "./gpuProgram.ts";
import type { GpuBuffer, GpuHidden } from "./gpuTensors.ts";
import { ShaderLibrary, type ShaderVariant } from "./shaderLibrary.ts";
import { bufferUsage } from "./webgpu.ts";

/** The first bytes of a buffer: a multiple of 4. */
export interface Piece {
  readonly from: GpuBuffer;
  readonly byteLength: number;
}

interface WantedShader {
  readonly name: string;
  readonly variant?: ShaderVariant;
}

export interface GpuBackendOptions {
  readonly arithmetic: Arithmetic;
  readonly identity: object;
  readonly breathe: () => Promise<void>;
}

export class GpuBackend implements AsyncDisposable {
  readonly device: GpuDevice;
  readonly arithmetic: Arithmetic;
  /** Stands for the model in events. */
  readonly identity: object;
  /** Lets the event loop run if it has waited long; throws if the batch was cancelled. */
  readonly breathe: () => Promise<void>;
  readonly stack: BufferStack;
  readonly program: GpuProgram;
  readonly #library: ShaderLibrary;
  readonly #wanted: WantedShader[] = [];
  #measuring = true;
  #buffers = 0;

  /** Takes over an open device. */
  constructor(device: GpuDevice, { arithmetic, identity, breathe }: GpuBackendOptions) {
    this.device = device;
    this.arithmetic = arithmetic;
    this.identity = identity;
    this.breathe = breathe;
    this.#library = new ShaderLibrary(device.device);
    const { COPY_DST, UNIFORM } = bufferUsage;
    this.program = new GpuProgram(device.device, this.#library, UNIFORM | COPY_DST);
    this.program.rehearsal = (step) => this.want(step);
    this.stack = new BufferStack((byteLength, label) => this.createBuffer(byteLength, label));
  }

  /** Whether batches are only measured so far. */
  get measuring(): boolean {
    return this.#measuring;
  }

  /**
   * Compiles the shaders that the measured batches asked for.
   *
   * @throws SluiceError `gpu-error` naming the shader, `gpu-out-of-memory`, `gpu-lost`
   */
  async settle(): Promise<void> {
    await this.device.unlessLost(this.#library.prepare(this.#wanted.splice(0)));
    this.device.check();
    this.#measuring = false;
    this.program.rehearsal = undefined;
  }

  /** A storage buffer; if the memory does not suffice the device fails, and the next read says so. */
  createBuffer(byteLength: number, label: string): GpuBuffer {
    const { STORAGE, COPY_DST, COPY_SRC } = bufferUsage;
    const size = Math.ceil(byteLength / 16) * 16;
    const usage = STORAGE | COPY_DST | COPY_SRC;
    const buffer = this.device.device.createBuffer({ size, usage, label });
    return { id: this.#buffers++, buffer, byteLength: size };
  }

  /** The same, known to have got its memory. @throws GpuFailureError `gpu-out-of-memory` */
  async createBufferChecked(byteLength: number, label: string): Promise<GpuBuffer> {
    const { STORAGE, COPY_DST, COPY_SRC } = bufferUsage;
    const usage = STORAGE | COPY_DST | COPY_SRC;
    const buffer = await this.device.createBuffer(byteLength, usage, label);
    return { id: this.#buffers++, buffer, byteLength: buffer.size };
  }

  /** Bytes of activations and parameters. */
  get workingBytes(): number {
    return this.stack.byteLength + this.program.byteLength;
  }

  /** The largest buffer that a shader can see. */
  get bindingBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** Queues a step; of a measured batch only the shader is noted that it ends up with. */
  run(step: GpuStep): QueuedStep {
    return this.program.run(step);
  }

  /** Has a shader compiled that a batch may turn out to need where the measured ones did not. */
  want({ shader: name, variant }: GpuStep): void {
    if (this.#measuring) this.#wanted.push({ name, ...(variant && { variant }) });
  }

  /** Writes behind the steps recorded so far and before those to come. */
  write(target: GpuBuffer, byteOffset: number, bytes: ArrayBufferView): void {
    this.program.submit();
    if (!this.#measuring) this.device.write(target.buffer, byteOffset, bytes);
  }

  /**
   * Submits what was recorded and reads pieces of buffers as they are then: a copy of each. What is
   * submitted after is not waited for.
   *
   * @throws GpuFailureError when the device is gone, or has refused a command
   */
  async read(pieces: readonly Piece[]): Promise<ArrayBuffer[]> {
    const byteLength = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    const target = this.device.takeReadback(byteLength);
    let end = 0;
    for (const { from, byteLength: length } of pieces) {
      this.program.copy(from.buffer, 0, target, end, length);
      end += length;
    }
    this.program.submit();
    const bytes = await this.device.collect(target, byteLength);
    let begin = 0;
    return pieces.map((piece) => {
      const from = begin;
      begin += piece.byteLength;
      return bytes.slice(from, begin);
    });
  }

  /** A batch begins; what it takes is given back by `end`. */
  begin(): number {
    return this.stack.mark;
  }

  /** A batch has ended, well or not. */
  end(mark: number): void {
    if (this.#measuring) this.program.submit();
    this.program.discard();
    this.stack.release(mark);
    this.stack.dropOutgrown();
  }

  /** The values of `x`: a copy. */
  async floatsOf(x: GpuHidden): Promise<Float32Array> {
    const byteLength = x.tokens * x.width * 4;
    const [bytes] = await this.read([{ from: x.buffer, byteLength }]);
    return new Float32Array(bytes!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.device[Symbol.asyncDispose]();
  }
}
