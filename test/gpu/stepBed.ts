/** Single shaders on a device: buffers in, one dispatch, buffers out. */
import type { GpuDevice } from "../../src/compute/gpu/gpuDevice.ts";
import { GpuProgram, type GpuStep } from "../../src/compute/gpu/gpuProgram.ts";
import type { GpuBuffer } from "../../src/compute/gpu/gpuTensors.ts";
import { ShaderLibrary } from "../../src/compute/gpu/shaderLibrary.ts";
import { bufferUsage } from "../../src/compute/gpu/webgpu.ts";

type Words = Float32Array | Uint32Array | Uint16Array | Uint8Array | Int32Array;

export class StepBed {
  readonly #device: GpuDevice;
  readonly #library: ShaderLibrary;
  readonly #program: GpuProgram;
  #buffers = 0;

  constructor(device: GpuDevice) {
    this.#device = device;
    this.#library = new ShaderLibrary(device.device);
    const usage = bufferUsage.UNIFORM | bufferUsage.COPY_DST;
    this.#program = new GpuProgram(device.device, this.#library, usage);
  }

  /** A buffer with these values, or of so many f32, which are 7 before anything is written. */
  buffer(values: Words | number): GpuBuffer {
    const data = typeof values === "number" ? new Float32Array(values).fill(7) : values;
    const byteLength = Math.max(16, Math.ceil(data.byteLength / 16) * 16);
    const { STORAGE, COPY_DST, COPY_SRC } = bufferUsage;
    const usage = STORAGE | COPY_DST | COPY_SRC;
    const buffer = this.#device.device.createBuffer({ size: byteLength, usage });
    this.#device.write(buffer, 0, data);
    return { id: this.#buffers++, buffer, byteLength };
  }

  /** Runs one step; errors of its shader name the file. */
  async run(
    step: Omit<GpuStep, "bindings">,
    ...bindings: readonly (GpuBuffer | undefined)[]
  ): Promise<void> {
    const { shader: name, variant } = step;
    await this.#library.prepare([{ name, ...(variant && { variant }) }]);
    this.#program.run({ ...step, bindings });
    this.#program.submit();
  }

  async floats(from: GpuBuffer, count: number): Promise<Float32Array> {
    return new Float32Array((await this.bytes(from, count * 4)).buffer, 0, count);
  }

  async words(from: GpuBuffer, count: number): Promise<Uint32Array> {
    return new Uint32Array((await this.bytes(from, count * 4)).buffer, 0, count);
  }

  async bytes(from: GpuBuffer, count: number): Promise<Uint8Array<ArrayBuffer>> {
    return Uint8Array.from(await this.#device.read(from.buffer, 0, count));
  }
}
